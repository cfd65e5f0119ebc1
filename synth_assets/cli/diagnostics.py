"""What `synth doctor` looks at: each finding says what is so, how well that is, and what to do about it."""

import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from synth_assets.core.errors import SynthError
from synth_assets.settings import DEFAULT_KEY, MISTRAL_URL

if TYPE_CHECKING:
    from synth_assets.settings import Settings

SHOWN_VERSIONS = ("synth-assets", "duckdb", "pyarrow", "pandera", "dagster", "mistralai")
OLDEST, NEWEST = (3, 11), (3, 13)
FEW_BYTES, TOO_FEW_BYTES = 5 << 30, 500 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warn", "fail"]
    told: str
    remedy: str = ""


def examine(settings: "Settings") -> Iterator[Finding]:
    """Yield everything, one after the other; the slow things last."""
    yield _python()
    yield _versions()
    yield _home(settings.home)
    yield _disk(settings.home)
    yield from _recipes(settings)
    yield from _lake(settings)
    yield _key(settings)
    if settings.base_url != MISTRAL_URL or settings.secret(DEFAULT_KEY):
        yield _server(settings)


def _python() -> Finding:
    message = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return Finding("python", "ok", message)
    return Finding("python", "fail", message, "use Python 3.11, 3.12 or 3.13")


def _versions() -> Finding:
    found = {name: _version(name) for name in SHOWN_VERSIONS}
    text = ", ".join(f"{name} {number or 'is missing'}" for name, number in found.items())
    if not all(found.values()):
        return Finding("packages", "fail", text, "pip install synth-assets")
    extension = _version("duckdb-extension-ducklake")
    if extension not in (None, found["duckdb"]):
        remedy = f"pip install duckdb-extension-ducklake=={found['duckdb']}"
        return Finding("packages", "fail", f"{text}; the DuckLake extension is {extension}, of another DuckDB", remedy)
    return Finding("packages", "ok", text)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _home(home: Path) -> Finding:
    existing = next(each for each in (home, *home.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Finding("home", "fail", f"{existing} cannot be written to: {error.strerror}", "set SYNTH_HOME elsewhere")
    return Finding("home", "ok", f"{home}{'' if home.is_dir() else ' (will be made)'}")


def _nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest above it that is there."""
    return next(each for each in (path, *path.parents) if each.is_dir())


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(_nearest(home)).free
    message = f"{free / 2**30:.1f} GiB free"
    if free < FEW_BYTES:
        state: Literal["warn", "fail"] = "fail" if free < TOO_FEW_BYTES else "warn"
        return Finding(
            "disk", state, message, "`synth lake care` removes what nothing needs, or set SYNTH_HOME elsewhere"
        )
    return Finding("disk", "ok", message)


def _recipes(settings: "Settings") -> Iterator[Finding]:
    from synth_assets.recipes import find_recipes

    found = find_recipes(settings)
    if found.broken:
        yield Finding("recipes", "warn", f"broken: {', '.join(found.broken)}", "`synth check` says what is wrong")
    else:
        yield Finding("recipes", "ok", f"{len(found.recipes)}: {', '.join(found.recipes)}")
    for note in found.notes:
        yield Finding("recipes", "warn", note)


def _lake(settings: "Settings") -> Iterator[Finding]:
    """Opens the lake, or, where there is none yet, one in a folder that is thrown away."""
    from synth_assets.lake import open_lake

    try:
        with tempfile.TemporaryDirectory(prefix="synth-doctor-") as folder:
            is_there = (settings.home / "lake").is_dir()
            with open_lake(settings if is_there else replace(settings, home=Path(folder))) as lake:
                yield Finding("extensions", "ok", f"DuckDB {_version('duckdb')} loads DuckLake")
                if is_there:
                    message = (
                        f"{len(lake.tables())} tables, {len(lake.snapshots())} snapshots, newest {lake.snapshot()}"
                    )
                    yield Finding("lake", "ok", message)
                else:
                    yield Finding("lake", "ok", "none yet; `synth run mitall` makes one")
    except SynthError as error:
        yield Finding("lake", "fail", f"{error.where or 'lake'}: {error.message}", error.remedy or "")


def _key(settings: "Settings") -> Finding:
    """Only whether there is one: a key is never shown."""
    if settings.teacher:
        return Finding("key", "ok", f"not needed: SYNTH_TEACHER is {settings.teacher}")
    if settings.secret(DEFAULT_KEY):
        return Finding("key", "ok", f"{DEFAULT_KEY} is set")
    message = f"{DEFAULT_KEY} is not set: shipped recipes run on the offline teacher, others stop"
    return Finding("key", "ok" if settings.base_url != MISTRAL_URL else "warn", message, f"set {DEFAULT_KEY}")


def _server(settings: "Settings") -> Finding:
    from synth_assets.teacher.probe import probe_server

    url = _without_secrets(settings.base_url)
    found = probe_server(settings.base_url, settings.secret(DEFAULT_KEY))
    if found.status is None:
        return Finding(
            "teacher", "fail", f"{url} cannot be reached: {found.fault}", "check MISTRAL_BASE_URL, network, proxy"
        )
    if found.refuses_key:
        return Finding("teacher", "fail", f"{url} refuses the key ({found.status})", f"check {DEFAULT_KEY}")
    return Finding("teacher", "ok", f"{url} answers")


def list_settings(settings: "Settings") -> list[tuple[str, str, str]]:
    """Return each setting: its name, its value, and whether it is the default. Keys are `set` or `not set`."""
    fields = {
        "SYNTH_HOME": str(settings.home),
        "SYNTH_RECIPES": str(settings.recipes or "only the shipped ones"),
        "SYNTH_SQL": str(settings.sql or "only the shipped ones"),
        "SYNTH_EXECUTOR": settings.executor,
        "SYNTH_TEACHER": settings.teacher or "as the recipe says",
        "MISTRAL_BASE_URL": _without_secrets(settings.base_url),
        DEFAULT_KEY: "set" if settings.secret(DEFAULT_KEY) else "not set",
    }
    return [(name, value, "yours" if settings.secret(name) else "default") for name, value in fields.items()]


def _without_secrets(url: str) -> str:
    """Return an address without the name and password that somebody may have put into it."""
    return re.sub(r"//[^/@]*@", "//", url.partition("?")[0])
