"""`synth trace`: where a row, or a line of a training file, comes from."""


import click

from synth_assets.cli.options import json_option



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
    from synth_assets.cli.view.terminal import out, print_json
    from synth_assets.cli.view.traces import print_trace
    from synth_assets.engine import trace

    with lake_to_read(settings.load()) as lake:
        link = trace(lake, what)
    if as_json:
        print_json(link)
    else:
        print_trace(out(), link, full=full)
