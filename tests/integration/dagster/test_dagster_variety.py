"""What the UI shows of a dataset's variety: the map of its texts, and the rows of each leaf."""

from synth_assets.plots.variety_plots import yields_png
from tests.integration.dagster.conftest import Place


def test_the_taxonomy_shows_its_map_and_the_yield_of_each_leaf(place: Place) -> None:
    assert place.run("taxonomy").success
    told = place.metadata("taxonomy/variety")
    assert str(told["map of question"]).startswith("![map of question](data:image/png;base64,")
    counted = [
        {row["leaf"]: row["n"] for row in place.rows(f"SELECT leaf, count(*) AS n FROM taxonomy.{stage} GROUP BY 1")}
        for stage in ("judged_pairs", "questions")
    ]
    drawn = yields_png(counted[0], counted[1], ("judged_pairs", "questions"))
    assert drawn is not None
    assert len(str(told["rows by leaf"])) >= len(drawn), "the picture is in it"
    judged = place.metadata("taxonomy/judged_pairs")
    assert str(judged["score"]).startswith("![score]")
