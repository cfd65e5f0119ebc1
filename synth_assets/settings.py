"""Reads the settings of this machine; nothing else reads environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MISTRAL_URL = "https://api.mistral.ai"
DEFAULT_KEY = "MISTRAL_API_KEY"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a teacher is waited for where no server says it; tests pass in shorter times."""

    backoff_s: float = 0.5
    """The longest wait before a first retry; it doubles with each."""
    patience_s: float = 10.0
    """How long a teacher may be silent before it is given up."""
    batch_gather_s: float = 1.0
    """How long calls gather before they go out as one batch job."""
    batch_poll_s: float = 1.0
    """How long after its start a batch job is first looked at."""


DEFAULT_TIMING = Timing()


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and which teacher answers; `secrets` are read on demand and never shown."""

    home: Path
    recipes: Path | None
    sql: Path | None
    executor: str
    teacher: str | None
    base_url: str
    secrets: Mapping[str, str] = field(repr=False, compare=False)
    timing: Timing = DEFAULT_TIMING

    def secret(self, name: str | None) -> str | None:
        """Return the value of a variable that holds a key; None where it is unset or empty."""
        return self.secrets.get(name or DEFAULT_KEY) or None

    @property
    def exports(self) -> Path:
        """The folder of training files."""
        return self.home / "exports"

    @property
    def journal(self) -> Path:
        """The folder of replies that are not yet in the ledger."""
        return self.home / "journal"

    @property
    def budgets(self) -> Path:
        """The folder of locks: a run's budget is spent by one of its stages at a time."""
        return self.home / "budgets"


def load(
    environ: Mapping[str, str] | None = None, cwd: Path | None = None, timing: Timing = DEFAULT_TIMING
) -> Settings:
    """Read the settings of a process, each with its default."""
    env = os.environ if environ is None else environ
    here = Path.cwd() if cwd is None else cwd
    return Settings(
        home=(here / env.get("SYNTH_HOME", ".synth")).resolve(),
        recipes=_folder(here, env.get("SYNTH_RECIPES"), "recipes"),
        sql=_folder(here, env.get("SYNTH_SQL"), "dbt_like_sql"),
        executor=env.get("SYNTH_EXECUTOR", "in_process"),
        teacher=env.get("SYNTH_TEACHER") or None,
        base_url=env.get("MISTRAL_BASE_URL") or MISTRAL_URL,
        secrets=dict(env),
        timing=timing,
    )


def _folder(here: Path, setting: str | None, default: str) -> Path | None:
    """Return the folder that is set, also where it is missing (its reader says so), else the default if it exists."""
    if setting:
        return (here / setting).resolve()
    return (here / default).resolve() if (here / default).is_dir() else None
