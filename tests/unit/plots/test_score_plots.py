"""Plots of scores and of a pairwise judge: what is counted is drawn, and nothing is drawn of nothing."""

import pytest

from synth_assets.plots.canvas import new_figure, shorten
from synth_assets.plots.score_plots import _mark_scores, fairness_png, parts_png, scores_png

PNG = b"\x89PNG"


def test_no_scores_no_picture():
    assert scores_png({}, {}, "score") is None
    assert parts_png({"a": {}}, "score") is None


def test_what_was_turned_away_is_part_of_the_picture():
    kept, rejected = {2.0: 3, 3.0: 4}, {1.0: 2}
    drawn = scores_png(kept, rejected, "score")
    assert drawn is not None
    assert drawn.startswith(PNG)
    assert drawn == scores_png(kept, rejected, "score"), "the same counts make the same picture"
    assert drawn != scores_png(kept, {}, "score")
    assert scores_png({}, rejected, "score") is not None, "all were turned away"


def test_many_means_and_many_parts_fit_into_a_picture():
    assert scores_png({n / 7: n for n in range(1, 60)}, {}, "score") is not None
    assert parts_png({f"leaf {n}": {1.0: n, 2.0: 3} for n in range(1, 60)}, "score") is not None


def test_of_a_long_path_the_end_is_told():
    assert shorten("knowledge/" * 9 + "phoenix") == "…/knowledge/knowledge/knowledge/phoenix", "whole folders"
    assert len(shorten("x" * 99)) == len(shorten("knowledge/" + "x" * 99)) == 44


def test_of_a_long_sentence_the_beginning_is_told():
    assert shorten("How would you go about and/or around it when there are only ten minutes left?").startswith("How wo")


@pytest.mark.parametrize(
    ("scores", "ticks"),
    [
        ([1, 2, 3], ["1", "2", "3"]),
        ([1, 1.5, 2.5, 3], ["1", "1.5", "2.5", "3"]),
        ([4, 4.33, 5.67, 6, 10], ["4", "5", "6", "7", "8", "9", "10"]),
        ([2], ["2"]),
    ],
)
def test_scores_that_stand_close_together_do_not_hide_each_other(scores, ticks):
    figure, axes = new_figure(5, 3)
    _mark_scores(axes, scores)
    assert [label.get_text() for label in axes.get_xticklabels()] == ticks
    assert figure is axes.figure


def row(part: str, first: float | None, longer: float | None = 0.6) -> dict[str, object]:
    return {"part": part, "first_share": first, "longer_share": longer, "verdicts": 40, "pairs": 25,
            "swap_agreement": 0.8}  # fmt: skip


def test_bias_is_drawn_for_each_part():
    drawn = fairness_png([row("a", 0.5), row("b", 0.9, None), row("c", 0.0), row("d", 1.0), row("ties only", None)])
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    assert drawn != fairness_png([row("a", 0.5)])


def test_only_ties_make_no_picture():
    assert fairness_png([]) is None
    assert fairness_png([row("all", None)]) is None
