"""Rows beside the rows they were made of, in Markdown that shows every character as it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from synth_assets.assets.tables import NEW_LINE, short
from synth_assets.core.contract import SYSTEM_COLUMNS, Contract, Values

EXAMPLES = 3
TURNS = 8
TEXT_SHOWN = 400
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$-])")


def side_by_side(before: Mapping[str, Values], after: Sequence[Values], contract: Contract) -> str:
    """Return the first rows with their parents: dialogs turn by turn, else column by column."""
    dialogs = [column.name for column in contract.columns if column.type == "dialog"]
    parts = []
    for row in after[:EXAMPLES]:
        parents = row.get("parent_ids")
        parent = before.get(str(parents[0])) if isinstance(parents, list) and parents else None
        if parent is not None:
            common = next((name for name in dialogs if parent.get(name)), None)
            lines = _turns(parent[common], row[common]) if common else _columns(parent, row)
            parts.append("\n".join(lines))
    return "\n\n---\n\n".join(parts)


def _turns(before: Any, after: Any) -> Iterator[str]:
    yield "| | before | after |\n|---|---|---|"
    pairs = list(zip(cast(list[dict[str, str]], before), cast(list[dict[str, str]], after), strict=False))
    for was, now in pairs[:TURNS]:
        same = was["content"].split() == now["content"].split()
        yield f"| **{now['role']}** | {cell(was['content'])} | {'*the same*' if same else cell(now['content'])} |"
    if len(pairs) > TURNS:
        yield f"| | *and {len(pairs) - TURNS} more turns* | |"


def _columns(before: Values, after: Values) -> Iterator[str]:
    """Yield what was read, and what is new in the row that was made of it."""
    yield "| | column | value |\n|---|---|---|"
    made = {name: value for name, value in after.items() if name not in before or before[name] != value}
    for side, row in (("read", before), ("made", made)):
        for name, value in row.items():
            if name not in SYSTEM_COLUMNS and value is not None:
                yield f"| *{side}* | {cell(name)} | {cell(str(value))} |"


def cell(text: str) -> str:
    """A text as a cell of a table in Markdown, of which nothing is markup. The UI shows no line breaks in one."""
    lines = [line.strip() for line in short(text, TEXT_SHOWN).splitlines()]
    return _SPECIAL.sub(r"\\\1", f" {NEW_LINE} ".join(line for line in lines if line))
