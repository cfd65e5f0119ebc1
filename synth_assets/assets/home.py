"""Dagster's home on this machine: its settings and its storage, made once, whoever comes first."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import dagster as dg

from synth_assets.core.errors import SynthError
from synth_assets.core.file_lock import hold_lock
from synth_assets.settings import Settings

_READY = ".ready"


def prepare_home(settings: Settings) -> Path:
    """Return the folder for DAGSTER_HOME. Its SQLite files are made by one process alone: two at once would clash."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    with hold_lock(home / ".lock"):
        config = home / "dagster.yaml"
        if not config.exists():
            config.write_text(files(__package__).joinpath("dagster.yaml").read_text("utf-8"), "utf-8")
        ready, current = home / _READY, version("dagster")
        if not ready.exists() or ready.read_text("utf-8") != current:
            _make_storage(home, upgrades=ready.exists())
            ready.write_text(current, "utf-8")
    return home


def _make_storage(home: Path, *, upgrades: bool) -> None:
    """Makes the tables, or brings those of an older Dagster up to date."""
    with _opened(home) as instance:
        if upgrades:
            instance.upgrade()
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        instance.all_asset_keys()


def _opened(home: Path) -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.from_config(str(home))
    except dg.DagsterInvalidConfigError as error:
        where = str(home / "dagster.yaml")
        raise SynthError(
            f"Dagster refuses it: {error}", where=where, remedy="mend it, or remove it to get a new one"
        ) from error
