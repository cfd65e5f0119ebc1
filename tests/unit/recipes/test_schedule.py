"""A schedule that the recipe accepts is one that Dagster runs, and the other way round."""

import pytest
from dagster._utils.schedules import is_valid_cron_schedule
from hypothesis import given
from hypothesis import strategies as st

from synth_assets.recipes.schedule import check_cron


@pytest.mark.parametrize(
    "line", ["0 2 * * *", "*/15 8-18 * * mon-fri", "30 4 1,15 * *", "0 0 1 jan *", "5 4 * * sun", "0 0 * * 7"]
)
def test_a_valid_cron_line_is_accepted(line):
    assert check_cron(line) == line
    assert is_valid_cron_schedule(line)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nightly", "has 1"),
        ("0 2 * *", "has 4"),
        ("0 0 2 * * *", "has 6"),
        ("60 2 * * *", 'minute "60" is not within 0 and 59'),
        ("0 24 * * *", "hour"),
        ("0 2 0 * *", "day"),
        ("0 2 * 13 *", "month"),
        ("0 2 * * 8", "weekday"),
        ("*/0 2 * * *", "minute"),
        ("0 9-8 * * *", "hour"),
        ("0 two * * *", "hour"),
        ("0, 2 * * *", "minute"),
    ],
)
def test_an_invalid_cron_line_is_refused_by_its_field(line, fault):
    with pytest.raises(ValueError, match=fault):
        check_cron(line)


PART = st.one_of(
    st.just("*"),
    st.integers(0, 70).map(str),
    st.builds("*/{}".format, st.integers(0, 12)),
    st.builds("{}-{}".format, st.integers(0, 30), st.integers(0, 30)),
)


@given(st.lists(PART, min_size=5, max_size=5).map(" ".join))
def test_what_is_accepted_dagster_accepts_too(line):
    try:
        check_cron(line)
    except ValueError:
        return
    assert is_valid_cron_schedule(line)
