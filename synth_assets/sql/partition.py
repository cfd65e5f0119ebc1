"""Narrows a model's SELECT to one partition of the tables it reads, leaving the rest of the text as it is."""

from collections.abc import Iterator
from typing import TypeAlias

from sqlglot import exp

from synth_assets.core.contract import WHOLE
from synth_assets.sql.model import Model
from synth_assets.sql.parse import parse_select

_Edit: TypeAlias = tuple[int, int, str]


def of_partition(model: Model, partition_key: str) -> str:
    """The SELECT, reading of each table that partition, and the whole of tables that have none."""
    tree = parse_select(model.sql)
    key = partition_key.replace("'", "''")
    condition = f"partition_key IN ('{key}', '{WHOLE}')"
    sql = model.sql
    edits = [*_narrowed(sql, tree, condition), *_shortened(tree)]
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _narrowed(sql: str, tree: exp.Query, condition: str) -> Iterator[_Edit]:
    for table in tree.find_all(exp.Table):
        if table.db and isinstance(table.this, exp.Identifier):
            start, end = _span(table.parts)
            alias = "" if table.alias else f" AS {sql[slice(*_span(table.parts[-1:]))]}"
            yield start, end, f"(SELECT * FROM {sql[start:end]} WHERE {condition}){alias}"


def _shortened(tree: exp.Query) -> Iterator[_Edit]:
    """`schema.table.column` becomes `table.column`: a subquery has no schema."""
    tables = {(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table) if table.db}
    for column in tree.find_all(exp.Column):
        names = [part.name.lower() for part in column.parts]
        for place in range(len(names) - 2):
            if (names[place], names[place + 1]) in tables:
                yield _span(column.parts[:1])[0], _span(column.parts[place + 1 :])[0], ""
                break


def _span(parts: list[exp.Expr]) -> tuple[int, int]:
    return int(parts[0].meta["start"]), int(parts[-1].meta["end"]) + 1
