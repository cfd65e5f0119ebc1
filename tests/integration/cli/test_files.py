"""`synth export` and `validate`: training files that leave the house, and files that come from anywhere."""

import json
import shutil
from pathlib import Path

from .conftest import RECIPE, Place


def test_an_export_is_copied_with_its_manifest(made: Place, tmp_path: Path) -> None:
    to = tmp_path / "for" / "training"
    (export,) = made.synth("export", "robots", "--to", str(to), "--json").json
    assert export["folder"] == str(to)
    assert export["manifest"]["rows"] == 12
    assert (to / "train.jsonl").read_bytes() == (made.export / "train.jsonl").read_bytes()
    assert "synth trace" in made.synth("export", "robots").out
    assert made.synth("trace", f"{to / 'train.jsonl'}:1", "--json").json["table"] == "robots.finetune"


def test_an_export_is_made_anew_only_if_its_stage_has_changed(made: Place) -> None:
    before = made.export.resolve()
    made.synth("export", "robots")
    assert made.export.resolve() == before
    made.write_recipe(RECIPE.replace("validation: 0.25", "validation: 0"))
    made.synth("export", "robots")
    assert made.export.resolve() != before
    assert not (made.export / "validation.jsonl").exists()


def test_what_is_there_is_not_overwritten_unawares(made: Place, tmp_path: Path) -> None:
    to = tmp_path / "there"
    made.synth("export", "robots", "--to", str(to))
    assert "--force" in made.synth("export", "robots", "--to", str(to), code=1).err
    made.synth("export", "robots", "--to", str(to), "--force")

    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    assert "something else is there" in made.synth("export", "robots", "--to", str(precious), "--force", code=1).err
    assert [path.name for path in precious.iterdir()] == ["thesis.txt"]


def test_an_export_that_was_edited_does_not_leave(made: Place, tmp_path: Path) -> None:
    with (made.export / "train.jsonl").open("a") as file:
        file.write("{}\n")
    said = made.synth("export", "robots", "--to", str(tmp_path / "copy"), code=1)
    assert "train.jsonl was changed" in said.err
    assert not list(tmp_path.glob("*copy*"))


def test_an_export_that_was_removed_is_made_again(made: Place) -> None:
    shutil.rmtree(made.home / "exports")
    assert made.synth("export", "robots", "--json").json[0]["manifest"]["rows"] == 12


def test_a_recipe_without_files_says_so(made: Place) -> None:
    assert "'rewritten' writes no files" in made.synth("export", "robots", "--stage", "rewritten", code=2).err


def test_a_good_file_is_good(made: Place) -> None:
    assert "all can be trained on" in made.synth("validate", str(made.export / "train.jsonl")).out


def test_each_faulty_line_is_named(place: Place) -> None:
    file = place.folder / "mine.jsonl"
    good = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    blank = {"messages": [{"role": "user", "content": " "}, {"role": "assistant", "content": "Hello"}]}
    lines = [json.dumps(good), "{not json", json.dumps(blank), json.dumps(good)]
    file.write_text("\n".join(lines) + "\n")
    said = place.synth("validate", str(file), "--json", code=1).json
    assert [(fault["line"], fault["reason"]) for fault in said["faulty"]] == [
        (2, "not JSON"),
        (3, "blank text"),
        (4, "duplicate"),
    ]
    assert "3 lines of 4 cannot be trained on" in place.synth("validate", str(file), code=1).out
    first = place.synth("validate", str(file), "--faults", "1", "--json", code=1).json
    assert len(first["faulty"]) == 1
    assert sum(first["verdict"]["faults"].values()) == 3


def test_an_empty_file_is_not_good(place: Place) -> None:
    (place.folder / "empty.jsonl").touch()
    assert "holds no line" in place.synth("validate", str(place.folder / "empty.jsonl"), code=1).out
