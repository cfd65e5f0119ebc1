"""The wheel runs outside the checkout, with its recipes, samples and SQL models."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked where Python finds it before the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _synth(site: Path, cwd: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "synth_assets.cli", *words]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_it_builds_the_first_dataset(site: Path, tmp_path: Path) -> None:
    where = [sys.executable, "-c", "import synth_assets; print(synth_assets.__file__)"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    imported = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert imported.startswith(str(site)), "the checkout is in the way"

    checked = json.loads(_synth(site, tmp_path, "check", "--json"))
    assert "mitall" in json.dumps(checked)
    assert "ops.costs" in json.dumps(checked)
    assert (site / "synth_assets" / "py.typed").is_file(), "type checkers of users would ignore the types"
    assert list(site.glob("*.dist-info/licenses/LICENSE"))
    _synth(site, tmp_path, "run", "mitall", "--json")
    assert "48" in _synth(site, tmp_path, "sql", "SELECT count(*) FROM mitall.rewritten_dialogs", "--format", "csv")
