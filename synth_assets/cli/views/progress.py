"""What is seen of a run while it goes: bars on a terminal, a line now and then elsewhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from synth_assets.cli.views.terminal import done, err, warned
from synth_assets.cli.views.words import count, money, seconds, some

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from synth_assets.engine import Job, StageResult, Tally

REDRAW_S = 0.1
LINE_EVERY_S = 10.0


class Watcher(Protocol):
    """Watches a run: each job as it starts, each of its input rows that is done, and its end."""

    def start(self, job: "Job") -> None:
        """Note that a job begins."""

    def update(self, job: "Job", tally: "Tally") -> None:
        """Note that one more input row of the job is done."""

    def finish(self, result: "StageResult") -> None:
        """Note that a job is committed, or was current."""


@contextmanager
def watching() -> "Iterator[Watcher]":
    """Provide the watcher that suits where stderr goes."""
    console = err()
    with _listening(console):
        if not console.is_terminal:
            yield Lines(console)
            return
        with _progress(console) as progress:
            yield Bars(progress)


@contextmanager
def _listening(console: "Console") -> Iterator[None]:
    """Print what is logged meanwhile, such as how far a batch job is, between the lines of the watcher."""
    logger, ear = logging.getLogger("synth_assets"), _Ear(console)
    level = logger.level
    logger.addHandler(ear)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(ear)
        logger.setLevel(level)


class _Ear(logging.Handler):
    def __init__(self, console: "Console") -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            warned(self._console, record.getMessage())
        else:
            self._console.print(f"  {record.getMessage()}", markup=False)


class Bars:
    """A bar for the job at work; what is finished moves up as a line."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._name = ""
        self._done = 0
        self._drawn = 0.0

    def start(self, job: "Job") -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._done, self._drawn, self._name = 0, 0.0, _label(job)
        self._task = self._progress.add_task(self._name, total=None, spent="", rate="")

    def update(self, job: "Job", tally: "Tally") -> None:
        if _label(job) != self._name:
            self.start(job)
        self._done += 1
        now = time.monotonic()
        if self._task is None or now - self._drawn < REDRAW_S:
            return
        self._drawn = now
        task = next(each for each in self._progress.tasks if each.id == self._task)
        rate = f"{self._done / task.elapsed:,.0f}/s" if task.elapsed else ""
        self._progress.update(self._task, completed=self._done, total=tally.input_total, spent=_spent(tally), rate=rate)

    def finish(self, result: "StageResult") -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        done(self._progress.console, finished(result))


class Lines:
    """A line for each job that is finished, and now and then one for the job at work."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._name = ""
        self._done = 0
        self._started = self._printed_at = 0.0

    def start(self, job: "Job") -> None:
        self._done, self._name = 0, _label(job)
        self._started = self._printed_at = time.monotonic()

    def update(self, job: "Job", tally: "Tally") -> None:
        if _label(job) != self._name:
            self.start(job)
        self._done += 1
        now = time.monotonic()
        if now - self._printed_at < LINE_EVERY_S:
            return
        self._printed_at = now
        rate = self._done / (now - self._started)
        of = f" of {count(tally.input_total)}" if tally.input_total is not None else ""
        left = (tally.input_total - self._done) / rate if tally.input_total is not None else None
        items = [f"{count(self._done)}{of} rows", f"{rate:,.0f}/s", _spent(tally)]
        items += [f"{seconds(left)} left"] if left is not None else []
        line = f"  {self._name}: {', '.join(part for part in items if part)}"
        self._console.print(line, markup=False)

    def finish(self, result: "StageResult") -> None:
        done(self._console, finished(result))


def finished(result: "StageResult") -> str:
    """Return one line about a job that is over."""
    name, tally = _name(result.table, result.partition_key), result.tally
    if result.reused:
        return f"{name}: {some(tally.rows, 'row')}, as it should be"
    rejects = f", {some(tally.rejects, 'reject')}" if tally.rejects else ""
    rejects += f", {some(len(result.rounds.rounds), 'round')}" if result.rounds else ""
    return f"{name}: {some(tally.rows, 'row')}{rejects} in {seconds(result.duration_s)}"


def _label(job: "Job") -> str:
    """Return a job as it is shown; a round of a goal has its number."""
    name = _name(job.table, job.partition.key)
    return f"{name}, round {job.round}" if job.round else name


def _name(table: str, partition_key: str) -> str:
    from synth_assets.core.contract import WHOLE

    return table if partition_key == WHOLE else f"{table}[{partition_key}]"


def _spent(tally: "Tally") -> str:
    if not tally.calls and not tally.hits:
        return ""
    tokens = tally.prompt_tokens + tally.completion_tokens
    ledger = f", {count(tally.hits)} from the ledger" if tally.hits else ""
    return f"{some(tally.calls, 'call')}{ledger}, {some(tokens, 'token')}, {money(tally.cost_usd)}"


def _progress(console: "Console") -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[spent]}", style="dim"),
        TimeRemainingColumn(compact=True),
        console=console,
    )
