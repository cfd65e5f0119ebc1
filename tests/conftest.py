"""What every test shares: an environment of its own, and the folder of real data where there is one."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A runner in the background may be deaf to Ctrl-C, and all that it starts would be, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
settings.load_profile("untimed")

REAL_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees a key, a home or a server of the person who runs it."""
    for name in ("MISTRAL_API_KEY", "MISTRAL_BASE_URL", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "RECIPES", "SQL", "LAKE", "LAKE_DATA", "EXECUTOR", "TEACHER"):
        monkeypatch.delenv(f"SYNTH_{name}", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real data of the project is not at {REAL_DATA}")
    return REAL_DATA
