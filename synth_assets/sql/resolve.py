"""Resolves the names in a SELECT: finds the source of each column, through CTEs, joins and subqueries."""

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
from synth_assets.sql.parse import DIALECT, SQLGLOT_ERRORS, BadSql, parse_select, table_name
from synth_assets.sql.respelling import normalize_names

# None: the table exists, but its columns are not known, so nothing is checked about them.
Tables: TypeAlias = Mapping[str, Mapping[str, str] | None]
Source: TypeAlias = exp.Table | Scope

_UNKNOWN = exp.DataType.build("UNKNOWN")


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """The source in the FROM of a scope that a column comes from. `known` is False where its columns are not."""

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
    """A SELECT whose tables and columns are qualified and typed; inner scopes come first."""

    tree: exp.Query
    scopes: tuple[Scope, ...]
    tables: Tables
    star_edits: tuple[StarEdit, ...]

    def columns(self, source: Source) -> tuple[str, ...] | None:
        """Return the names of a source's columns; None where they cannot be known."""
        if isinstance(source, Scope):
            return _scope_columns(source)
        if source.args.get("pivots") or not source.db:
            return tuple(source.alias_column_names) or None
        known = self.tables.get(table_name(source))
        if known is None:
            return None
        renamed = [name.lower() for name in source.alias_column_names]
        return (*renamed, *[name.lower() for name in known][len(renamed) :])

    def full_scope(self, scope: Scope) -> Scope:
        """Return the scope itself; for a recursive CTE, of which sqlglot gives the first half, all of it."""
        if any(scope is other for other in self.scopes):
            return scope
        union = scope.expression.parent
        return next((other for other in self.scopes if other.expression is union), scope)

    def column_sources(self, column: exp.Column, scope: Scope) -> list[ColumnSource]:
        """Return the sources a column can come from, in the innermost scope that has any."""
        name = column.name.lower()
        for visible_from, sources in visible_sources(scope):
            candidates = [
                ColumnSource(visible_from, source, name, known is not None)
                for alias, source in sources.items()
                if not column.table or alias.lower() == column.table.lower()
                for known in [self.columns(source)]
                if known is None or name in known
            ]
            if candidates:
                return _most_likely(candidates, visible_from)
        return []


def resolve(sql: str, tables: Tables) -> Resolved:
    """Resolve every name in a SELECT as far as it can be; BadSql where sqlglot gives up."""
    tree = parse_select(sql)
    normalize_names(tree)
    edits = tuple(_star_edits(tree))
    names = {identifier.name.lower(): identifier for identifier in reversed([*tree.find_all(exp.Identifier)])}
    schema = MappingSchema(_schema_of(tree, tables), dialect=DIALECT)
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
        raise _explain(error, names, tables) from error
    except SQLGLOT_ERRORS as error:
        raise BadSql("a part of this SELECT is malformed", line_of(tree)) from error


def visible_sources(scope: Scope) -> Iterator[tuple[Scope, dict[str, Source]]]:
    """Yield the sources that a scope can read, from the innermost level outwards.

    DuckDB lets a subquery in FROM read its neighbours, but neither itself nor, from a CTE, anything around it.
    """
    level: Scope | None = scope
    inner: Scope | None = None
    while level is not None:
        yield level, {alias: source for alias, source in scope_sources(level).items() if source is not inner}
        level, inner = (None if level.is_cte else level.parent), level


def scope_sources(scope: Scope) -> dict[str, Source]:
    """Return the sources that a scope reads itself, by the name they have in it."""
    if isinstance(scope.expression, exp.UDTF):
        return dict(scope.sources)
    sources_by_name = {name: source for name, (_, source) in scope.selected_sources.items()}
    for join in scope.expression.args.get("joins") or ():
        # sqlglot leaves out what a SEMI or ANTI JOIN only filters by, though its ON reads it.
        if join.alias_or_name in scope.sources:
            sources_by_name.setdefault(join.alias_or_name, scope.sources[join.alias_or_name])
    for source in list(sources_by_name.values()):
        for pivot in (source.args.get("pivots") or ()) if isinstance(source, exp.Table) else ():
            sources_by_name[pivot.alias] = source
    return sources_by_name


def outputs(query: exp.Expr) -> dict[str, exp.Expr] | None:
    """Return the columns that a query makes, in their order; None where a star in it covers unknown columns."""
    if isinstance(query, exp.Subquery):
        return outputs(query.this)
    if isinstance(query, exp.SetOperation):
        left = outputs(query.left)
        right = outputs(query.right) if query.args.get("by_name") else {}
        return None if left is None or right is None else left | right | left
    if not isinstance(query, exp.Select) or any(_is_star(column) for column in query.selects):
        return None
    return {column.alias_or_name.lower(): column for column in query.selects}


def line_of(node: exp.Expr | None, default: int = 1) -> int:
    """Return the line of a node in the text, or that of its nearest ancestor where its own is unknown."""
    while node is not None:
        lines = [part.meta["line"] for part in node.find_all(exp.Identifier) if "line" in part.meta]
        if lines:
            return int(min(lines))
        node = node.parent
    return default


def _most_likely(candidates: list[ColumnSource], scope: Scope) -> list[ColumnSource]:
    """Prefer sources known to have the column, and those that do not only filter (as in a SEMI or ANTI JOIN)."""
    candidates = [candidate for candidate in candidates if candidate.known] or candidates
    if len(candidates) < 2:
        return candidates
    filters = {join.alias_or_name for join in scope.expression.args.get("joins") or () if join.kind in ("SEMI", "ANTI")}
    sources = scope_sources(scope)
    read = [each for each in candidates if not any(sources.get(name) is each.source for name in filters)]
    return read or candidates


def _scope_columns(scope: Scope) -> tuple[str, ...] | None:
    expression = scope.expression
    if isinstance(expression, exp.Query):
        known = outputs(expression)
        return tuple(known) if known is not None else None
    alias = expression.args.get("alias")
    names = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    if names:
        return tuple(names)
    inner = scope.sources.get("")
    return _scope_columns(inner) if isinstance(inner, Scope) else None


def _is_star(column: exp.Expr) -> bool:
    return column.is_star or isinstance(column.unalias(), exp.Columns)


def _schema_of(tree: exp.Query, tables: Tables) -> dict[str, object]:
    """Return the schema of the tables that a query reads, nested as sqlglot needs it: schema, table, column, type."""
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


def _explain(error: SqlglotError, names: Mapping[str, exp.Identifier], tables: Tables) -> BadSql:
    """Reword an error of sqlglot, and find its line in the text: sqlglot mostly names the column only."""
    message = str(error).splitlines()[0].split(". Line")[0]
    what, _, name = message.rpartition(": ")
    identifier = names.get(name.lower().strip("'\""))
    if what == "Cannot automatically join":
        known = {column for columns in tables.values() for column in columns or ()}
        message = f'the tables joined by USING do not all have a column "{name}"{did_you_mean(name, known)}'
    elif what == "Unknown table":
        message = f'there is no table "{name}" in this SELECT{did_you_mean(name, set(names) - {name})}'
    return BadSql(message, line_of(identifier))
