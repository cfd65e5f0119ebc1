"""Orders the rows of a source and divides them among partitions: the same way each time, on every machine."""

import random
from collections.abc import Iterable, Iterator
from typing import TypeVar

from synth_assets.core.canonical import Json, content_hash

T = TypeVar("T")


def shuffle(items: Iterable[T], seed: int | None, buffer: int) -> Iterator[T]:
    """The items in an order that the seed decides, holding `buffer` of them; without a seed as they are."""
    if seed is None:
        yield from items
        return
    # Of Python's generators only `random()` is promised to stay the same across versions.
    draw = random.Random(seed).random
    kept: list[T] = []
    for item in items:
        if len(kept) < buffer:
            kept.append(item)
            continue
        index = int(draw() * buffer)
        yield kept[index]
        kept[index] = item
    while kept:
        index = int(draw() * len(kept))
        kept[index], kept[-1] = kept[-1], kept[index]
        yield kept.pop()


def shard_of(content: Json, of: int) -> int:
    """The shard that a row's content decides."""
    return int(content_hash("shard/1", content), 16) % of
