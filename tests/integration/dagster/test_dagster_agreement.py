"""What the UI shows of labels: the confusion matrix and the reliability of votes, as pictures on the asset."""

from synth_assets.recipes import find_recipes
from tests.integration.dagster.conftest import Place


def test_an_agreement_shows_its_pictures(place: Place) -> None:
    recipe = find_recipes(place.settings).get("financial_sentiment")
    (name,) = [name for name, stage in recipe.stages.items() if stage.kind == "agreement"]
    result = place.run("financial_sentiment")
    materialized = result.asset_materializations_for_node(f"financial_sentiment__{name}")
    (told,) = [each.metadata for each in materialized]
    pictures = [key for key in told if key.startswith(("confusion of", "reliability of"))]
    assert pictures
    assert all(str(told[key].value).startswith("![") for key in pictures)
