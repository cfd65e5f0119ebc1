"""Resolves the names in a SELECT: which source each column is of, through CTEs, joins and subqueries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from synth_assets.core.suggestions import did_you_mean
from synth_assets.sql.names import normalize_names
from synth_assets.sql.parse import DIALECT, STUMBLES, BadSql, parse_select, table_name

# None: the table is there, but its columns are not known, so nothing is said about them.
Tables: TypeAlias = Mapping[str, Mapping[str, str] | None]
Source: TypeAlias = exp.Table | Scope

_UNKNOWN = exp.DataType.build("UNKNOWN")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column comes from: a source in the FROM of a scope. `known` is False where its columns are not."""

    scope: Scope
    source: Source
    column: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class StarEdit:
    """A name in `* EXCLUDE (…)`, REPLACE or RENAME; it must be one of those that the star stands for."""

    select: exp.Select
    name: exp.Identifier


@dataclass(frozen=True, slots=True)
class Resolved:
    """A SELECT whose tables and columns are spelled out and typed; inner scopes come first."""

    tree: exp.Query
    scopes: tuple[Scope, ...]
    tables: Tables
    star_edits: tuple[StarEdit, ...]

    def columns(self, source: Source) -> tuple[str, ...] | None:
        """The names of a source's columns, None where they cannot be known."""
        if isinstance(source, Scope):
            return _scope_columns(source)
        if source.args.get("pivots") or not source.db:
            return tuple(source.alias_column_names) or None
        known = self.tables.get(table_name(source))
        if known is None:
            return None
        renamed = [name.lower() for name in source.alias_column_names]
        return (*renamed, *[name.lower() for name in known][len(renamed) :])

    def whole(self, scope: Scope) -> Scope:
        """The scope itself; for a recursive CTE, of which sqlglot hands out the first half, all of it."""
        if any(scope is other for other in self.scopes):
            return scope
        union = scope.expression.parent
        return next((other for other in self.scopes if other.expression is union), scope)

    def places(self, column: exp.Column, scope: Scope) -> list[Place]:
        """The sources a column can be of, in the innermost scope that has any."""
        name = column.name.lower()
        for at, sources in visible(scope):
            found = [
                Place(at, source, name, known is not None)
                for alias, source in sources.items()
                if not column.table or alias.lower() == column.table.lower()
                for known in [self.columns(source)]
                if known is None or name in known
            ]
            if found:
                return _likeliest(found, at)
        return []


def resolve(sql: str, tables: Tables) -> Resolved:
    """The SELECT with every name resolved as far as it can be; BadSql where sqlglot gives up."""
    tree = parse_select(sql)
    normalize_names(tree)
    edits = tuple(_star_edits(tree))
    names = {identifier.name.lower(): identifier for identifier in reversed([*tree.find_all(exp.Identifier)])}
    schema = MappingSchema(_nested(tree, tables), dialect=DIALECT)
    try:
        tree = qualify(
            tree,
            dialect=DIALECT,
            schema=schema,
            quote_identifiers=False,
            validate_qualify_columns=False,
            allow_partial_qualification=True,
        )
        tree = annotate_types(tree, schema=schema, dialect=DIALECT)
        return Resolved(tree, tuple(traverse_scope(tree)), tables, edits)
    except SqlglotError as error:
        raise _gave_up(error, names, tables) from error
    except STUMBLES as error:
        raise BadSql("a part of this SELECT is malformed", line_of(tree)) from error


def visible(scope: Scope) -> Iterator[tuple[Scope, dict[str, Source]]]:
    """What can be seen from a scope, level by level: DuckDB lets a subquery in FROM read its neighbours,
    but neither itself nor, from a CTE, anything around it."""
    at: Scope | None = scope
    below: Scope | None = None
    while at is not None:
        yield at, {alias: source for alias, source in selected(at).items() if source is not below}
        at, below = (None if at.is_cte else at.parent), at


def selected(scope: Scope) -> dict[str, Source]:
    """The sources that a scope reads itself, by the name they have in it."""
    if isinstance(scope.expression, exp.UDTF):
        return dict(scope.sources)
    found = {name: source for name, (_, source) in scope.selected_sources.items()}
    for join in scope.expression.args.get("joins") or ():
        # sqlglot leaves out what a SEMI or ANTI JOIN only filters by, though its ON reads it.
        if join.alias_or_name in scope.sources:
            found.setdefault(join.alias_or_name, scope.sources[join.alias_or_name])
    for source in list(found.values()):
        for pivot in (source.args.get("pivots") or ()) if isinstance(source, exp.Table) else ():
            found[pivot.alias] = source
    return found


