"""Finds and respells the names that sqlglot, or a subquery that replaces a table, reads otherwise than DuckDB."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlglot import exp

from synth_assets.sql.parse import CATALOG


@dataclass(frozen=True, slots=True)
class Respelling:
    """A column whose first `drop` parts are replaced by `alias`, if there is one."""

    column: exp.Column
    drop: int
    alias: str = ""


def normalize_names(tree: exp.Query) -> None:
    """Strip `lake.` from tables, give tables of one name an alias each, and respell columns. Changes the tree."""
    # By identity: sqlglot takes two mentions of one table for equal.
    aliases, respellings = (
        {id(table): alias for table, alias in same_named_tables(tree)},
        list(column_respellings(tree)),
    )
    for table in tree.find_all(exp.Table):
        if id(table) in aliases:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(aliases[id(table)])))
        if table.catalog.lower() == CATALOG and table.db:
            table.set("catalog", None)
    for each in respellings:
        parts = [part.copy() for part in each.column.parts[each.drop :]]
        if each.alias:
            parts.insert(0, exp.to_identifier(each.alias))
        owner = parts.pop(0) if len(parts) > 1 else None
        own = exp.Column(this=parts[0], table=owner)
        each.column.replace(exp.Dot.build([own, *parts[1:]]) if parts[1:] else own)


def same_named_tables(tree: exp.Query) -> Iterator[tuple[exp.Table, str]]:
    """Yield tables that share a name in one FROM, without an alias (`a.raw JOIN b.raw`), with an alias for each."""
    for select in tree.find_all(exp.Select):
        yield from _same_named_in(select)


def column_respellings(tree: exp.Query) -> Iterator[Respelling]:
    """Yield the columns spelled with their table's schema, or with a name that two tables of one FROM share."""
    done: set[int] = set()
    for select in tree.find_all(exp.Select):
        aliases = {(table.db.lower(), table.name.lower()): alias for table, alias in _same_named_in(select)}
        for column in select.find_all(exp.Column) if aliases else ():
            respelling = _respelling_of_same_named(column, aliases) if id(column) not in done else None
            if respelling is not None:
                done.add(id(column))
                yield respelling
    tables = {(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table) if table.db}
    for column in tree.find_all(exp.Column):
        index = _table_index(column, tables)
        if index is not None and id(column) not in done:
            yield Respelling(column, index + 1)


def _same_named_in(select: exp.Select) -> Iterator[tuple[exp.Table, str]]:
    parts = [select.args.get("from_"), *(select.args.get("joins") or ())]
    tables = [part.this for part in parts if part is not None and isinstance(part.this, exp.Table)]
    tables = [table for table in tables if table.db and not table.alias]
    names = [table.name.lower() for table in tables]
    for table in tables:
        if names.count(table.name.lower()) > 1:
            yield table, f"{table.db}__{table.name}".lower()


def _respelling_of_same_named(column: exp.Column, aliases: dict[tuple[str, str], str]) -> Respelling | None:
    index = _table_index(column, aliases)
    names = [part.name.lower() for part in column.parts]
    if index is not None:
        return Respelling(column, index + 2, aliases[names[index], names[index + 1]])
    # `raw.title` where two tables are named raw: DuckDB takes the one that has a title.
    is_shared = len(names) > 1 and names[0] in {name for _, name in aliases}
    return Respelling(column, 1) if is_shared else None


def _table_index(column: exp.Column, tables: Collection[tuple[str, str]]) -> int | None:
    """Return the index of `schema.table` in the column's parts, where more parts follow it."""
    names = [part.name.lower() for part in column.parts]
    return next((index for index in range(len(names) - 2) if (names[index], names[index + 1]) in tables), None)
