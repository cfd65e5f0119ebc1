"""Pictures of scores: what is counted is drawn, and nothing is drawn of nothing."""

from synth_assets.training.score_plots import parts_png, scores_png, short

PNG = b"\x89PNG"


def test_no_scores_no_picture():
    assert scores_png({}, {}, "score") is None
    assert parts_png({"a": {}}, "score") is None


def test_what_was_turned_away_is_part_of_the_picture():
    kept, away = {2.0: 3, 3.0: 4}, {1.0: 2}
    drawn = scores_png(kept, away, "score")
    assert drawn is not None
    assert drawn.startswith(PNG)
    assert drawn == scores_png(kept, away, "score"), "the same counts make the same picture"
    assert drawn != scores_png(kept, {}, "score")
    assert scores_png({}, away, "score") is not None, "all were turned away"


def test_many_means_and_many_parts_fit_into_a_picture():
    assert scores_png({n / 7: n for n in range(1, 60)}, {}, "score") is not None
    assert parts_png({f"leaf {n}": {1.0: n, 2.0: 3} for n in range(1, 60)}, "score") is not None


def test_of_a_long_path_the_end_is_told():
    assert short("knowledge/" * 9 + "phoenix").endswith("/phoenix")
    assert len(short("x" * 99)) == 44
