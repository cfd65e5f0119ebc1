"""The map of texts: what is alike lies in one cluster, the same texts make the same map, and few make none."""

import random

import pytest

from synth_assets.analysis.text_map import text_map
from synth_assets.plots.variety_plots import map_png, yields_png

PNG = b"\x89PNG"
TOPICS = {
    "sea": ["fish", "harbour", "salt", "wave", "sail", "tide"],
    "sky": ["cloud", "star", "moon", "comet", "dawn", "wind"],
}


def texts_on(topic: str, count: int) -> list[str]:
    draw = random.Random(topic)
    return [" ".join(["about the", topic, *draw.sample(TOPICS[topic], 3), str(n)]) for n in range(count)]


def test_texts_of_a_topic_lie_together_under_its_words():
    texts = texts_on("sea", 20) + texts_on("sky", 20)
    found = text_map(texts)
    assert found is not None
    assert len(found.points) == len(found.clusters) == 40
    sea, sky = set(found.clusters[:20]), set(found.clusters[20:])
    assert len(sea) == len(sky) == 1
    assert sea != sky
    named = {name for number in sea for name in found.names[number].split(", ")}
    assert named <= {"sea", *TOPICS["sea"]} | {f"{a} {b}" for a in ["sea", *TOPICS["sea"]] for b in TOPICS["sea"]}
    assert found == text_map(texts)


@pytest.mark.parametrize(
    "texts",
    [[], ["one"] * 99, texts_on("sea", 5), [f"{n} {n} {n}" for n in range(9)], ["the of and"] * 9 + ["a"] * 9,
     [f"the {'of ' * n}" for n in range(30)], ["?" * n for n in range(30)]],
)  # fmt: skip
def test_few_texts_or_few_words_make_no_map(texts):
    assert text_map(texts) is None


def test_texts_without_spaces_and_nearly_equal_ones_make_one():
    assert text_map([f"数学 {chr(0x4E00 + n)}{chr(0x4E00 + n % 7)} 海" for n in range(40)]) is not None
    assert text_map([f"the same words again {n % 12} ten{n % 12}" for n in range(200)]) is not None


@pytest.mark.parametrize("groups", [None, ["a", "b"] * 20, [f"leaf {n}" for n in range(40)], ["$x$"] * 39 + ["_$"]])
def test_the_map_is_drawn_whatever_the_groups_are(groups):
    found = text_map(texts_on("sea", 20) + texts_on("sky", 20))
    assert found is not None
    assert map_png(found, groups).startswith(PNG)


def test_yields_are_drawn_with_parts_that_came_to_nothing():
    drawn = yields_png({"a": 3}, {"a": 5, "b": 5}, ("pairs", "questions"))
    assert drawn is not None
    assert drawn.startswith(PNG)
    assert drawn != yields_png({"a": 3}, {"a": 5}, ("pairs", "questions"))
    assert yields_png({}, {}, ("pairs", "")) is None
    assert yields_png({f"leaf {n}": n for n in range(99)}, {}, ("pairs", "")) is not None
