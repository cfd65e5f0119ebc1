"""Finds what is wrong in SQL models before anything runs: in tables, columns, fields, contracts and cycles."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from synth_assets.core.contract import SYSTEM_COLUMNS
from synth_assets.core.errors import RecipeError
from synth_assets.core.suggestions import did_you_mean
from synth_assets.sql.lineage import output_columns
from synth_assets.sql.model import Model, sort_models
from synth_assets.sql.parse import BadSql, first_line, parse_select, table_name
from synth_assets.sql.resolve import Resolved, Source, Tables, line_of, outputs, resolve, scope_sources, visible_sources

_Problem: TypeAlias = tuple[int, str]

# The columns that the lake adds to the table of a model.
_LAKE_COLUMNS = {"row_id": "VARCHAR", "parent_ids": "VARCHAR[]", "partition_key": "VARCHAR"}


def check_models(models: Iterable[Model], known: Mapping[str, Mapping[str, str]]) -> list[RecipeError]:
    """Return all problems of all models; `known` are the tables of recipes and of the lake, with DuckDB types."""
    ordered = list(models)
    errors: list[RecipeError] = []
    try:
        ordered = sort_models(ordered)
    except RecipeError as error:
        errors.append(error)
    tables: dict[str, Mapping[str, str] | None] = {name.lower(): columns for name, columns in known.items()}
    # A model that is not checked yet, or is wrong, is a table whose columns are not known.
    tables |= {model.table.lower(): None for model in ordered}
    for model in ordered:
        problems = sorted(set(check_model(model, tables)))
        errors += [model.error(message, line) for line, message in problems]
        errors += _contract_problems(model, tables) if not problems else []
        tables[model.table.lower()] = None if problems else _columns(model, tables)
    return errors


def check_model(model: Model, tables: Tables) -> Iterator[_Problem]:
    """Yield the problems of one model's SQL, each with its line."""
    yield from _unknown_tables(parse_select(model.sql), tables)
    try:
        resolved = resolve(model.sql, tables)
    except BadSql as error:
        yield error.line, str(error)
        return
    yield from _unknown_columns(resolved)
    yield from _unknown_in_stars(resolved)
    yield from _unknown_fields(resolved.tree)
    yield from _output_problems(model, resolved)


def _unknown_tables(tree: exp.Query, tables: Tables) -> Iterator[_Problem]:
    local = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table_name(table)
        if not isinstance(table.this, exp.Identifier) or name in tables or (not table.db and name in local):
            continue
        if table.db:
            yield line_of(table), f'there is no table "{name}"{did_you_mean(name, tables)}'
        elif "." not in name:
            near = [other for other in tables if other.endswith(f".{name}")]
            hint = f', did you mean "{near[0]}"?' if near else did_you_mean(name, {*local, *tables})
            yield line_of(table), f'the table "{name}" lacks its schema{hint}'


def _unknown_columns(resolved: Resolved) -> Iterator[_Problem]:
    seen: set[int] = set()
    for scope in resolved.scopes:
        names = outputs(scope.expression) if isinstance(scope.expression, exp.SetOperation) else None
        for column in scope.columns:
            if id(column) in seen or column.name.lower() in (names or ()):
                continue
            seen.add(id(column))
            sources = resolved.column_sources(column, scope)
            if not sources:
                yield line_of(column), _no_such_column(column, scope, resolved)
            elif len(sources) > 1 and all(source.known for source in sources):
                names_here = sorted(_source_name(alias, source) for alias, source in scope_sources(scope).items())
                yield line_of(column), f'the column "{column.name}" is ambiguous between {" and ".join(names_here)}'


def _no_such_column(column: exp.Column, scope: Scope, resolved: Resolved) -> str:
    levels = [sources for _, sources in visible_sources(scope)]
    visible = {alias: source for sources in reversed(levels) for alias, source in sources.items()}
    name = column.name
    if column.table and column.table in visible:
        source = visible[column.table]
        hint = did_you_mean(name, resolved.columns(source) or ())
        return f'{_source_name(column.table, source)} has no column "{name}"{hint}'
    columns = {known for source in visible.values() for known in resolved.columns(source) or ()}
    if column.table:
        first = column.parts[0].name
        return f'there is no table or column "{first}" here{did_you_mean(first, {*visible, *columns})}'
    hint = did_you_mean(name, columns)
    if len(levels[0]) == 1:
        return f'{_source_name(*next(iter(levels[0].items())))} has no column "{name}"{hint}'
    return f'no table here has a column "{name}"{hint}'


def _source_name(alias: str, source: Source) -> str:
    return table_name(source) if isinstance(source, exp.Table) and source.db else f'"{alias}"'


