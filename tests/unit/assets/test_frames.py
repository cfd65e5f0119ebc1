"""Frames on their way into the lake."""

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest

from synth_assets.assets.lake_io import arrow_of

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("ignores", [None, "1"], ids=["", "Pandera imported"])
def test_moments_keep_their_moment(monkeypatch: pytest.MonkeyPatch, ignores: str | None) -> None:
    monkeypatch.delenv("PYARROW_IGNORE_TIMEZONE", raising=False)
    if ignores:
        monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", ignores)
    east, west = (NOON.astimezone(timezone(timedelta(hours=hours))) for hours in (2, -5))
    frame = pd.DataFrame({"mixed": pd.Series([east, west, None], dtype=object), "east": [east] * 3})
    told = arrow_of(frame).to_pydict()
    assert told == {"mixed": [NOON, NOON, None], "east": [NOON] * 3}
    assert frame["mixed"][0] is east, "the frame is its owner's"
