"""Checks a SQL condition that a recipe writes: that it is one, and that the columns it names are there."""

from difflib import get_close_matches

from synth_assets.core.contract import SYSTEM_COLUMNS, Contract
from synth_assets.core.stage import StageError


def check_condition(key: str, text: str, table: str, read: Contract) -> None:
    """StageError where the text is no condition over the table, as far as one can tell without running it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except ParseError as error:
        fault = error.errors[0]
        raise StageError(key, f"not SQL: {fault['description']} at {fault['highlight']!r}", fault["line"]) from error
    except TokenError as error:
        raise StageError(key, f"not SQL: {error}") from error
    (tree,) = trees if len(trees) == 1 else (None,)
    if not isinstance(tree, exp.Condition):
        raise StageError(key, "one condition is needed, like: length(text) > 10")
    if tree.find(exp.Query, exp.Comprehension):
        return  # these have names of their own, which only running them can tell
    known = [*read.names(), *SYSTEM_COLUMNS]
    for column in tree.find_all(exp.Column):
        parts = [part.name for part in column.parts]
        name = parts[1] if parts[0] == table and len(parts) > 1 else parts[0]
        if name.lower() not in {own.lower() for own in known}:
            near = get_close_matches(name, known, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(read.names())}"
            raise StageError(key, f'"{table}" has no column "{name}", {hint}')
