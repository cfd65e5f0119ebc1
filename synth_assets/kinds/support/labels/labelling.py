"""Whether a table gives one label to each row (`label`) or any number of them (`labels`), and how to read it."""

from dataclasses import dataclass

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Column, ColumnType, Contract
from synth_assets.core.stage import StageError, find_column

LabelValue = str | tuple[str, ...]
"""What is said of a row: a label; or the labels that apply, sorted and none twice."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """One label for each row, or with `multiple` any number of them."""

    multiple: bool

    @property
    def column(self) -> str:
        """Return the name of the column that holds the labels."""
        return "labels" if self.multiple else "label"

    @property
    def type(self) -> ColumnType:
        """Return the type of that column, and of the one with the labels of experts."""
        return "texts" if self.multiple else "text"

    @property
    def right(self) -> str:
        """Return what the share of the rows is called where the labels are those of the experts."""
        return "exact match" if self.multiple else "accuracy"

    def sql(self, column: str) -> str:
        """Return SQL for a column, equal where the labels are: the order of several labels means nothing."""
        return f'list_sort(list_distinct("{column}"))' if self.multiple else f'"{column}"'


def read_label_value(value: Json) -> LabelValue | None:
    """Return the label or labels in such a column; None where nobody gave any, which is not the same as no labels."""
    if value is None:
        return None
    return tuple(map(str, value)) if isinstance(value, list) else str(value)


def labelling_of(key: str, name: str, read: Contract) -> Labelling:
    """Return how the rows of that stage are labelled; StageError where they are not."""
    found = Labelling("labels" in read and "label" not in read)
    find_label_column(key, name, read, found)
    return found


def find_label_column(key: str, name: str, read: Contract, wanted: Labelling, remedy: str = "") -> Column:
    """Return the column of the labels; StageError where rows are labelled in another way, or not at all."""
    other = Labelling(not wanted.multiple)
    if wanted.column not in read and other.column in read:
        described = "any number of labels" if other.multiple else "one label"
        lacks = f'"{name}" has no column "{wanted.column}" but "{other.column}", {described} for each row'
        raise StageError(key, f"{lacks}: {remedy}")
    return find_typed_column(key, wanted.column, name, read, wanted)


def find_typed_column(key: str, column: str, name: str, read: Contract, wanted: Labelling) -> Column:
    """Return the column, which must be of the type that holds the labels."""
    found = find_column(key, column, name, read)
    if found.type != wanted.type:
        message = f'"{column}" of "{name}" is {found.type}, not {wanted.type}'
        raise StageError(key, f"{message}: declare it so in the `columns` of its source")
    return found


def subject_of(read: Contract) -> str:
    """Return SQL for the row that was labelled: a column of its own names it, or the label was made of it."""
    return "subject" if "subject" in read else "parent_ids[1]"
