"""Errors as people and scripts read them: what is wrong, where, and what to do next."""

from typing import TYPE_CHECKING

from synth_assets.cli.view.terminal import err, json_ready, print_json
from synth_assets.cli.view.verdicts import print_verdicts
from synth_assets.core.errors import SynthError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synth_assets.engine import Verdict


def print_error(error: SynthError, *, as_json: bool) -> None:
    """The error on stderr; as JSON, on stdout."""
    if as_json:
        print_json({"error": error_json(error)})
        return
    console = err()
    if verdicts := _verdicts(error):
        print_verdicts(console, verdicts)
    console.print(error_text(error))


def error_text(error: SynthError, *, mark: bool = True) -> "RenderableType":
    """The place, the fault, and the remedy below it. An error that holds others is told by them."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    problems = _problems(error)
    if problems:
        return Group(*(error_text(problem, mark=mark) for problem in problems))
    place = (f"{error.where}: ", "bold") if error.where else ""
    fault = Text.assemble(("✗ ", "bold red") if mark else "  ", place, error.message)
    if not error.remedy:
        return fault
    return Group(fault, Padding(Text.assemble(("→ ", "cyan"), error.remedy), (0, 0, 0, 2 if mark else 4), expand=False))


def error_json(error: SynthError) -> dict[str, object]:
    """What a script wants to know of an error."""
    told: dict[str, object] = {
        "kind": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }
    if problems := _problems(error):
        told["problems"] = [error_json(problem) for problem in problems]
    if verdicts := _verdicts(error):
        told["verdicts"] = json_ready(verdicts)
    return told


def _problems(error: SynthError) -> tuple[SynthError, ...]:
    return tuple(getattr(error, "problems", ()))


def _verdicts(error: SynthError) -> "tuple[Verdict, ...]":
    """The checks of a gate that closed."""
    return tuple(getattr(error, "verdicts", ()))
