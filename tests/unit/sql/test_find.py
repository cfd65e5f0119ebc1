"""Where models are found, whose wins, and what a broken file says."""

from pathlib import Path

import pytest

from synth_assets.settings import Settings, load
from synth_assets.sql import FoundModels, check_models, find_models, shipped_folder

SHIPPED = {"ops.acceptance", "ops.costs", "ops.export_contents", "ops.reject_reasons"}


class Folder:
    """A user's folder of models."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / "dbt_like_sql" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def found(self) -> FoundModels:
        return find_models(self.settings())

    def settings(self) -> Settings:
        return load({}, self.root)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def errors(found: FoundModels, table: str) -> list[str]:
    return [str(error).splitlines()[0] for error in found.broken[table]]


def test_the_shipped_models_are_there_for_everyone(folder: Folder) -> None:
    found = folder.found()
    assert {model.table for model in found.models} == SHIPPED
    assert all(model.shipped for model in found.models)
    assert (found.broken, found.notes) == ({}, ())


def test_in_a_checkout_the_shipped_folder_is_not_taken_for_a_users() -> None:
    found = find_models(load({"SYNTH_SQL": str(shipped_folder())}))
    assert all(model.shipped for model in found.models)
    assert found.notes == ()


def test_a_users_model_stands_beside_the_shipped_ones(folder: Folder) -> None:
    folder.write("news/daily.sql", "-- News of a day.\nSELECT day, count(*) AS n FROM news.raw GROUP BY day;\n")
    (model,) = [model for model in folder.found().models if not model.shipped]
    assert (model.table, model.inputs, model.description) == ("news.daily", ("news.raw",), "News of a day.")
    assert (model.materialized, model.partitioned, model.contract) == ("table", False, None)
    assert model.shown == "dbt_like_sql/news/daily.sql"
    assert not model.sql.endswith(";")


def test_a_users_model_takes_the_place_of_a_shipped_one_and_a_note_says_so(folder: Folder) -> None:
    folder.write("ops/costs.sql", "SELECT recipe FROM ops.calls")
    found = folder.found()
    (model,) = [model for model in found.models if model.table == "ops.costs"]
    assert not model.shipped
    assert found.notes == ("dbt_like_sql/ops/costs.sql takes the place of the shipped model ops.costs",)


def test_a_folder_that_was_named_and_is_not_there_is_noted(tmp_path: Path) -> None:
    (note,) = find_models(load({"SYNTH_SQL": "nowhere"}, tmp_path)).notes
    assert note.startswith("SYNTH_SQL names a folder that is not there")


def test_a_broken_model_leaves_the_others(folder: Folder) -> None:
    folder.write("news/bad.sql", "SELECT a\nFROM (b.c")
    folder.write("news/good.sql", "SELECT a FROM b.c")
    found = folder.found()
    assert {model.table for model in found.models} == {*SHIPPED, "news.good"}
    (error,) = errors(found, "news.bad")
    assert error.startswith("dbt_like_sql/news/bad.sql:2: syntax error")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("ops/calls.sql", "ops.calls is a table of the engine"),
        ("my-news/x.sql", "folder and file name a table"),
        ("news/2026.sql", "folder and file name a table"),
    ],
)
def test_a_name_that_can_be_no_table_is_refused(folder: Folder, name: str, fault: str) -> None:
    folder.write(name, "SELECT 1 AS a")
    (table,) = folder.found().broken
    assert fault in errors(folder.found(), table)[0]


def test_a_file_that_is_no_text_is_refused(folder: Folder) -> None:
    folder.write("news/x.sql", "")
    (folder.root / "dbt_like_sql/news/x.sql").write_bytes(b"SELECT '\xff'")
    assert "cannot be read" in errors(folder.found(), "news.x")[0]


CONTRACT = """
description: The shelf.
owners: ["team:shop", ann@example.org]
materialized: view
partitioned: true
min_rows: 3
freshness: {max_age_h: 26, column: seen_at}
columns:
  id: {type: integer, unique: true, in: shop.goods.id}
  word: {type: text, nullable: true, accepted: [a, b], min_length: 1}
  seen_at: {type: timestamp, description: when it was seen}
