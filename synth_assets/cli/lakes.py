"""Opens the lake for commands that only read: they make no lake where there is none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from synth_assets.core.errors import LakeError
from synth_assets.core.suggestions import nearest_name

if TYPE_CHECKING:
    from synth_assets.lake import Lake
    from synth_assets.settings import Settings


@contextmanager
def lake_to_read(settings: "Settings") -> "Iterator[Lake]":
    """Provide the lake of the settings; raise LakeError where nothing was made yet."""
    from synth_assets.lake import open_lake

    if not (settings.home / "lake").is_dir():
        raise LakeError(
            "there is no lake yet",
            where=str(settings.home),
            remedy="make one with `synth run mitall`, or set SYNTH_HOME to where it is",
        )
    with open_lake(settings) as lake:
        yield lake


def known_table(lake: "Lake", name: str, at: int | None = None) -> str:
    """Return the table of that name; LakeError suggests what was probably meant."""
    tables = lake.tables(at)
    if name in tables:
        return name
    nearest = nearest_name(name, tables)
    remedy = f"did you mean {nearest}?" if nearest else f"there are: {', '.join(tables) or 'none yet'}"
    raise LakeError("there is no such table", where=name if at is None else f"{name} at {at}", remedy=remedy)
