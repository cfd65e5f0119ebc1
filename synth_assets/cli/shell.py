"""The SQL shell: reads questions to the end of their semicolon, and a few commands that begin with a backslash."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from synth_assets.cli.answers import first_rows
from synth_assets.cli.views.answers import print_answer
from synth_assets.cli.views.records import print_records
from synth_assets.cli.views.terminal import out
from synth_assets.core.errors import SynthError
from synth_assets.core.interrupts import exit_on_ctrl_c

if TYPE_CHECKING:
    from synth_assets.lake import Lake

HELP = """\
A question ends with a semicolon; tables are recipe.stage. Nothing can be
changed from here.
  \\d           the tables        \\d TABLE    the columns of a table
  \\s           the snapshots     \\at NUMBER  ask as of a snapshot
  \\q           leave             \\?          this help"""


def edit_lines(history: Path, words: list[str]) -> Callable[[], None]:
    """Lines that can be edited, Tab, and what was asked before, where there is readline; the result keeps a line."""
    try:
        import readline
    except ImportError:
        return lambda: None

    def complete(begun: str, index: int) -> str | None:
        fitting = [word for word in words if word.startswith(begun)]
        return fitting[index] if index < len(fitting) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n(),;=<>")
    readline.parse_and_bind("tab: complete")
    readline.set_history_length(1_000)
    if history.is_file():
        readline.read_history_file(history)
    return lambda: readline.write_history_file(history)


class Shell:
    """A conversation with the lake. An error is printed, and the conversation goes on."""

    def __init__(self, lake: "Lake", at: int | None) -> None:
        self._lake, self._at = lake, at
        self._console = out()
        self._commands: dict[str, Callable[[str], None]] = {
            "\\d": self._describe,
            "\\s": self._snapshots,
            "\\at": self._travel,
            "\\?": lambda _: self._console.print(HELP, markup=False),
        }

    def run(self, history: Path) -> None:
        """Until the person leaves."""
        self._console.print(HELP, style="dim", markup=False)
        keep_line = edit_lines(history, self._words())
        for text in self._questions():
            keep_line()
            try:
                with exit_on_ctrl_c():
                    self._answer(text)
            except SynthError as error:
                from synth_assets.cli.views.errors import print_error

                print_error(error, as_json=False)

    def _questions(self) -> Iterator[str]:
        waiting: list[str] = []
        while True:
            try:
                line = input("   ... " if waiting else self._prompt())
            except KeyboardInterrupt:
                waiting.clear()
                print()  # noqa: T201 - the next prompt begins on its own line
                continue
            except EOFError:
                return
            if not waiting and line.strip() in ("\\q", "exit", "quit"):
                return
            waiting += [line] if line.strip() else []
            if waiting and (waiting[0].startswith("\\") or waiting[-1].rstrip().endswith(";")):
                yield "\n".join(waiting)
                waiting.clear()

    def _prompt(self) -> str:
        return "synth> " if self._at is None else f"synth@{self._at}> "

    def _answer(self, text: str) -> None:
        if not text.startswith("\\"):
            print_answer(self._console, first_rows(self._lake, text, self._at))
            return
        name, _, argument = text.strip().partition(" ")
        command = self._commands.get(name, self._commands["\\?"])
        command(argument.strip().rstrip(";"))

    def _describe(self, table: str) -> None:
        if table:
            print_records(self._console, ("column", "type"), list(self._lake.columns(table, self._at).items()))
        else:
            tables = self._lake.tables(self._at)
            print_records(
                self._console, ("table", "rows"), [(each, self._lake.count(each, at=self._at)) for each in tables]
            )

    def _snapshots(self, _: str) -> None:
        newest = self._lake.snapshots()[-20:]
        print_records(self._console, ("snapshot", "time", "message"), [(s.id, s.time, s.message) for s in newest])

    def _travel(self, snapshot: str) -> None:
        if snapshot and not snapshot.isdigit():
            raise SynthError(f"{snapshot} is no snapshot", remedy="\\s lists the newest")
        at = int(snapshot) if snapshot else None
        self._lake.tables(at)
        self._at = at

    def _words(self) -> list[str]:
        """Return what Tab completes: tables and their columns."""
        tables = self._lake.tables(self._at)
        return sorted({*tables, *(column for table in tables for column in self._lake.columns(table, self._at))})
