"""Orders the rows of a source and divides them among partitions: the same way each time, on every machine."""

import random
from collections.abc import Iterable, Iterator
from typing import TypeVar

from synth_assets.core.canonical import Json, content_hash

T = TypeVar("T")


def shuffle(items: Iterable[T], seed: int | None, buffer: int) -> Iterator[T]:
    """Yield the items in an order that the seed decides, holding `buffer` of them; without a seed as they are."""
    if seed is None:
        yield from items
        return
    # Of Python's generators only `random()` is promised to stay the same across versions.
    draw = random.Random(seed).random
    window: list[T] = []
    for item in items:
        if len(window) < buffer:
            window.append(item)
            continue
        index = int(draw() * buffer)
        yield window[index]
        window[index] = item
    while window:
        index = int(draw() * len(window))
        window[index], window[-1] = window[-1], window[index]
        yield window.pop()


def shard_of(content: Json, of: int) -> int:
    """Return the shard that a row's content decides."""
    return int(content_hash("shard/1", content), 16) % of
