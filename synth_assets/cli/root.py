"""The command `synth`: finds its commands in a folder; the one place where errors become words and exit codes."""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import click

from synth_assets.cli import commands
from synth_assets.cli.options import asks_for_json
from synth_assets.core.errors import SynthError
from synth_assets.core.interrupts import listen_to_ctrl_c
from synth_assets.core.suggestions import nearest_name

INTERRUPTED = 130

SECTIONS = ("Make a dataset", "Look into it", "Keep house")
"""The sections of the help, in its order."""


def command_names() -> list[str]:
    """Return the names of the commands: each is a module of the folder `commands`."""
    return [module.name for module in pkgutil.iter_modules(commands.__path__)]


def commands_by_section() -> Mapping[str, Sequence[str]]:
    """Return the commands under the section that each declares, in the order of the help."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in command_names():
        module = _load_module(name)
        found[module.SECTION].append((getattr(module, "POSITION", len(command_names())), name))
    return {section: [name for _, name in sorted(found[section])] for section in SECTIONS}


class Root(click.Group):
    """Loads a command when it is called: `synth --help` reads no lake and no library of weight."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return command_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in command_names():
            return None
        found = _load_module(cmd_name).command
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
        for title, names in commands_by_section().items():
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


def _load_module(name: str) -> ModuleType:
    return importlib.import_module(f"{commands.__name__}.{name}")


def _help_line(command: click.Command | None) -> str:
    return command.get_short_help_str(100) if command is not None else ""


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(None, "-V", "--version", package_name="synth-assets", message="%(prog)s %(version)s")
def main() -> None:
    """Synthetic fine-tuning data: made by a teacher LLM, kept in a DuckDB lake, every row traceable.

    Start with `synth run mitall`; it needs no key. Everything made lies in SYNTH_HOME (.synth here).
    """
    listen_to_ctrl_c()
