"""Narrows a model's SELECT to one partition of the tables it reads; the rest of the text stays as it is."""

from collections.abc import Iterator
from typing import TypeAlias

from sqlglot import exp

from synth_assets.core.contract import WHOLE
from synth_assets.sql.model import Model
from synth_assets.sql.parse import parse_select
from synth_assets.sql.respelling import column_respellings, same_named_tables

_Edit: TypeAlias = tuple[int, int, str]


def narrow_to_partition(model: Model, partition_key: str) -> str:
    """Return the SELECT, which reads that partition of each table, and all of a table without partitions."""
    tree = parse_select(model.sql)
    key = partition_key.replace("'", "''")
    condition = f"partition_key IN ('{key}', '{WHOLE}')"
    sql = model.sql
    edits = [*_table_edits(sql, tree, condition), *_column_edits(tree)]
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _table_edits(sql: str, tree: exp.Query, condition: str) -> Iterator[_Edit]:
    aliases = {id(table): alias for table, alias in same_named_tables(tree)}
    for table in tree.find_all(exp.Table):
        if table.db and isinstance(table.this, exp.Identifier):
            start, end = _span(table.parts)
            own_name = sql[slice(*_span(table.parts[-1:]))]
            alias = "" if table.alias else f" AS {aliases.get(id(table), own_name)}"
            yield start, end, f"(SELECT * FROM {sql[start:end]} WHERE {condition}){alias}"


def _column_edits(tree: exp.Query) -> Iterator[_Edit]:
    """Yield the edits of columns spelled with a schema: the subquery that replaces their table has none."""
    for each in column_respellings(tree):
        start, after = _span(each.column.parts[:1])[0], _span(each.column.parts[each.drop :])[0]
        yield start, after, f"{each.alias}." if each.alias else ""


def _span(parts: list[exp.Expr]) -> tuple[int, int]:
    return int(parts[0].meta["start"]), int(parts[-1].meta["end"]) + 1
