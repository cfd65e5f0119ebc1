"""Traces the column lineage of a model: from which columns of which tables each of its columns is computed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, find_all_in_scope

from synth_assets.sql.model import Model
from synth_assets.sql.parse import parse_select, table_name
from synth_assets.sql.resolve import ColumnSource, Resolved, Tables, outputs, resolve, scope_sources
from synth_assets.sql.types import output_types

Origin: TypeAlias = tuple[str, str]
_Step: TypeAlias = tuple[Scope, str]


def column_lineage(model: Model, known: Tables) -> dict[str, tuple[Origin, ...]]:
    """Return for each column of the model the (table, column) pairs that its values are computed from."""
    resolved = resolve(model.sql, known)
    trace, spellings = _Trace(resolved), _spellings(model, known)
    return {
        spellings.get(name, name): trace.origins(resolved.scopes[-1], name) for name in outputs(resolved.tree) or ()
    }


def output_columns(model: Model, known: Tables) -> dict[str, str]:
    """Return the model's columns with their DuckDB types, "" for a type that the text does not determine."""
    spellings = _spellings(model, known)
    return {spellings.get(name, name): kind for name, kind in output_types(resolve(model.sql, known)).items()}


@dataclass(slots=True)
class _Trace:
    """A walk from outputs down to tables. Each step is looked up once, so recursion and diamonds end."""

    resolved: Resolved
    known_steps: dict[_Step, tuple[set[Origin], set[_Step]]] = field(default_factory=dict)

    def origins(self, scope: Scope, name: str) -> tuple[Origin, ...]:
        """Return all (table, column) pairs below one output of a scope."""
        all_origins: set[Origin] = set()
        seen: set[_Step] = set()
        to_visit: set[_Step] = {(scope, name)}
        while to_visit:
            step = to_visit.pop()
            seen.add(step)
            if step not in self.known_steps:
                self.known_steps[step] = self._next_steps(*step)
            origins, steps = self.known_steps[step]
            all_origins |= origins
            to_visit |= steps - seen
        return tuple(sorted(all_origins))

    def _next_steps(self, scope: Scope, name: str) -> tuple[set[Origin], set[_Step]]:
        origins: set[Origin] = set()
        steps: set[_Step] = set()
        for source, column in self._below(scope, name):
            if isinstance(source, Scope):
                steps.add((source, column))
            else:
                origins.add((source, column))
        return origins, steps

    def _below(self, scope: Scope, name: str) -> Iterator[Origin | _Step]:
        expression = scope.expression
        inner = scope.sources.get("")
        if isinstance(expression, exp.SetOperation):
            yield from _branches(scope, name)
        elif isinstance(expression, exp.Select):
            for projection in expression.selects:
                if projection.alias_or_name.lower() == name:
                    yield from self._read(scope, projection)
        elif isinstance(inner, Scope):
            yield inner, name
        else:
            yield from self._read(scope, expression)

    def _read(self, scope: Scope, node: exp.Expr) -> Iterator[Origin | _Step]:
        """Yield what a part of a SELECT reads: columns, entire rows, the windows it names, subqueries."""
        for part in find_all_in_scope(node, exp.Column, exp.TableColumn, exp.Window):
            if isinstance(part, exp.Column):
                for source in self.resolved.column_sources(part, scope):
                    yield from self._from_source(source)
            elif isinstance(part, exp.TableColumn):
                yield from self._entire_row(scope, part.name)
            elif part.alias:
                yield from self._named_window(scope, part.alias)
        inside = {id(query) for query in node.find_all(exp.Query)}
        for subquery in scope.subquery_scopes:
            if id(subquery.expression) in inside:
                yield from ((subquery, name) for name in outputs(subquery.expression) or ())

    def _named_window(self, scope: Scope, name: str) -> Iterator[Origin | _Step]:
        for window in scope.expression.args.get("windows") or ():
            if window.name.lower() == name.lower():
                yield from self._read(scope, window)

    def _entire_row(self, scope: Scope, alias: str) -> Iterator[Origin | _Step]:
        source = scope_sources(scope).get(alias)
        if source is not None:
            for name in self.resolved.columns(source) or ():
                yield from self._from_source(ColumnSource(scope, source, name))

    def _from_source(self, column_source: ColumnSource) -> Iterator[Origin | _Step]:
        source, name = column_source.source, column_source.column
        if isinstance(source, Scope):
            yield self.resolved.full_scope(source), name
        elif source.args.get("pivots"):
            yield from self._from_pivot(source, name)
        elif source.db:
            yield table_name(source), self._real_name(source, name)

    def _from_pivot(self, table: exp.Table, name: str) -> Iterator[Origin]:
        """Yield a pivot's column's origins: all that the pivot reads, or the column itself where it passes through."""
        own = self.resolved.tables.get(table_name(table)) or {}
        read = {
            column.name.lower()
            for pivot in table.args["pivots"]
            for column in pivot.find_all(exp.Column)
            if column.name.lower() in own
        }
        passes = name in {column.lower() for column in own} and name not in read
        for column in {name} if passes else read:
            yield table_name(table), column

    def _real_name(self, table: exp.Table, name: str) -> str:
        """Return the column's own name where `FROM table AS alias(names…)` renames it."""
        own = list(self.resolved.tables.get(table_name(table)) or ())
        renamed = [alias.lower() for alias in table.alias_column_names]
        if name in renamed and len(own) >= len(renamed):
            return own[renamed.index(name)]
        return next((column for column in own if column.lower() == name), name)


def _branches(scope: Scope, name: str) -> Iterator[_Step]:
    """Yield the columns that a column of a set operation comes from.

    A UNION's comes from the same position in both SELECTs (BY NAME: the same name), an EXCEPT's from the first.
    """
    union = scope.expression
    branches = scope.set_operation_scopes[: 1 if isinstance(union, exp.Except) else 2]
    index = list(outputs(union) or ()).index(name) if name in (outputs(union) or ()) else -1
    for branch in branches:
        names = list(outputs(branch.expression) or ())
        if union.args.get("by_name"):
            yield from ((branch, name) for own in names if own == name)
        elif 0 <= index < len(names):
            yield branch, names[index]


def _spellings(model: Model, known: Tables) -> dict[str, str]:
    """Return names as they are written: sqlglot lowers them, DuckDB keeps what an alias or a table says."""
    spellings = {name.lower(): name for table in model.inputs for name in known.get(table) or ()}
    tree = parse_select(model.sql)
    spellings |= {alias.alias.lower(): alias.alias for alias in tree.find_all(exp.Alias)}
    spellings |= {
        column.name.lower(): column.name for alias in tree.find_all(exp.TableAlias) for column in alias.columns
    }
    return spellings
