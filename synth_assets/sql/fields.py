"""Finds fields that a struct does not have, where its type is known: `dialog.rol`, `messages[1]['cntent']`."""

from collections.abc import Iterator

from sqlglot import exp

from synth_assets.core.suggestions import did_you_mean
from synth_assets.sql.resolve import line_of


def field_faults(tree: exp.Query) -> Iterator[tuple[int, str]]:
    """Each access to a field that is not there, with its line; the tree carries types."""
    for access in tree.find_all(exp.Dot, exp.Bracket):
        fields = _fields(access.this.type)
        name = _asked(access)
        if fields and name is not None and name.lower() not in {field.lower() for field in fields}:
            owner = access.this.sql("duckdb")
            line = line_of(access.expression if isinstance(access, exp.Dot) else access)
            yield line, f'{owner} has no field "{name}"{did_you_mean(name, fields)}'


def _asked(access: exp.Expr) -> str | None:
    if isinstance(access, exp.Dot):
        return access.expression.name if isinstance(access.expression, exp.Identifier) else None
    keys = access.expressions
    return keys[0].name if len(keys) == 1 and keys[0].is_string else None


def _fields(kind: exp.Expr | None) -> list[str]:
    """The names of a struct's fields; none for anything else."""
    if not isinstance(kind, exp.DataType) or not kind.is_type("STRUCT"):
        return []
    return [part.name for part in kind.expressions if isinstance(part, exp.ColumnDef)]
