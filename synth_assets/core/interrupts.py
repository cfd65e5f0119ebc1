"""Ctrl-C and SIGTERM: which handler is in force, and for how long."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = "Callable[[int, FrameType | None], object] | signal.Handlers"


@contextmanager
def handle_signals(handler: Handler, *signals: signal.Signals) -> Iterator[None]:
    """Provide a block in which the signals have this handler; it changes nothing outside the main thread."""
    if not _may_set_handlers():
        yield
        return
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, previous in before.items():
            if previous is not None:  # None is a handler that Python did not set
                signal.signal(number, previous)


@contextmanager
def interrupt_on_ctrl_c() -> Iterator[None]:
    """Provide a block in which Ctrl-C raises KeyboardInterrupt, on which asyncio ends its tasks in order.

    In a run of Dagster, its own exception could be lost in whichever callback the event loop happens to run.
    """
    with handle_signals(signal.default_int_handler, signal.SIGINT):
        yield


@contextmanager
def exit_on_ctrl_c() -> Iterator[None]:
    """Provide a block in which Ctrl-C ends the process at once: a long query lets Python handle nothing before its end.

    Only for what reads: nothing is tidied up.
    """
    with handle_signals(signal.SIG_DFL, signal.SIGINT):
        yield


@contextmanager
def interrupt_on_shutdown() -> Iterator[None]:
    """Provide a block in which ending the process, or closing its terminal, does what Ctrl-C does."""
    with handle_signals(signal.default_int_handler, signal.SIGTERM, signal.SIGHUP):
        yield


def listen_to_ctrl_c() -> None:
    """Handle Ctrl-C where a shell without job control started the process in the background, ignoring it."""
    if _may_set_handlers() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def treat_sigterm_as_ctrl_c() -> None:
    """Stop on SIGTERM, which systems send when they shut down, as on Ctrl-C."""
    if _may_set_handlers():
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def _may_set_handlers() -> bool:
    return threading.current_thread() is threading.main_thread()
