"""Names and types: how a contract's tables and columns are spelled in SQL and in Arrow."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from synth_assets.core.contract import ColumnType, Contract
from synth_assets.core.errors import LakeError

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PARTITION = re.compile(r"[A-Za-z0-9_.:+-]{1,128}")
# Names of catalogs: a schema of that name would make `schema.table` ambiguous.
_TAKEN = {"lake", "memory", "system", "temp", "information_schema", "pg_catalog"}

_DUCKDB_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "dialog": 'STRUCT("role" VARCHAR, "content" VARCHAR)[]',
    "texts": "VARCHAR[]",
    "json": "VARCHAR",
}


def duckdb_type(column_type: ColumnType) -> str:
    """The DuckDB type of a contract's column, as DuckDB itself spells it. JSON is its canonical text."""
    return _DUCKDB_TYPES[column_type]


def column_type(duckdb_spelling: str) -> ColumnType | None:
    """The type of a contract's column that DuckDB spells so; None where there is none."""
    return next((kind for kind, spelled in _DUCKDB_TYPES.items() if spelled == duckdb_spelling), None)


def columns_of(contract: Contract, ids: bool, calls: bool) -> dict[str, ColumnType]:
    """Every column of the table of a contract, the lake's own included."""
    columns: dict[str, ColumnType] = {}
    if ids:
        columns |= {"row_id": "text", "parent_ids": "texts"}
    if calls:
        columns["call_keys"] = "texts"
    columns |= {column.name: column.type for column in contract.columns}
    columns["partition_key"] = "text"
    return columns


def arrow_schema(contract: Contract, ids: bool, calls: bool) -> "pa.Schema":
    """The Arrow schema of a contract's table."""
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "dialog": pa.list_(message),
        "texts": pa.list_(pa.string()),
        "json": pa.string(),
    }
    return pa.schema([(name, types[kind]) for name, kind in columns_of(contract, ids, calls).items()])


def table_parts(table: str) -> tuple[str, str]:
    """The schema and the name of `schema.table`, known to be plain identifiers."""
    schema, dot, name = table.partition(".")
    if not dot or not _NAME.fullmatch(schema) or not _NAME.fullmatch(name):
        raise LakeError(
            f"{table!r} is no table name", remedy="a table is `schema.table`, of letters, digits and underscores"
        )
    if schema.lower() in _TAKEN:
        raise LakeError(f"the schema of {table!r} has a name that DuckDB uses itself", remedy="choose another name")
    return schema, name


def quoted_table(table: str) -> str:
    """`schema.table` as SQL spells it."""
    schema, name = table_parts(table)
    return f'"{schema}"."{name}"'


def as_of(at: int | None) -> str:
    """What follows a table's name where it is read as it was at a snapshot."""
    return "" if at is None else f" AT (VERSION => {at:d})"


def quoted_column(name: str) -> str:
    """A column's name as SQL spells it."""
    if not _NAME.fullmatch(name):
        raise LakeError(f"{name!r} is no column name", remedy="use letters, digits and underscores")
    return f'"{name}"'


def checked_partition(key: str) -> str:
    """The partition key, if it is one that the catalog stores unharmed."""
    if not _PARTITION.fullmatch(key):
        raise LakeError(f"{key!r} is no partition key", remedy="use letters, digits and any of _ . : + -")
    return key


def quoted_text(text: str) -> str:
    """A text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


def quoted_texts(texts: Sequence[str]) -> str:
    """A list of texts as SQL spells it: as JSON, which DuckDB reads faster than a list of literals."""
    return f"""from_json({quoted_text(json.dumps(list(texts)))}, '["VARCHAR"]')"""


def without_braces(text: str) -> str:
    """A comment or message that DuckLake cannot take for one of the tokens it fills in."""
    return text.replace("{", "(").replace("}", ")")
