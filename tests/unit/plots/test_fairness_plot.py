"""The picture of a pairwise judge."""

from synth_assets.plots.score_plots import fairness_png


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
