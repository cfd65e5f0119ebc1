"""Rows that want the same call while it is under way: it is made once, and its end is the end of all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synth_assets.core.errors import TeacherError
from synth_assets.engine import Engine
from synth_assets.engine.checks.table_check import GateClosed
from synth_assets.settings import load
from synth_assets.teacher.served.server import ServedTeacher, served

from .conftest import RECIPE, Workplace, dialog


@contextmanager
def five_equal_rows(folder: Path, faults: str) -> Iterator[tuple[Workplace, ServedTeacher]]:
    """And one that is another, for a teacher that takes its time."""
    (folder / "recipes").mkdir()
    with served(faults=f"latency=50ms{faults}") as teacher:
        settings = load({"MISTRAL_BASE_URL": teacher.url, "MISTRAL_API_KEY": "k"}, folder)
        with Engine(settings) as engine:
            place = Workplace(folder, settings, engine)
            place.write_dialogs([dialog(1)] * 5 + [dialog(2)])
            recipe = RECIPE.format(instruction="Be brief.")
            place.write("robots", recipe.replace("model: offline", "model: mistral-small-latest"))
            yield place, teacher


def test_they_are_asked_about_once(tmp_path: Path) -> None:
    with five_equal_rows(tmp_path, "") as (place, teacher):
        tally = place.run()["rewritten"].tally
        assert (tally.rows, tally.rejects, tally.calls, tally.hits) == (6, 0, 2, 4)
        assert teacher.counts.calls == 2


def test_what_is_refused_is_refused_for_each(tmp_path: Path) -> None:
    with five_equal_rows(tmp_path, ",400=1") as (place, teacher):
        with pytest.raises(GateClosed):
            place.run()
        assert teacher.counts.calls == 2


def test_an_error_that_ends_the_run_reaches_all_who_wait(tmp_path: Path) -> None:
    with five_equal_rows(tmp_path, ",expire_key_after=0") as (place, _), pytest.raises(TeacherError, match="key"):
        place.run()
