"""Shows tables in Dagster: the columns of a contract, a type that validates them, rows as records."""

import json
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from synth_assets.core.contract import SYSTEM_COLUMNS, Column, Contract, Values
from synth_assets.engine.checks.rules import pandera_schema, rules_of

if TYPE_CHECKING:
    import pandas as pd

SYSTEM_NOTES = {
    "row_id": "content hash that names the row: the same inputs give the same id",
    "parent_ids": "the rows it was made of",
    "call_keys": "the calls in ops.calls that made it",
    "partition_key": "the partition it belongs to",
}
TEXT_SHOWN, TEXT_SHOWN_IN_WIDE = 240, 100
FEW_COLUMNS = 5
DIGITS = 6
NEW_LINE = "↵"


def column_schema(contract: Contract, *, calls: bool = False, stored: bool = True) -> dg.TableSchema:
    """Return the columns of a table, the lake's own at the end; a view has none of those."""
    system = system_columns(calls=calls) if stored else []
    return dg.TableSchema([*map(table_column, contract.columns), *system])


def system_columns(*, calls: bool = False) -> list[dg.TableColumn]:
    """Return the columns that the lake adds."""
    own = [name for name in SYSTEM_NOTES if calls or name != "call_keys"]
    return [dg.TableColumn(name, SYSTEM_COLUMNS[name], SYSTEM_NOTES[name]) for name in own]


def table_column(column: Column) -> dg.TableColumn:
    """Return one column with what it must hold."""
    other = [words for rule in rules_of(column) if (words := rule.description(column))]
    constraints = dg.TableColumnConstraints(nullable=column.nullable, unique=column.unique, other=other)
    return dg.TableColumn(column.name, column.type, column.description, constraints)


def dagster_type(table: str, contract: Contract) -> dg.DagsterType:
    """Return the type of an asset: a frame that the Pandera schema of its contract accepts."""
    from dagster_pandera import pandera_schema_to_dagster_type

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return pandera_schema_to_dagster_type(pandera_schema(contract, table))


def frame_of(rows: Sequence[Values], contract: Contract) -> "pd.DataFrame":
    """Return rows as a frame that holds their values as they are, with all columns even if there is no row."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=None if rows else list(contract.names()), dtype=object)


def table_of(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Return rows as a table of the UI; long texts are cut, what is nested is JSON.

    The UI makes the columns of a wide table narrow, and a long text in one of them a tower.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = TEXT_SHOWN if len(names) <= FEW_COLUMNS else TEXT_SHOWN_IN_WIDE
    records = [dg.TableRecord({name: _cell(row.get(name), shown) for name in names}) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name, "string") for name in names]))


def _cell(value: object, shown: int) -> str | int | float | bool | None:
    if isinstance(value, float):
        return round(value, DIGITS) if abs(value) > 1 else float(f"{value:.{DIGITS}g}")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return short(value, shown)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return short(_dialog_text(value) or json.dumps(value, ensure_ascii=False, default=str), shown)


def _dialog_text(value: object) -> str:
    """Return a dialog as it is spoken; empty for all else."""
    turns = value if isinstance(value, list) else []
    if not all(isinstance(turn, Mapping) and turn.keys() == {"role", "content"} for turn in turns):
        return ""
    return f" {NEW_LINE} ".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def short(text: str, length: int = TEXT_SHOWN) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