def outputs(query: exp.Expr) -> dict[str, exp.Expr] | None:
    """The columns a query gives, in their order; None where a star in it stands for unknown columns."""
    if isinstance(query, exp.Subquery):
        return outputs(query.this)
    if isinstance(query, exp.SetOperation):
        left = outputs(query.left)
        right = outputs(query.right) if query.args.get("by_name") else {}
        return None if left is None or right is None else left | right | left
    if not isinstance(query, exp.Select) or any(_is_open(column) for column in query.selects):
        return None
    return {column.alias_or_name.lower(): column for column in query.selects}


def line_of(node: exp.Expr | None, default: int = 1) -> int:
    """The line in which a part of the text stands; that of its nearest neighbour where it is unknown."""
    while node is not None:
        lines = [part.meta["line"] for part in node.find_all(exp.Identifier) if "line" in part.meta]
        if lines:
            return int(min(lines))
        node = node.parent
    return default


def _likeliest(found: list[Place], scope: Scope) -> list[Place]:
    """Of several: those known to have the column, and not what only filters (SEMI and ANTI JOIN)."""
    found = [place for place in found if place.known] or found
    if len(found) < 2:
        return found
    filters = {join.alias_or_name for join in scope.expression.args.get("joins") or () if join.kind in ("SEMI", "ANTI")}
    sources = selected(scope)
    seen = [place for place in found if not any(sources.get(name) is place.source for name in filters)]
    return seen or found


def _scope_columns(scope: Scope) -> tuple[str, ...] | None:
    expression = scope.expression
    if isinstance(expression, exp.Query):
        known = outputs(expression)
        return tuple(known) if known is not None else None
    alias = expression.args.get("alias")
    named = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    if named:
        return tuple(named)
    inner = scope.sources.get("")
    return _scope_columns(inner) if isinstance(inner, Scope) else None


def _is_open(column: exp.Expr) -> bool:
    return column.is_star or isinstance(column.unalias(), exp.Columns)


def _nested(tree: exp.Query, tables: Tables) -> dict[str, object]:
    """What sqlglot wants to know of the tables that a query reads: schema, table, column, type."""
    nested: dict[str, dict[str, dict[str, exp.DataType]]] = {}
    for name in {table_name(table) for table in tree.find_all(exp.Table)}:
        columns = tables.get(name)
        if columns and name.count(".") == 1:
            schema, _, table = name.partition(".")
            nested.setdefault(schema, {})[table] = {name: _type(kind) for name, kind in columns.items()}
    return {**nested}


def _type(kind: str) -> exp.DataType:
    try:
        return exp.DataType.build(kind, dialect=DIALECT)
    except ParseError:
        return _UNKNOWN


def _star_edits(tree: exp.Query) -> Iterator[StarEdit]:
    for star in tree.find_all(exp.Star):
        select = star.find_ancestor(exp.Select)
        if select is None or star.find_ancestor(exp.Columns):
            continue
        left_out = [*(star.args.get("except_") or ()), *(star.args.get("rename") or ())]
        names = [edit.unalias().find(exp.Identifier) for edit in left_out]
        names += [edit.args.get("alias") for edit in star.args.get("replace") or ()]
        yield from (StarEdit(select, name) for name in names if isinstance(name, exp.Identifier))


def _gave_up(error: SqlglotError, names: Mapping[str, exp.Identifier], tables: Tables) -> BadSql:
    """sqlglot names the column and mostly not the line: the text knows where the name stands."""
    message = str(error).splitlines()[0].split(". Line")[0]
    what, _, name = message.rpartition(": ")
    identifier = names.get(name.lower().strip("'\""))
    if what == "Cannot automatically join":
        known = {column for columns in tables.values() for column in columns or ()}
        message = f'the tables joined by USING do not all have a column "{name}"{did_you_mean(name, known)}'
    elif what == "Unknown table":
        message = f'there is no table "{name}" in this SELECT{did_you_mean(name, set(names) - {name})}'
    return BadSql(message, line_of(identifier))
