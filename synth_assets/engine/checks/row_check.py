"""Which rows a contract takes: Pandera says it, and is asked only about rows that are in doubt."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

from synth_assets.core.contract import Column, Contract, Values

if TYPE_CHECKING:
    import pandera.pandas as pa


class RowCheck:
    """The checks of a contract on each row.

    The rules of its Pandera schema are tried on the values as they are: where they all hold, and nothing is
    missing, Pandera would find no fault, and no frame is made of the row.
    """

    def __init__(self, contract: Contract, name: str = "") -> None:
        self._contract, self._name = contract, name
        self._rules = [(column, tuple(_rules(column).values())) for column in contract.columns]

    def faults(self, rows: Sequence[Values]) -> dict[int, str]:
        """For each row of the batch that fails, by its place: the first check that it failed."""
        doubtful = [place for place, row in enumerate(rows) if not self._surely_passes(row)]
        if not doubtful:
            return {}
        found = _faults(self._schema, [rows[place] for place in doubtful])
        return {doubtful[place]: fault for place, fault in found.items()}

    def _surely_passes(self, row: Values) -> bool:
        for column, rules in self._rules:
            value = row.get(column.name)
            if value is None or _is_nan(value):
                if not column.nullable:
                    return False
            elif not all(holds(value) for holds in rules):
                return False
        return True

    @cached_property
    def _schema(self) -> "pa.DataFrameSchema":
        return schema_of(self._contract, self._name)


def schema_of(contract: Contract, name: str = "") -> "pa.DataFrameSchema":
    """The Pandera schema of a contract's rows."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {column.name: _pandera_column(column) for column in contract.columns},
        name=name or None,
        description=contract.description or None,
    )


def _faults(schema: "pa.DataFrameSchema", rows: Sequence[Values]) -> dict[int, str]:
    import pandas as pd
    import pandera.errors

    frame = pd.DataFrame(list(rows), columns=list(schema.columns), dtype=object)
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        faults: dict[int, str] = {}
        cases = error.failure_cases
        for index, column, check in zip(cases["index"], cases["column"], cases["check"], strict=True):
            reason = "is missing" if check == "not_nullable" else str(check)
            faults.setdefault(int(index), f"{column} {reason}")
        return faults
    return {}


def _pandera_column(column: Column) -> "pa.Column":
    import pandera.pandas as pa

    checks = [pa.Check(_each(is_valid), name=reason, error=reason) for reason, is_valid in _rules(column).items()]
    return pa.Column(None, checks, nullable=column.nullable, description=column.description or None, required=True)


def _each(is_valid: Callable[[Any], bool]) -> Callable[[Any], Any]:
    return lambda series: series.map(is_valid).astype(bool)


def _rules(column: Column) -> dict[str, Callable[[Any], bool]]:
    """What each value that is there must be, by the words that tell of a failure."""
    rules: dict[str, Callable[[Any], bool]] = {f"is not of type {column.type}": _TYPES[column.type]}
    if column.accepted:
        accepted, told = frozenset(column.accepted), "holds what is" if column.type == "texts" else "is"
        rules[f"{told} none of {', '.join(column.accepted)}"] = lambda value: accepted.issuperset(_texts_in(value))
    least, most = column.min_length, column.max_length
    if least is not None:
        rules[f"is shorter than {least}"] = lambda value: not hasattr(value, "__len__") or len(value) >= least
    if most is not None:
        rules[f"is longer than {most}"] = lambda value: not hasattr(value, "__len__") or len(value) <= most
    low, high = column.minimum, column.maximum
    if low is not None:
        rules[f"is less than {low:g}"] = lambda value: not _is_number(value) or value >= low
    if high is not None:
        rules[f"is more than {high:g}"] = lambda value: not _is_number(value) or value <= high
    return rules


def _is_nan(value: object) -> bool:
    """Whether Pandas takes it for a value that is missing."""
    return isinstance(value, float | datetime) and value != value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts_in(value: object) -> Sequence[str]:
    """The texts that may be among those accepted; what is no text at all is told by its type."""
    if isinstance(value, str):
        return [value]
    return value if _is_texts(value) else []


def _is_dialog(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(turn, Mapping) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in value
    )


def _is_texts(value: object) -> TypeGuard[Sequence[str]]:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": lambda value: isinstance(value, datetime | str),
    "dialog": _is_dialog,
    "texts": _is_texts,
    "json": lambda value: isinstance(value, str | Mapping | list | int | float | bool),
}
