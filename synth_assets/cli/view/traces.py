"""The chain of a row as a tree: the row, what was asked and answered to make it, and the rows it was made from."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synth_assets.cli.view.words import cell, money, moment, safe, seconds, short
from synth_assets.core.contract import WHOLE

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    from synth_assets.engine import Link

BEGINNING = 160
_HIDDEN = ("row_id", "partition_key")


def print_trace(console: "Console", link: "Link", *, full: bool) -> None:
    """The whole chain, from the row back to its source."""
    from rich.tree import Tree

    tree = Tree(_headline(link), guide_style="dim")
    _grow(tree, link, full=full)
    console.print(tree)


def _grow(tree: "Tree", link: "Link", *, full: bool) -> None:
    from rich.text import Text

    if link.commit:
        tree.add(Text(_commit(link.commit), "dim"))
    for name, value in link.values.items():
        if name not in _HIDDEN and value is not None:
            tree.add(_said(name, _value(value), full=full))
    for call in link.calls:
        _grow_call(tree, call, full=full)
    for parent in link.parents:
        _grow(tree.add(_headline(parent)), parent, full=full)


def _grow_call(tree: "Tree", call: Mapping[str, Any], *, full: bool) -> None:
    from rich.text import Text

    told = [
        str(call["model"]),
        f"repair {call['repair']}" if call["repair"] else "",
        f"draw {call['draw']}" if call["draw"] else "",
        f"{call['prompt_tokens']:,} + {call['completion_tokens']:,} tokens",
        money(call["cost_usd"]),
        seconds(call["latency_s"]),
        moment(call["asked_at"]),
    ]
    branch = tree.add(Text.assemble(("asked ", "bold yellow"), " · ".join(part for part in told if part)))
    for message in json.loads(call["request"])["messages"]:
        branch.add(_said(message["role"], message["content"], full=full))
    branch.add(_said("reply", call["reply"], full=full, style="bold green"))
    branch.add(Text(f"call {call['call_key']} of {call['endpoint']}", "dim"))


def _headline(link: "Link") -> "Text":
    from rich.text import Text

    part = link.values.get("partition_key", WHOLE)
    where = "" if part == WHOLE else f"[{part}]"
    line = f"  {link.values['file']}:{link.values['line']}" if {"file", "line"} <= link.values.keys() else ""
    return Text.assemble((f"{link.table}{where}", "bold cyan"), "  ", link.row_id, (line, "bold"))


def _commit(commit: Mapping[str, Any]) -> str:
    when = moment(commit["committed_at"])
    return f"{commit['kind']} · run {commit['run_id']} · {when} · fingerprint {short(commit['fingerprint'], 12)}"


def _said(name: str, text: str, *, full: bool, style: str = "dim") -> "Text":
    from rich.text import Text

    return Text.assemble((f"{name}: ", style), safe(text) if full else short(safe(text), BEGINNING))


def _value(value: Any) -> str:
    """A dialog as talk, all else as it is."""
    if isinstance(value, list) and value and all(isinstance(turn, dict) and "content" in turn for turn in value):
        return "\n".join(f"{turn['role']}: {turn['content']}" for turn in value)
    return cell(value)
