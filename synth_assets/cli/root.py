"""The command `synth`: finds its commands by name, and is the one place where errors become words and exit codes."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from synth_assets.cli.interrupts import install_interrupt_handler
from synth_assets.cli.options import asks_for_json
from synth_assets.core.errors import SynthError
from synth_assets.core.suggestions import nearest_name

INTERRUPTED = 130

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Make a dataset": ("up", "check", "plan", "run", "export", "predict"),
    "Look into it": ("show", "sql", "trace", "diff", "validate"),
    "Keep house": ("doctor", "lake", "teacher"),
}
"""The commands, in the order of the help. Each is the object `command` of the module of its name."""


class Root(click.Group):
    """Loads a command when it is called: `synth --help` reads no lake and no library of weight."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found = importlib.import_module(f"{__package__}.commands.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            nearest = nearest_name(args[0], self.list_commands(ctx))
            if nearest is None:
                raise
            raise click.UsageError(f"{error.message} Did you mean `synth {nearest}`?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, _help_line(self.get_command(ctx, name))) for name in names])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SynthError as error:
            from synth_assets.cli.views.errors import print_error

            print_error(error, as_json=asks_for_json(ctx))
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("\ninterrupted", err=True)
            ctx.exit(INTERRUPTED)


def _help_line(command: click.Command | None) -> str:
    return command.get_short_help_str(100) if command is not None else ""


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(None, "-V", "--version", package_name="synth-assets", message="%(prog)s %(version)s")
def main() -> None:
    """Synthetic fine-tuning data: made by a teacher LLM, kept in a DuckDB lake, every row traceable.

    Start with `synth run mitall`; it needs no key. Everything made lies in SYNTH_HOME (.synth here).
    """
    install_interrupt_handler()
