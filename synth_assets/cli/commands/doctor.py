"""`synth doctor`: what is wrong with this machine, its settings, keys and lake."""

import click

from synth_assets.cli.options import json_option

SECTION = "Keep house"
POSITION = 1


@click.command("doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say what is wrong with the machine, and what to do.

    Python, packages, the home folder, the disk, recipes, the lake, the key (whether there is one, never what it is)
    and the teacher's server; then every setting with its value. The exit code is 1 if something fails.
    """
    from synth_assets import settings
    from synth_assets.cli.diagnostics import examine, list_settings
    from synth_assets.cli.views.findings import print_findings
    from synth_assets.cli.views.terminal import out, print_json

    at = settings.load()
    findings, listed = list(examine(at)), list_settings(at)
    if as_json:
        named = {name: {"value": value, "from": origin} for name, value, origin in listed}
        print_json({"good": all(each.state != "fail" for each in findings), "findings": findings, "settings": named})
    else:
        print_findings(out(), findings, listed)
    ctx.exit(1 if any(each.state == "fail" for each in findings) else 0)
