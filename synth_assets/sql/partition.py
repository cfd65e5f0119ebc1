"""Narrows a model's SELECT to one partition of the tables it reads, leaving the rest of the text as it is."""

from collections.abc import Iterator
from typing import TypeAlias

from sqlglot import exp

from synth_assets.core.contract import WHOLE
from synth_assets.sql.model import Model
from synth_assets.sql.names import respellings, twins
from synth_assets.sql.parse import parse_select

_Edit: TypeAlias = tuple[int, int, str]


def of_partition(model: Model, partition_key: str) -> str:
    """The SELECT, reading of each table that partition, and the whole of tables that have none."""
    tree = parse_select(model.sql)
    key = partition_key.replace("'", "''")
    condition = f"partition_key IN ('{key}', '{WHOLE}')"
    sql = model.sql
    edits = [*_narrowed(sql, tree, condition), *_respelled(tree)]
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _narrowed(sql: str, tree: exp.Query, condition: str) -> Iterator[_Edit]:
    named = {id(table): alias for table, alias in twins(tree)}
    for table in tree.find_all(exp.Table):
        if table.db and isinstance(table.this, exp.Identifier):
            start, end = _span(table.parts)
            own_name = sql[slice(*_span(table.parts[-1:]))]
            alias = "" if table.alias else f" AS {named.get(id(table), own_name)}"
            yield start, end, f"(SELECT * FROM {sql[start:end]} WHERE {condition}){alias}"


def _respelled(tree: exp.Query) -> Iterator[_Edit]:
    """A subquery has no schema, so the columns cannot be spelled with that of its table."""
    for each in respellings(tree):
        start, after = _span(each.column.parts[:1])[0], _span(each.column.parts[each.drop :])[0]
        yield start, after, f"{each.alias}." if each.alias else ""


def _span(parts: list[exp.Expr]) -> tuple[int, int]:
    return int(parts[0].meta["start"]), int(parts[-1].meta["end"]) + 1
