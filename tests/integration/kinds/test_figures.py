"""`diversity` and `scores`, against the same figures computed by hand."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from numpy import corrcoef

from synth_assets.engine import Engine
from synth_assets.recipes import load_recipe
from synth_assets.settings import load

TEXTS = {
    "sea": ["Why is the sea salty?", "Why is the sea salty today?", "Tell me of fish, and fish of me."],
    "sky": ["Naïve 数学!", ""],
}
VERDICTS = [([3, 3, 1], 3), ([2, 2, 2], 1), ([1, 2, 3], 1), ([3, 3, 3], 3)]
RECIPE = """
stages:
  texts: {{kind: source, inline: {texts}, columns: {{leaf: text, text: text}}}}
  variety: {{kind: diversity, from: texts, column: text, by: leaf}}
  whole: {{kind: diversity, from: texts, column: text}}
  judged:
    kind: source
    inline: {judged}
    columns: {{score: integer, verdicts: json, human: integer, text: text}}
  figures: {{kind: scores, from: judged, verdicts: verdicts, human: human, text: text}}
  plain: {{kind: scores, from: judged}}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("figures")
    texts = [{"leaf": leaf, "text": text} for leaf, texts in TEXTS.items() for text in texts]
    judged = [
        {"score": sorted(scores)[1], "human": human, "verdicts": [{"score": n} for n in scores], "text": "x" * index**2}
        for index, (scores, human) in enumerate(VERDICTS, start=1)
    ]
    path = folder / "mine.yaml"
    path.write_text(RECIPE.format(texts=json.dumps(texts), judged=json.dumps(judged)), "utf-8")
    with Engine(load({}, folder)) as opened:
        assert len(opened.run_recipe(load_recipe(path)).results) == 6
        yield opened


def _distinct(texts: Sequence[str], size: int) -> float | None:
    word_lists = [re.findall(r"\w+", text.lower()) for text in texts]
    grams = Counter(tuple(words[at : at + size]) for words in word_lists for at in range(len(words) - size + 1))
    return len(grams) / grams.total() if grams else None


def test_diversity_of_each_leaf(engine: Engine) -> None:
    sea, sky = engine.lake.rows("SELECT * FROM mine.variety ORDER BY part")
    for row, texts in ((sea, TEXTS["sea"]), (sky, TEXTS["sky"])):
        assert row["rows"] == len(texts)
        for size in (1, 2, 3):
            assert row[f"distinct_{size}"] == pytest.approx(_distinct(texts, size))
    assert (sea["part"], sea["share"], sea["words"]) == ("sea", 0.6, 19 / 3)
    assert sea["self_similarity"] == pytest.approx(2 / 3), "two of three share `why is the sea`"
    assert (sky["words"], sky["distinct_3"], sky["self_similarity"]) == (1, None, 0)


def test_diversity_of_the_whole(engine: Engine) -> None:
    (row,) = engine.lake.rows("SELECT * FROM mine.whole")
    assert (row["part"], row["rows"], row["share"]) == ("all", 5, 1)
    assert row["distinct_2"] == pytest.approx(_distinct([*TEXTS["sea"], *TEXTS["sky"]], 2))


def test_figures_of_a_judge(engine: Engine) -> None:
    (row,) = engine.lake.rows("SELECT * FROM mine.figures")
    assert (row["rows"], row["mean"], row["lowest"], row["highest"]) == (4, 2.5, 2, 3)
    assert json.loads(row["distribution"]) == {"2.0": 2, "3.0": 2}
    assert row["draw_agreement"] == pytest.approx((1 + 3 + 0 + 3) / 12), "equal pairs of three draws each"
    assert row["human_agreement"] == 0.5
    assert row["human_bias"] == pytest.approx((0 + 1 + 1 + 0) / 4)
    assert row["human_rows"] == 4
    assert row["human_correlation"] == pytest.approx(corrcoef([3, 2, 2, 3], [3, 1, 1, 3])[0, 1])
    assert row["length_bias"] == pytest.approx(corrcoef([3, 2, 2, 3], [1, 4, 9, 16])[0, 1])


def test_what_is_not_given_is_not_measured(engine: Engine) -> None:
    (row,) = engine.lake.rows(
        "SELECT draw_agreement, human_agreement, human_bias, human_correlation, length_bias FROM mine.plain"
    )
    assert set(row.values()) == {None}
    (row,) = engine.lake.rows("SELECT human_rows FROM mine.plain")
    assert row["human_rows"] == 0
