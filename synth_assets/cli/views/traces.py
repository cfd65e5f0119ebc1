"""The chain of a row as a tree: the row, what was asked and answered to make it, and the rows it was made from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synth_assets.cli.views.words import cell, moment, money, safe, seconds, short
from synth_assets.core.contract import WHOLE

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

BEGINNING = 160
_HIDDEN = ("row_id", "partition_key")


def print_trace(console: "Console", chain: Mapping[str, Any], *, full: bool) -> None:
    """Print the whole chain, from the row back to its source."""
    from rich.tree import Tree

    tree = Tree(_headline(chain), guide_style="dim")
    _grow(tree, chain, full=full)
    console.print(tree)


def _grow(tree: "Tree", link: Mapping[str, Any], *, full: bool) -> None:
    from rich.text import Text

    if link["commit"]:
        tree.add(Text(_commit(link["commit"], link["snapshot"]), "dim"))
    for name, value in link["values"].items():
        if name not in _HIDDEN and value is not None:
            tree.add(_reply_text(name, _value(value), full=full))
    for call in link["calls"]:
        _grow_call(tree, call, full=full)
    for parent in link["parents"]:
        _grow(tree.add(_headline(parent)), parent, full=full)


def _grow_call(tree: "Tree", call: Mapping[str, Any], *, full: bool) -> None:
    from rich.text import Text

    items = [
        str(call["model"]),
        f"repair {call['repair']}" if call["repair"] else "",
        f"draw {call['draw']}" if call["draw"] else "",
        f"{call['prompt_tokens']:,} + {call['completion_tokens']:,} tokens",
        money(call["cost_usd"]),
        seconds(call["latency_s"]),
        moment(call["asked_at"]),
    ]
    branch = tree.add(Text.assemble(("asked ", "bold yellow"), safe(" · ".join(part for part in items if part))))
    for message in call["request"]["messages"]:
        branch.add(_reply_text(message["role"], message["content"], full=full))
    branch.add(_reply_text("reply", call["reply"], full=full, style="bold green"))
    branch.add(Text(f"call {call['call_key']} of {safe(call['endpoint'])}", "dim"))


def _headline(link: Mapping[str, Any]) -> "Text":
    from rich.text import Text

    values = link["values"]
    part = values.get("partition_key", WHOLE)
    where = "" if part == WHOLE else f"[{part}]"
    line = f"  {values['file']}:{values['line']}" if {"file", "line"} <= values.keys() else ""
    return Text.assemble((f"{link['table']}{where}", "bold cyan"), "  ", link["row_id"], (line, "bold"))


def _commit(commit: Mapping[str, Any], snapshot: int | None) -> str:
    at = f"snapshot {snapshot}" if snapshot is not None else "its snapshot is gone"
    return f"{commit['kind']} · run {commit['run_id']} · {at} · {moment(commit['committed_at'])}"


def _reply_text(name: str, text: str, *, full: bool, style: str = "dim") -> "Text":
    from rich.text import Text

    return Text.assemble((f"{name}: ", style), safe(text) if full else short(safe(text), BEGINNING))


def _value(value: Any) -> str:
    """Return a dialog as talk, all else as it is."""
    if isinstance(value, list) and value and all(isinstance(turn, dict) and "content" in turn for turn in value):
        return "\n".join(f"{turn['role']}: {turn['content']}" for turn in value)
    return cell(value)
