"""The docs are true: their layers are those that are enforced, and what they name exists."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "tests/README.md")] + sorted(ROOT.glob("docs/**/*.md"))
OF_USERS = {"recipes", "dbt_like_sql", "data", ".synth", "shared", "lake", "mine", "ops"}
"""First parts of paths in a user's folder, and of asset keys, which read like paths."""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def _paths(text: str) -> Iterator[str]:
    """The words in backticks that read like paths of this project: with a slash, and no place for a name."""
    for word in re.findall(r"`([^`\n]+)`", _without_code(text)):
        if re.fullmatch(r"\.?[\w-]+(/[\w.-]*[a-z][\w.-]*)+/?", word) and word.split("/")[0] not in OF_USERS:
            yield word


def test_the_layers_are_those_that_are_enforced() -> None:
    (shown,) = re.findall(r"```layers\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text("utf-8"), re.DOTALL)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert shown.splitlines() == layers


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_path_in_backticks_exists(path: Path) -> None:
    missing = [word for word in _paths(path.read_text("utf-8")) if not (ROOT / word).exists()]
    assert not missing


@pytest.mark.parametrize("path", DOCS, ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", _without_code(path.read_text("utf-8")))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert not missing


def test_paths_are_found_in_the_first_place() -> None:
    assert list(_paths("see `tests/unit/`, `a b/c`, `.ci/run`, `recipes/x.yaml` and `<schema>/<table>.sql`")) == [
        "tests/unit/",
        ".ci/run",
    ]
