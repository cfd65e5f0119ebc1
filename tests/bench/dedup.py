"""How fast near-duplicates are found, and how many of those that were planted.

    python tests/bench/dedup.py [ROWS …]        (default: 20000 200000)

The questions are made of 20,000 made-up words in 400 frames, 8 to 30 words each; every tenth is an earlier one with a
word changed. `planted` is the share of those that were found (a changed word makes some short ones too different to
count); `others` are likenesses that arose by chance.
"""

import random
import resource
import sys
import time
from collections.abc import Iterator

from synth_assets.kinds.support.similarity.minhash import MinHash
from synth_assets.kinds.support.similarity.rouge_l import RougeL
from synth_assets.kinds.support.similarity.text_index import Index

THRESHOLD = 0.7
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def words(draw: random.Random, count: int) -> list[str]:
    return [
        "".join(draw.choice(_CONSONANTS) + draw.choice(_VOWELS) for _ in range(draw.randint(1, 4)))
        for _ in range(count)
    ]


def questions(rows: int) -> Iterator[tuple[str, bool]]:
    """Questions, and whether each was made of an earlier one."""
    draw = random.Random(7)
    vocabulary = words(draw, 20_000)
    frames = [[draw.choice(vocabulary) for _ in range(draw.randint(4, 8))] for _ in range(400)]
    made: list[list[str]] = []
    for number in range(rows):
        if number % 10 == 9:
            text = list(draw.choice(made))
            text[draw.randrange(len(text))] = draw.choice(vocabulary)
            yield " ".join(text), True
            continue
        text = list(draw.choice(frames))
        for _ in range(draw.randint(4, 22)):
            text.insert(draw.randint(0, len(text)), draw.choice(vocabulary))
        if len(made) < 20_000:
            made.append(text)
        yield " ".join(text), False


def measure(index: Index, rows: int) -> tuple[float, float, int]:
    """Seconds, the share of planted twins that were found, and how many others were."""
    found = planted = others = 0
    prepared = list(questions(rows))
    started = time.perf_counter()
    for text, is_twin in prepared:
        is_found = index.near(text) is not None
        if not is_found:
            index.add(text)
        planted += is_twin
        found += is_twin and is_found
        others += is_found and not is_twin
    return time.perf_counter() - started, found / planted, others


def main(sizes: list[int]) -> None:
    print(f"{'by':>8} {'rows':>8} {'seconds':>8} {'rows/s':>8} {'planted':>8} {'others':>7} {'peak MB':>8}")
    for rows in sizes:
        for name, kind in (("minhash", MinHash), ("rouge_l", RougeL)):
            if name == "rouge_l" and rows > 20_000:
                continue  # for sets of that size there is MinHash
            seconds, share, others = measure(kind(THRESHOLD), rows)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:>8} {rows:>8} {seconds:>8.1f} {rows / seconds:>8.0f} {share:>8.1%} {others:>7} {peak:>8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [20_000, 200_000])
