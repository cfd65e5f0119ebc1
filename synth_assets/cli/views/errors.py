"""Errors as people and scripts read them: what is wrong, where, and what to do next."""

from typing import TYPE_CHECKING

from synth_assets.cli.views.terminal import err, json_ready, print_json
from synth_assets.cli.views.verdicts import print_verdicts
from synth_assets.cli.views.words import safe
from synth_assets.core.errors import SynthError

if TYPE_CHECKING:
    from rich.text import Text

    from synth_assets.engine import CheckResult


def print_error(error: SynthError, *, as_json: bool) -> None:
    """Print the error on stderr, its lines whole so that a place can be copied; as JSON, on stdout."""
    if as_json:
        print_json({"error": error_json(error)})
        return
    console = err()
    if verdicts := _verdicts(error):
        print_verdicts(console, verdicts)
    console.print(error_text(error), soft_wrap=True)


def error_text(error: SynthError, *, mark: bool = True) -> "Text":
    """Return the location, the fault, and the remedy below it. An error that holds others is shown by them."""
    from rich.text import Text

    problems = _problems(error)
    if problems:
        return Text("\n").join(error_text(problem, mark=mark) for problem in problems)
    where = (f"{error.where}: ", "bold") if error.where else ""
    text = Text.assemble(("✗ ", "bold red") if mark else "  ", where, safe(error.message))
    if error.remedy:
        text.append_text(Text.assemble("\n  " if mark else "\n    ", ("→ ", "cyan"), safe(error.remedy)))
    return text


def error_json(error: SynthError) -> dict[str, object]:
    """Return what a script wants to know of an error."""
    fields: dict[str, object] = {
        "kind": type(error).__name__,
        "message": error.message,
        "where": error.where,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }
    if problems := _problems(error):
        fields["problems"] = [error_json(problem) for problem in problems]
    if verdicts := _verdicts(error):
        fields["verdicts"] = json_ready(verdicts)
    return fields


def _problems(error: SynthError) -> tuple[SynthError, ...]:
    return tuple(getattr(error, "problems", ()))


def _verdicts(error: SynthError) -> "tuple[CheckResult, ...]":
    """Return the checks of a gate that closed."""
    return tuple(getattr(error, "verdicts", ()))
