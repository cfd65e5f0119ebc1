"""`synth trace`: where a row, or a line of a training file, comes from."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from synth_assets.cli.options import json_option

if TYPE_CHECKING:
    from synth_assets.engine import TraceNode
    from synth_assets.lake import Lake

SECTION = "Look into it"
POSITION = 3

_COMMIT_KEY = ("run_id", "recipe", "stage", "partition_key")


@click.command("trace")
@click.argument("what", metavar="ROW|FILE:LINE")
@click.option("--full", is_flag=True, help="Whole prompts and replies, not their beginnings.")
@json_option
def command(what: str, full: bool, as_json: bool) -> None:
    """Say where a row comes from.

    The chain from a row (by its row_id) or a line of a training file back to the source: each row it was made from,
    the prompts and replies that made it, the model, cost and time of each, and the run and snapshot it came with.
    """
    from synth_assets import settings
    from synth_assets.cli.lakes import lake_to_read
    from synth_assets.cli.views.terminal import out, print_json
    from synth_assets.cli.views.traces import print_trace
    from synth_assets.engine import trace

    with lake_to_read(settings.load()) as lake:
        chain = chain_of(lake, trace(lake, what))
    if as_json:
        print_json(chain)
    else:
        print_trace(out(), chain, full=full)


def chain_of(lake: "Lake", link: "TraceNode") -> dict[str, Any]:
    """Return the chain as nested objects, each with the snapshot its commit made, where that is still kept."""
    snapshots = {
        tuple(getattr(each.about, name) for name in _COMMIT_KEY): each.id
        for run_id in {str(each.commit["run_id"]) for each in link.walk() if each.commit}
        for each in lake.commits_of(run_id)
    }
    return _node_json(link, snapshots)


def _node_json(link: "TraceNode", snapshots: Mapping[tuple[Any, ...], int]) -> dict[str, Any]:
    """Return what the lake keeps as the text of JSON is JSON here."""
    commit = dict(link.commit)
    if commit:
        commit["inputs"] = json.loads(commit["inputs"])
    return {
        "table": link.table,
        "row_id": link.row_id,
        "snapshot": snapshots.get(tuple(commit.get(name) for name in _COMMIT_KEY)),
        "commit": commit,
        "values": dict(link.values),
        "calls": [{**call, "request": json.loads(call["request"])} for call in link.calls],
        "parents": [_node_json(parent, snapshots) for parent in link.parents],
    }
