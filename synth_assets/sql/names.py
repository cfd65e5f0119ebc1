"""Finds names that sqlglot, or a subquery in a table's place, reads otherwise than DuckDB; respells them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlglot import exp

from synth_assets.sql.parse import CATALOG


@dataclass(frozen=True, slots=True)
class Respelling:
    """A column whose first `drop` parts go, and `alias` (if any) comes in their place."""

    column: exp.Column
    drop: int
    alias: str = ""


def normalize_names(tree: exp.Query) -> None:
    """Takes `lake.` off tables, gives tables of one name an alias each, and respells columns. Changes the tree."""
    # By identity: sqlglot takes two mentions of one table for equal.
    named, respelled = {id(table): alias for table, alias in twins(tree)}, list(respellings(tree))
    for table in tree.find_all(exp.Table):
        if id(table) in named:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(named[id(table)])))
        if table.catalog.lower() == CATALOG and table.db:
            table.set("catalog", None)
    for each in respelled:
        parts = [part.copy() for part in each.column.parts[each.drop :]]
        if each.alias:
            parts.insert(0, exp.to_identifier(each.alias))
        owner = parts.pop(0) if len(parts) > 1 else None
        own = exp.Column(this=parts[0], table=owner)
        each.column.replace(exp.Dot.build([own, *parts[1:]]) if parts[1:] else own)


def twins(tree: exp.Query) -> Iterator[tuple[exp.Table, str]]:
    """Tables of one name that stand in one FROM without an alias (`a.raw JOIN b.raw`), and an alias for each."""
    for select in tree.find_all(exp.Select):
        yield from _twins_of(select)


def respellings(tree: exp.Query) -> Iterator[Respelling]:
    """Columns spelled with their table's schema, or with a name that two tables of one FROM share."""
    done: set[int] = set()
    for select in tree.find_all(exp.Select):
        aliases = {(table.db.lower(), table.name.lower()): alias for table, alias in _twins_of(select)}
        for column in select.find_all(exp.Column) if aliases else ():
            found = _of_twin(column, aliases) if id(column) not in done else None
            if found is not None:
                done.add(id(column))
                yield found
    tables = {(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table) if table.db}
    for column in tree.find_all(exp.Column):
        place = _place_of(column, tables)
        if place is not None and id(column) not in done:
            yield Respelling(column, place + 1)


def _twins_of(select: exp.Select) -> Iterator[tuple[exp.Table, str]]:
    parts = [select.args.get("from_"), *(select.args.get("joins") or ())]
    tables = [part.this for part in parts if part is not None and isinstance(part.this, exp.Table)]
    tables = [table for table in tables if table.db and not table.alias]
    names = [table.name.lower() for table in tables]
    for table in tables:
        if names.count(table.name.lower()) > 1:
            yield table, f"{table.db}__{table.name}".lower()


def _of_twin(column: exp.Column, aliases: dict[tuple[str, str], str]) -> Respelling | None:
    place = _place_of(column, aliases)
    names = [part.name.lower() for part in column.parts]
    if place is not None:
        return Respelling(column, place + 2, aliases[names[place], names[place + 1]])
    # `raw.title` where two tables are named raw: DuckDB takes the one that has a title.
    is_shared = len(names) > 1 and names[0] in {name for _, name in aliases}
    return Respelling(column, 1) if is_shared else None


def _place_of(column: exp.Column, tables: Collection[tuple[str, str]]) -> int | None:
    """Where in the column's parts `schema.table` stands, followed by more."""
    names = [part.name.lower() for part in column.parts]
    return next((place for place in range(len(names) - 2) if (names[place], names[place + 1]) in tables), None)
