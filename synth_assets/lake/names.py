"""Spells the tables, columns and types of contracts in SQL and in Arrow."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_assets.core.column_types import TYPES, ColumnType
from synth_assets.core.contract import SYSTEM_COLUMNS, Contract
from synth_assets.core.errors import LakeError

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PARTITION = re.compile(r"[A-Za-z0-9_.:+-]{1,128}")
# Names of catalogs: a schema of that name would make `schema.table` ambiguous.
_RESERVED = {"lake", "memory", "system", "temp", "information_schema", "pg_catalog"}


def columns_of(contract: Contract, ids: bool, calls: bool) -> dict[str, ColumnType]:
    """Return every column of the table of a contract with its type, the lake's own included."""
    own = {column.name: column.type for column in contract.columns}
    added = [*(("row_id", "parent_ids") if ids else ()), *(("call_keys",) if calls else ())]
    return {name: SYSTEM_COLUMNS[name] for name in added} | own | {"partition_key": SYSTEM_COLUMNS["partition_key"]}


def duckdb_type(column_type: ColumnType) -> str:
    """Return the DuckDB type of a contract's column, as DuckDB itself spells it."""
    return TYPES[column_type].duckdb


def arrow_schema(contract: Contract, ids: bool, calls: bool) -> "pa.Schema":
    """Return the Arrow schema of a contract's table."""
    import pyarrow as pa

    return pa.schema([(name, TYPES[kind].arrow()) for name, kind in columns_of(contract, ids, calls).items()])


def table_parts(table: str) -> tuple[str, str]:
    """Return the schema and the name of `schema.table`, checked to be plain identifiers."""
    schema, dot, name = table.partition(".")
    if not dot or not _NAME.fullmatch(schema) or not _NAME.fullmatch(name):
        raise LakeError(
            f"{table!r} is no table name", remedy="a table is `schema.table`, of letters, digits and underscores"
        )
    if schema.lower() in _RESERVED:
        raise LakeError(f"the schema of {table!r} has a name that DuckDB uses itself", remedy="choose another name")
    return schema, name


def quoted_table(table: str) -> str:
    """Quote `schema.table` for SQL."""
    schema, name = table_parts(table)
    return f'"{schema}"."{name}"'


def as_of(at: int | None) -> str:
    """Return what follows a table's name where it is read as it was at a snapshot."""
    return "" if at is None else f" AT (VERSION => {at:d})"


def quoted_column(name: str) -> str:
    """Quote a column's name for SQL."""
    if not _NAME.fullmatch(name):
        raise LakeError(f"{name!r} is no column name", remedy="use letters, digits and underscores")
    return f'"{name}"'


def checked_partition(key: str) -> str:
    """Return the partition key; LakeError where the catalog would not store it unharmed."""
    if not _PARTITION.fullmatch(key):
        raise LakeError(f"{key!r} is no partition key", remedy="use letters, digits and any of _ . : + -")
    return key


def quoted_text(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def quoted_texts(texts: Sequence[str]) -> str:
    """Quote a list of texts for SQL: as JSON, which DuckDB reads faster than a list of literals."""
    return f"""from_json({quoted_text(json.dumps(list(texts)))}, '["VARCHAR"]')"""


def without_braces(text: str) -> str:
    """Return a comment or message that DuckLake cannot take for one of the tokens it fills in."""
    return text.replace("{", "(").replace("}", ")")
