"""Infers the types of a query's columns where they are certain: sqlglot guesses sums, literals and dates otherwise."""

import re

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from synth_assets.sql.parse import table_name
from synth_assets.sql.resolve import Resolved, outputs

# sqlglot's names of types, where DuckDB has another.
_DUCKDB_NAMES = {
    "TEXT": "VARCHAR",
    "INT": "INTEGER",
    "INT128": "HUGEINT",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
}
_TYPE_WORD = re.compile(rf"\b({'|'.join(_DUCKDB_NAMES)})\b")

_DIGITS = re.compile(r"(\d), (\d)")
_COUNTS = (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank)
_SAME_AS_ARGUMENT = (exp.Max, exp.Min, exp.AnyValue, exp.First, exp.Last, exp.Paren, exp.Window, exp.Filter)
_ACCESS = (exp.Dot, exp.Bracket)


def output_types(resolved: Resolved) -> dict[str, str]:
    """Return each output of the SELECT with its DuckDB type, "" where the text alone does not settle it."""
    root = resolved.scopes[-1]
    return {name: _duckdb_spelling(_type_of_output(resolved, root, name)) for name in outputs(resolved.tree) or ()}


def _type_of_output(resolved: Resolved, scope: Scope, name: str) -> exp.DataType | None:
    if isinstance(scope.expression, exp.SetOperation):
        return _type_of_union(resolved, scope, name)
    if isinstance(scope.expression, exp.Subquery):
        inner = scope.sources.get("")
        return _type_of_output(resolved, inner, name) if isinstance(inner, Scope) else None
    column = (outputs(scope.expression) or {}).get(name)
    return _type_of(resolved, scope, column) if column is not None else None


def _type_of_union(resolved: Resolved, scope: Scope, name: str) -> exp.DataType | None:
    """Return the type on which both halves agree; DuckDB casts where they differ."""
    made = list(outputs(scope.expression) or ())
    if name not in made:
        return None
    index, by_name = made.index(name), scope.expression.args.get("by_name")
    types: list[exp.DataType | None] = []
    for half in scope.set_operation_scopes:
        names = list(outputs(half.expression) or ())
        if by_name and name in names:
            types.append(_type_of_output(resolved, half, name))
        elif not by_name and index < len(names):
            types.append(_type_of_output(resolved, half, names[index]))
    return types[0] if types and all(each == types[0] for each in types) else None


def _type_of(resolved: Resolved, scope: Scope, node: exp.Expr) -> exp.DataType | None:
    node = node.unalias()
    if isinstance(node, exp.Cast):
        return node.to
    if isinstance(node, exp.Column):
        return _type_of_column(resolved, scope, node)
    if isinstance(node, _SAME_AS_ARGUMENT) and "count" not in node.args:
        return _type_of(resolved, scope, node.this) if isinstance(node.this, exp.Expr) else None
    if isinstance(node, _ACCESS):
        return _if_known(node.type) if _type_of(resolved, scope, node.this) else None
    if isinstance(node, _COUNTS):
        return exp.DataType.build("BIGINT")
    if isinstance(node, exp.Predicate | exp.Connector | exp.Not):
        return exp.DataType.build("BOOLEAN")
    if isinstance(node, exp.Literal) and node.is_string:
        return exp.DataType.build("TEXT")
    return None


def _type_of_column(resolved: Resolved, scope: Scope, column: exp.Column) -> exp.DataType | None:
    origins = resolved.column_sources(column, scope)
    if len(origins) != 1:
        return None
    source = origins[0].source
    if isinstance(source, Scope):
        return _type_of_output(resolved, source, origins[0].column)
    is_plain = table_name(source) in resolved.tables and not source.args.get("pivots")
    return _if_known(column.type) if is_plain else None


def _if_known(kind: exp.Expr | None) -> exp.DataType | None:
    return kind if isinstance(kind, exp.DataType) and not kind.is_type("UNKNOWN") else None


def _duckdb_spelling(kind: exp.DataType | None) -> str:
    text = kind.sql("duckdb") if kind else ""
    return _DIGITS.sub(r"\1,\2", _TYPE_WORD.sub(lambda word: _DUCKDB_NAMES[word.group()], text))
