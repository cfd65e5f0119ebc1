"""Ctrl-C and SIGTERM: a run stops cleanly, a question just ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def install_interrupt_handler() -> None:
    """A shell without job control starts what is in the background deaf to Ctrl-C; SIGTERM and we need it heard."""
    if _may_set_signals() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_as_by_ctrl_c() -> None:
    """Whoever ends the process with SIGTERM, as systems do when they shut down, gets the stop of Ctrl-C, too."""
    if _may_set_signals():
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Ctrl-C ends the process at once while the block runs: a long query lets Python hear of nothing before its end.

    Only for what reads: nothing is tidied up.
    """
    if not _may_set_signals():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _may_set_signals() -> bool:
    return threading.current_thread() is threading.main_thread()