"""


def test_a_contract_file_says_what_the_table_promises(folder: Folder) -> None:
    folder.write("shop/shelf.sql", "SELECT id, word, seen_at FROM shop.goods")
    folder.write("shop/shelf.yaml", CONTRACT)
    (model,) = [model for model in folder.found().models if not model.shipped]
    contract = model.contract
    assert contract is not None
    assert model.description == contract.description == "The shelf."
    assert (model.owners, model.materialized, model.partitioned) == (("team:shop", "ann@example.org"), "view", True)
    assert model.freshness is not None
    assert (model.freshness.max_age_h, model.freshness.column) == (26, "seen_at")
    assert contract.names() == ("id", "word", "seen_at")
    assert contract.column("id").unique
    assert contract.column("word").accepted == ("a", "b")
    assert contract.column("word").nullable
    assert contract.gate.min_rows == 3
    (link,) = contract.relationships
    assert (link.column, link.to_table, link.to_column) == ("id", "shop.goods", "id")
    goods = {"id": "BIGINT", "word": "VARCHAR", "seen_at": "TIMESTAMP"}
    assert check_models([model], {"shop.goods": goods}) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "columns:\n  id: {typ: text}\n",
            [":2 columns.id.type: this key is needed", ':2 columns.id.typ: unknown key, did you mean "type"?'],
        ),
        ("columns:\n  id:\n    type: string\n", [":3 columns.id.type: expected 'text', 'integer',"]),
        ("materialised: view\n", [':1 materialised: unknown key, did you mean "materialized"?']),
        (
            "\nfreshness:\n  max_age: 3\n",
            [":2 freshness.max_age_h: this key is needed", ":3 freshness.max_age: unknown key, did you mean"],
        ),
        ("owners: [ann]\n", [":1 owners: 'ann' is neither an address nor team:NAME"]),
        ("columns:\n  id: {type: text, in: goods.id}\n", [":2 columns.id.in: String should match pattern"]),
        (
            "columns:\n  id: {type: text, minimum: 1}\n",
            [":2 columns.id: it is of type text, which takes no minimum"],
        ),
        ("columns: [\n", [":2: not YAML: "]),
        ("- a\n", [":1: not YAML: a contract is a list of keys and values"]),
        ("min_rows: 1\nmin_rows: 2\n", [":2 min_rows: the key stands here and in line 1"]),
        ("partitioned: yes\n", [':1 partitioned: expected true or false, found "yes"']),
    ],
)
def test_a_fault_in_a_contract_file_has_its_line(folder: Folder, text: str, faults: list[str]) -> None:
    folder.write("shop/shelf.sql", "SELECT id FROM shop.goods")
    folder.write("shop/shelf.yaml", text)
    found = errors(folder.found(), "shop.shelf")
    assert len(found) == len(faults)
    for error, fault in zip(sorted(found), sorted(faults), strict=True):
        assert error.startswith(f"dbt_like_sql/shop/shelf.yaml{fault}")


def test_an_empty_contract_file_promises_nothing(folder: Folder) -> None:
    folder.write("shop/shelf.sql", "SELECT id FROM shop.goods")
    folder.write("shop/shelf.yaml", "# later\n")
    (model,) = [model for model in folder.found().models if not model.shipped]
    assert model.contract is None


def test_a_view_that_would_lose_its_braces_becomes_a_table(folder: Folder) -> None:
    """DuckLake replaces such words in the text of a view."""
    folder.write("shop/shelf.sql", "SELECT '{DATA_PATH}' AS a")
    folder.write("shop/shelf.yaml", "materialized: view\n")
    found = folder.found()
    (model,) = [model for model in found.models if not model.shipped]
    assert model.materialized == "table"
    assert "becomes a table" in found.notes[0]
