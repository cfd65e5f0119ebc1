"""What tests of Sift kinds share: rows go in, and come out as ids and reasons."""

from collections.abc import Mapping, Sequence

from synth_assets.core.stage import Rejection, Row, Sift


def rows(column: str, values: Sequence[object], prefix: str = "r") -> list[Row]:
    return [Row(f"{prefix}{index}", {column: value}) for index, value in enumerate(values)]


def sifted(
    stage: Sift, given: Sequence[Row], others: Mapping[str, Sequence[Row]] | None = None
) -> tuple[list[str], dict[str, str]]:
    """The ids of the rows that stay, and for each other row why not. None is lost, none comes twice."""
    outcomes = list(stage.sift(iter(given), {name: iter(other) for name, other in (others or {}).items()}))
    assert [each.parent for each in outcomes] == list(given)
    kept = [each.parent.row_id for each in outcomes if not isinstance(each.outcome, Rejection)]
    rejected = {
        each.parent.row_id: f"{each.outcome.reason}: {each.outcome.detail}"
        for each in outcomes
        if isinstance(each.outcome, Rejection)
    }
    return kept, rejected
