"""Describes an export in a manifest: what its files hold, where that came from and what it cost."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from synth_assets.core.errors import SynthError

NAME = "manifest.json"
_CHUNK_BYTES = 1 << 20
_STRICT = ConfigDict(frozen=True, extra="forbid")


class FileEntry(BaseModel):
    """A file of an export, as it was when it was made."""

    model_config = _STRICT

    name: str = Field(pattern=r"^[^/\\]+$", description="a name in the folder, never a path")
    bytes: int = Field(ge=0)
    lines: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Price(BaseModel):
    """The price of a model when it was asked."""

    model_config = _STRICT

    model: str
    input_usd_per_million: float | None = Field(None, ge=0)
    output_usd_per_million: float | None = Field(None, ge=0)
    as_of: str | None = None


class Manifest(BaseModel):
    """Describes an export so that it is understood without the lake it came from."""

    model_config = _STRICT

    version: Literal[1] = 1
    recipe: str
    stage: str
    fingerprint: str = Field(description="of the recipe's stage: what shaped the data")
    snapshot: int | None = Field(None, description="the state of the lake that was exported")
    run_id: str
    created_at: AwareDatetime
    teacher: str = Field("", description="who answered: the endpoint")
    model: str = ""
    format: str = "mistral"
    input_rows: int = Field(ge=0)
    rows: int = Field(ge=0)
    splits: Mapping[str, int] = Field({}, description="lines by split")
    rejects: Mapping[str, int] = Field({}, description="rows that stayed out, by reason")
    characters: int = Field(0, ge=0)
    tokens: int = Field(0, ge=0)
    tokenizer: str = ""
    cost_usd: float | None = Field(None, ge=0, description="null where a price is not known")
    prices: tuple[Price, ...] = ()
    settings: Mapping[str, JsonValue] = Field({}, description="the keys of the export's stage")
    files: tuple[FileEntry, ...] = ()

    def write(self, folder: Path) -> Path:
        """Write the manifest into the folder atomically."""
        path = folder / NAME
        draft = folder / f".{NAME}.{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return path


def read(folder: Path) -> Manifest:
    """Read the manifest of an export; SynthError if there is none that can be read."""
    path = folder / NAME
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        remedy = "name the folder of an export"
        raise SynthError(f"no manifest: {error.strerror}", where=str(path), remedy=remedy) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SynthError(f"not a manifest: {key}: {first['msg']}", where=str(path)) from error


def describe(folder: Path) -> tuple[FileEntry, ...]:
    """Describe the training files in a folder, sorted by name."""
    return tuple(_entry(path) for path in sorted(folder.glob("*.jsonl")))


def verify(folder: Path) -> list[str]:
    """Return what is no longer as the manifest says; an empty list if the export is as it was made."""
    return list(_changes(folder, read(folder)))


def _changes(folder: Path, manifest: Manifest) -> Iterator[str]:
    existing = {entry.name: entry for entry in describe(folder)}
    for entry in manifest.files:
        now = existing.pop(entry.name, None)
        if now is None:
            yield f"{entry.name} is missing"
        elif now.sha256 != entry.sha256:
            yield f"{entry.name} was changed: {_difference(entry, now)}"
    yield from (f"{name} is not in the manifest" for name in existing)


def _difference(made: FileEntry, now: FileEntry) -> str:
    if made.lines != now.lines:
        return f"{now.lines} lines, made with {made.lines}"
    if made.bytes != now.bytes:
        return f"{now.bytes} bytes, made with {made.bytes}"
    return "as long as it was made, with other bytes"


def _entry(path: Path) -> FileEntry:
    digest, size, lines = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
    return FileEntry(name=path.name, bytes=size, lines=lines, sha256=digest.hexdigest())
