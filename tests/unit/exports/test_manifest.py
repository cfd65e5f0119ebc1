"""The manifest: written at once, read back as it was, and able to tell that a file was changed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from synth_assets.core.errors import SynthError
from synth_assets.exports.manifest import FileEntry, Manifest, Price, describe, read, verify


def manifest(folder: Path) -> Manifest:
    return Manifest(
        recipe="mitall",
        stage="finetune",
        fingerprint="f" * 32,
        snapshot=7,
        run_id="r1",
        created_at=datetime(2026, 11, 20, 2, tzinfo=UTC),
        model="offline",
        input_rows=4,
        rows=3,
        splits={"train": 2, "validation": 1},
        rejects={"duplicate": 1},
        cost_usd=None,
        prices=(Price(model="offline"),),
        files=describe(folder),
    )


@pytest.fixture
def export(tmp_path: Path) -> Path:
    (tmp_path / "train.jsonl").write_bytes(b"{}\n{}\n")
    (tmp_path / "validation.jsonl").write_bytes(b"{}\n")
    manifest(tmp_path).write(tmp_path)
    return tmp_path


def test_it_is_read_back_as_it_was_written(export: Path) -> None:
    assert read(export) == manifest(export)
    assert [path.name for path in export.iterdir() if path.name.startswith(".")] == []


def test_the_files_are_described_by_their_bytes(export: Path) -> None:
    train, validation = describe(export)
    assert (train.name, train.bytes, train.lines) == ("train.jsonl", 6, 2)
    assert validation.sha256 == "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"


def test_an_export_as_it_was_made_has_no_faults(export: Path) -> None:
    assert verify(export) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda folder: (folder / "train.jsonl").unlink(), "train.jsonl is missing"),
        (lambda folder: (folder / "train.jsonl").write_bytes(b"{}\n"), "1 lines, made with 2"),
        (lambda folder: (folder / "train.jsonl").write_bytes(b"{} \n{}\n"), "7 bytes, made with 6"),
        (lambda folder: (folder / "train.jsonl").write_bytes(b"[]\n{}\n"), "with other bytes"),
        (lambda folder: (folder / "more.jsonl").write_bytes(b"{}\n"), "more.jsonl is not in the manifest"),
    ],
)
def test_a_change_is_named(export: Path, change: object, fault: str) -> None:
    assert callable(change)
    change(export)
    (found,) = verify(export)
    assert fault in found


def test_a_folder_without_a_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(SynthError, match="no manifest"):
        read(tmp_path)


def test_a_manifest_with_a_wrong_key_names_it(export: Path) -> None:
    path = export / "manifest.json"
    path.write_text(path.read_text().replace('"recipe"', '"recepi"'))
    with pytest.raises(SynthError, match="not a manifest: recipe: Field required"):
        read(export)


def test_a_file_entry_is_a_name_not_a_path() -> None:
    with pytest.raises(ValueError, match="should match pattern"):
        FileEntry(name="../train.jsonl", bytes=0, lines=0, sha256="0" * 64)
