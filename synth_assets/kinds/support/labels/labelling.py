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
        """The column that holds what is said."""
        return "labels" if self.multiple else "label"

    @property
    def type(self) -> ColumnType:
        """The type of that column, and of the one with what experts say."""
        return "texts" if self.multiple else "text"

    @property
    def right(self) -> str:
        """What the share of the rows is called where just that was said which experts say."""
        return "exact match" if self.multiple else "accuracy"

    def sql(self, column: str) -> str:
        """A column so that it is equal where the same is said: the order of several labels tells nothing."""
        return f'list_sort(list_distinct("{column}"))' if self.multiple else f'"{column}"'


def read_label_value(value: Json) -> LabelValue | None:
    """What such a column says of a row; None where it says nothing, which is not the same as no labels."""
    if value is None:
        return None
    return tuple(map(str, value)) if isinstance(value, list) else str(value)


def labelling_of(key: str, name: str, read: Contract) -> Labelling:
    """How the rows of that stage are labelled; StageError where they are not."""
    found = Labelling("labels" in read and "label" not in read)
    find_label_column(key, name, read, found)
    return found


def find_label_column(key: str, name: str, read: Contract, wanted: Labelling, remedy: str = "") -> Column:
    """The column with what is said of the rows; StageError where they are labelled in another way, or not at all."""
    other = Labelling(not wanted.multiple)
    if wanted.column not in read and other.column in read:
        message = "any number of labels" if other.multiple else "one label"
        lacks = f'"{name}" has no column "{wanted.column}" but "{other.column}", {message} for each row'
        raise StageError(key, f"{lacks}: {remedy}")
    return find_typed_column(key, wanted.column, name, read, wanted)


def find_typed_column(key: str, column: str, name: str, read: Contract, wanted: Labelling) -> Column:
    """The column, which must be of the type that holds what is said."""
    found = find_column(key, column, name, read)
    if found.type != wanted.type:
        message = f'"{column}" of "{name}" is {found.type}, not {wanted.type}'
        raise StageError(key, f"{message}: declare it so in the `columns` of its source")
    return found
