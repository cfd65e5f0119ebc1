"""What the UI shows of judges: how their scores are spread, with those that were turned away."""

import base64

from synth_assets.plots.score_plots import fairness_png, scores_png
from tests.integration.dagster.conftest import Place

JUDGED = """
teacher: {model: offline}
stages:
  asked:
    kind: source
    inline: [{question: "Why is the sea salty?"}, {question: "How do kites fly?"}, {question: "What is a prime?"}]
    columns: {question: text}
  pairs: {kind: answers, from: asked, candidates: 6}
  strict: {kind: judge, from: pairs, work: "{{ question }} {{ answer }}", rubric: Good, scale: 1..3, score: strict,
           explanation: strict_why}
  kind: {kind: judge, from: strict, work: "{{ answer }}", rubric: Kind, scale: 1..3, score: kind, explanation: kind_why}
  both: {kind: panel, from: kind, scores: [strict, kind], combine: minimum, keep: ">= 3"}
  only: {kind: judge, from: pairs, work: "{{ answer }}", rubric: Good, scale: 1..3, keep: ">= 3", draws: 3,
         combine: mean}
  figures: {kind: scores, from: kind, score: strict}
  each: {kind: scores, from: kind, score: kind, by: question}
"""
APART = """
  open: {kind: panel, from: kind, scores: [strict, kind]}
  apart: {kind: scores, from: open, verdicts: score_verdicts}
"""


COMPARED = """
teacher: {model: offline}
stages:
  asked: {kind: source, inline: [{q: "Why is the sea salty?"}, {q: "How do kites fly?"}], columns: {q: text}}
  pairs: {kind: answers, from: asked, question: q, candidates: 4, together: true}
  compared: {kind: compare, from: pairs, question: "{{ q }}", undecided: keep}
  biases: {kind: preferences, from: compared}
"""


def picture(place: Place, key: str, name: str) -> bytes:
    shown = str(place.metadata(key)[name])
    assert shown.startswith(f"![{name}](data:image/png;base64,")
    return base64.b64decode(shown.partition("base64,")[2][:-1])


def test_scores_are_seen_with_those_turned_away(place: Place) -> None:
    place.recipe("mine", JUDGED)
    assert place.run("mine").success
    for stage in ("both", "only"):
        kept = {
            row["s"]: row["n"] for row in place.rows(f"SELECT score AS s, count(*) AS n FROM mine.{stage} GROUP BY 1")
        }
        told = place.rows(
            f"SELECT split_part(reason, ' ', 2)::DOUBLE AS s, count(*) AS n FROM mine.{stage}__rejects GROUP BY 1"
        )
        away = {row["s"]: row["n"] for row in told}
        assert away
        assert sum(kept.values()) + sum(away.values()) == 18
        assert picture(place, f"mine/{stage}", "score") == scores_png(kept, away, "score")
    counted = place.rows("SELECT strict AS s, count(*) AS n FROM mine.kind GROUP BY 1")
    assert picture(place, "mine/figures", "strict") == scores_png({row["s"]: row["n"] for row in counted}, {}, "strict")
    assert picture(place, "mine/each", "kind")


def test_a_panel_of_two_judges_is_measured_like_draws(place: Place) -> None:
    place.recipe("mine", JUDGED + APART)
    assert place.run("mine").success
    (row,) = place.rows("SELECT draw_agreement FROM mine.apart")
    (by_hand,) = place.rows("SELECT avg((strict = kind)::INTEGER) AS share FROM mine.kind")
    assert row["draw_agreement"] == by_hand["share"]


def test_the_fairness_of_a_pairwise_judge_is_seen(place: Place) -> None:
    place.recipe("mine", COMPARED)
    assert place.run("mine").success
    assert picture(place, "mine/biases", "fairness") == fairness_png(place.rows("SELECT * FROM mine.biases"))
