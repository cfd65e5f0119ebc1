"""How often Python looks for garbage while an engine is open, and that it does not at the very end."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_SELDOM = (20_000, 20, 100)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """A run makes millions of small objects, few of them in circles: at Python's own pace, looking for those takes
    a tenth of the time."""
    _leave_the_last()
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@cache
def _leave_the_last() -> None:
    """A process that ends would look for half a second more, among what is freed with it anyway."""
    atexit.register(gc.freeze)
