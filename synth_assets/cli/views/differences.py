"""What differs, in red and green: the counts, then the first rows of each sort."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from synth_assets.cli.views.records import print_title
from synth_assets.cli.views.terminal import done, warned
from synth_assets.cli.views.words import cell, count

if TYPE_CHECKING:
    from rich.console import Console

    from synth_assets.engine.diff import Change, Difference

_STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


def print_difference(console: "Console", found: "Difference") -> None:
    """Print one pair of tables or files."""
    from rich.text import Text

    console.print(Text.assemble((found.a, "bold"), " → ", (found.b, "bold")))
    if not found.any:
        done(console, f"no difference in {count(found.same)} rows")
        return
    numbers = [(what, getattr(found, what)) for what in ("changed", "added", "removed")]
    items = [(f"{count(number)} {what}", _STYLES[what] if number else "dim") for what, number in numbers]
    parts = [part for each in items for part in (each, ", ")]
    console.print(Text.assemble(*parts, (f"{count(found.same)} the same", "dim")))
    for name in found.columns_added:
        warned(console, f"a new column: {name}")
    for name in found.columns_removed:
        warned(console, f"a column less: {name}")
    for change in found.first:
        _print_change(console, change)


def _print_change(console: "Console", change: "Change") -> None:
    from rich.text import Text

    print_title(console, f"{change.what} {change.name}")
    before, after = _leaves(change.before), _leaves(change.after)
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        console.print(Text(name, "dim"))
        if old is not None:
            console.print(Text(_hanging("-", old), "red"))
        if new is not None:
            console.print(Text(_hanging("+", new), "green"))


def _hanging(mark: str, text: str) -> str:
    return f"{mark} " + text.replace("\n", "\n  ")


def _leaves(values: Mapping[str, Any]) -> dict[str, str]:
    """Return each value by its name; of a dialog, each turn by its place."""
    return dict(leaf for name, value in values.items() for leaf in _leaves_of(name, value))


def _leaves_of(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if not (isinstance(value, list) and value and all(isinstance(turn, dict) and "content" in turn for turn in value)):
        yield name, cell(value)
        return
    for index, turn in enumerate(value, start=1):
        yield f"{name}, turn {index} ({turn.get('role')})", cell(turn["content"])
