"""What the UI shows of labels: confusion matrices, the reliability of votes and costs, as pictures on the asset."""

from synth_assets.recipes import find_recipe
from tests.integration.dagster.conftest import Place


def test_agreement_student_and_costs_show_their_pictures(place: Place) -> None:
    recipe = find_recipe(place.settings, "financial_sentiment")
    result = place.run("financial_sentiment")
    shown = {}
    for name in recipe.stages:
        (made,) = result.asset_materializations_for_node(f"financial_sentiment__{name}")
        shown[name] = [key for key, told in made.metadata.items() if str(told.value).startswith("![")]
    assert {"confusion of votes", "reliability of votes", "confusion of direct"} <= set(shown["agreement"])
    assert "confusion, held out" in shown["student"]
    assert "costs" in shown["costs"]