def _unknown_in_stars(resolved: Resolved) -> Iterator[_Problem]:
    scopes = {id(scope.expression): scope for scope in resolved.scopes}
    for edit in resolved.star_edits:
        scope = scopes.get(id(edit.select))
        sources = scope_sources(scope).values() if scope else ()
        columns = [resolved.columns(source) for source in sources]
        names = {name for known in columns for name in known or ()}
        if columns and None not in columns and edit.name.name.lower() not in names:
            hint = did_you_mean(edit.name.name, names)
            yield line_of(edit.name), f'the star stands for no column "{edit.name.name}"{hint}'


def _unknown_fields(tree: exp.Query) -> Iterator[tuple[int, str]]:
    """Yield each access to a field that its struct does not have: `dialog.rol`, `messages[1]['cntent']`."""
    for access in tree.find_all(exp.Dot, exp.Bracket):
        fields = _fields(access.this.type)
        name = _accessed_field(access)
        if fields and name is not None and name.lower() not in {field.lower() for field in fields}:
            owner = access.this.sql("duckdb")
            line = line_of(access.expression if isinstance(access, exp.Dot) else access)
            yield line, f'{owner} has no field "{name}"{did_you_mean(name, fields)}'


def _accessed_field(access: exp.Expr) -> str | None:
    if isinstance(access, exp.Dot):
        return access.expression.name if isinstance(access.expression, exp.Identifier) else None
    keys = access.expressions
    return keys[0].name if len(keys) == 1 and keys[0].is_string else None


def _fields(kind: exp.Expr | None) -> list[str]:
    """Return the names of a struct's fields; none for anything else."""
    if not isinstance(kind, exp.DataType) or not kind.is_type("STRUCT"):
        return []
    return [part.name for part in kind.expressions if isinstance(part, exp.ColumnDef)]


def _output_problems(model: Model, resolved: Resolved) -> Iterator[_Problem]:
    """Yield output columns without a name, and names that are used twice."""
    top = first_line(model.sql)
    written = _leftmost(parse_select(model.sql)).selects
    for number, column in enumerate(written, start=1):
        if not isinstance(column, exp.Alias | exp.Columns) and not column.is_star and not _is_path(column):
            yield line_of(column, top), f"column {number} has no name: add AS name"
    known = outputs(resolved.tree)
    if known is None:
        if model.contract is None and not _reads_unknown(resolved):
            yield top, "its columns cannot be told from the text: list them, or declare them in a file beside it"
        return
    made = Counter(column.alias_or_name.lower() for column in _leftmost(resolved.tree).selects)
    yield from ((top, f'{count} columns are named "{name}"') for name, count in made.items() if count > 1)


def _leftmost(query: exp.Query) -> exp.Query:
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    return query


def _is_path(column: exp.Expr) -> bool:
    """Return whether it is a column, or a field of one: DuckDB names it by its last part."""
    if isinstance(column, exp.Dot):
        return isinstance(column.expression, exp.Identifier)
    return isinstance(column, exp.Column)


def _reads_unknown(resolved: Resolved) -> bool:
    tables = (table for table in resolved.tree.find_all(exp.Table) if table.db)
    return any(resolved.tables.get(table_name(table)) is None for table in tables)


def _contract_problems(model: Model, tables: Tables) -> Iterator[RecipeError]:
    """Yield columns that only the contract or only the SELECT has, and references to what does not exist."""
    contract = model.contract
    if contract is None:
        return
    made = {name.lower() for name in output_columns(model, tables)} or {name.lower() for name in contract.names()}
    file = model.shown.removesuffix(".sql") + ".yaml"
    lines = model.extras.column_lines
    for name in contract.names():
        if name.lower() not in made:
            message = f'{model.table} makes no column "{name}"{did_you_mean(name, made)}'
            yield RecipeError(message, where=f"{file}:{lines.get(name, 1)}")
    declared = {name.lower() for name in contract.names()}
    for name in sorted(made - declared - set(SYSTEM_COLUMNS)):
        message = f'the column "{name}" is not declared{did_you_mean(name, declared - made)}'
        yield RecipeError(message, where=f"{file}:1", remedy=f"add it to `columns` of {file}")
    for relationship in contract.relationships:
        columns = tables.get(relationship.to_table.lower())
        if relationship.to_table.lower() not in tables or (columns and relationship.to_column not in columns):
            target = f"{relationship.to_table}.{relationship.to_column}"
            message = f'"{relationship.column}" must stand in {target}, which is not there'
            yield RecipeError(message, where=f"{file}:{lines.get(relationship.column, 1)}")
    fresh = model.freshness
    if fresh and fresh.column and fresh.column.lower() not in made:
        message = f'freshness: {model.table} makes no column "{fresh.column}"{did_you_mean(fresh.column, made)}'
        yield RecipeError(message, where=f"{file}:1")


def _columns(model: Model, tables: Tables) -> Mapping[str, str] | None:
    """Return the columns that readers of the model may use; None where they cannot be known."""
    made = output_columns(model, tables)
    if not made:
        return None
    return made if model.materialized == "view" else made | _LAKE_COLUMNS
