"""Checks rows against a contract. Pandera says why a row fails, and is asked only about rows that do."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from synth_assets.core.contract import Contract, Values
from synth_assets.engine.checks.rules import pandera_schema, value_check

if TYPE_CHECKING:
    import pandera.pandas as pa


class RowCheck:
    """The checks of a contract on each row. No frame is made of a row that passes them in their row form."""

    def __init__(self, contract: Contract, name: str = "") -> None:
        # A batch knows nothing of the rows before it: whether a value is unique is for the check of the table.
        columns = tuple(replace(column, unique=False) for column in contract.columns)
        self._contract, self._name = replace(contract, columns=columns), name
        self._checks = [(column.name, value_check(column)) for column in columns]

    def faults(self, rows: Sequence[Values]) -> dict[int, str]:
        """Return for each row of the batch that fails, by its index, the first check that it failed."""
        failing = [index for index, row in enumerate(rows) if not self._passes(row)]
        if not failing:
            return {}
        faults = pandera_faults(self._schema, [rows[index] for index in failing])
        return {failing[index]: fault for index, fault in faults.items()}

    def _passes(self, row: Values) -> bool:
        return all(accepts(row.get(name)) for name, accepts in self._checks)

    @cached_property
    def _schema(self) -> "pa.DataFrameSchema":
        return pandera_schema(self._contract, self._name)


def pandera_faults(schema: "pa.DataFrameSchema", rows: Sequence[Values]) -> dict[int, str]:
    """Return Pandera's verdict: for each row that fails, by its index, the first check that it failed."""
    import pandas as pd
    import pandera.errors

    frame = pd.DataFrame(list(rows), columns=list(schema.columns), dtype=object)
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        faults: dict[int, str] = {}
        cases = error.failure_cases
        for index, column, check in zip(cases["index"], cases["column"], cases["check"], strict=True):
            faults.setdefault(int(index), f"{column} {'is missing' if check == 'not_nullable' else check}")
        return faults
    return {}
