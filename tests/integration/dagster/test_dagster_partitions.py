"""Days and shards: each run fills its own part, what needs the whole follows, and the night takes the newest."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from synth_assets.assets.nightly import RANGE_END, RANGE_START
from tests.integration.dagster.conftest import Place, checks_of

DAYS = ("2026-11-01", "2026-11-02", "2026-11-03")
DAILY = """
partitions: {daily: 2026-11-01}
schedule: "0 2 * * *"
"""
WHOLE = """
  all_of_it:
    kind: chat_jsonl
    from: long_enough
"""


def daily(place: Place) -> None:
    place.tiny(head=DAILY, rows=4)
    file = place.folder / "recipes" / "tiny.yaml"
    file.write_text(file.read_text() + WHOLE)


def rows_of_days(place: Place) -> dict[str, set[object]]:
    rows = place.rows("SELECT partition_key AS day, topic FROM tiny.rewritten")
    return {day: {row["topic"] for row in rows if row["day"] == day} for day in {str(row["day"]) for row in rows}}


class TestDays:
    def test_their_rows_are_disjoint(self, place: Place) -> None:
        daily(place)
        for day in reversed(DAYS):
            assert place.run_assets("tiny/talks", "tiny/rewritten", "tiny/long_enough", partition=day).success
        found = rows_of_days(place)
        assert {day: len(topics) for day, topics in found.items()} == dict.fromkeys(DAYS, 4)
        assert len(set.union(*found.values())) == 12
        assert place.metadata("tiny/rewritten")["dagster/partition_row_count"] == 4
        assert place.metadata("tiny/rewritten")["dagster/row_count"] == 12

    def test_one_run_again_replaces_only_its_own(self, place: Place) -> None:
        daily(place)
        for day in DAYS[:2]:
            place.run_assets("tiny/talks", partition=day)
        before = place.rows("SELECT * FROM tiny.talks WHERE partition_key = '2026-11-01' ORDER BY row_id")
        lines = (place.folder / "recipes" / "talks.jsonl").read_text().replace("sums 005", "changed")
        (place.folder / "recipes" / "talks.jsonl").write_text(lines)
        place.run_assets("tiny/talks", partition="2026-11-02")
        assert place.rows("SELECT * FROM tiny.talks WHERE partition_key = '2026-11-01' ORDER BY row_id") == before
        assert {"topic": "changed"} in place.rows("SELECT topic FROM tiny.talks WHERE partition_key = '2026-11-02'")

    def test_checks_belong_to_the_day(self, place: Place) -> None:
        daily(place)
        result = place.run_assets("tiny/talks", partition=DAYS[1])
        assert {check.partition for check in checks_of(result).values()} == {DAYS[1]}

    def test_what_needs_the_whole_has_no_partitions_and_takes_the_days_there_are(self, place: Place) -> None:
        daily(place)
        for day in DAYS[:2]:
            place.run_assets("tiny/talks", "tiny/rewritten", "tiny/long_enough", partition=day)
        assert place.run_assets("tiny/all_of_it").success
        assert place.rows("SELECT count(*) AS n FROM tiny.all_of_it") == [{"n": 8}]
        assert place.metadata("tiny/all_of_it")["export folder"]

    @pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
    def test_it_follows_by_itself_although_most_days_are_missing(self, place: Place) -> None:
        daily(place)
        definitions = place.definitions()
        before = dg.evaluate_automation_conditions(definitions, place.instance)
        place.run_assets("tiny/talks", "tiny/rewritten", "tiny/long_enough", partition=DAYS[0])
        after = dg.evaluate_automation_conditions(definitions, place.instance, cursor=before.cursor)
        assert before.total_requested == 0
        assert after.get_requested_partitions(dg.AssetKey(["tiny", "all_of_it"])) == {None}
        assert after.total_requested == 1


class TestTheNight:
    def test_it_makes_the_newest_day_and_then_what_follows(self, place: Place) -> None:
        daily(place)
        schedule = place.definitions().resolve_schedule_def("tiny_nightly")
        clock = dg.build_schedule_context(
            instance=place.instance,
            scheduled_execution_time=datetime(2026, 11, 3, 2, tzinfo=UTC),
            repository_def=place.definitions().get_repository_def(),
        )
        (request,) = schedule.evaluate_tick(clock).run_requests or ()
        assert request.partition_key == "2026-11-03"
        assert place.run(schedule.job_name, partition=request.partition_key).success
        assert rows_of_days(place).keys() == {"2026-11-03"}
        assert place.rows("SELECT count(*) AS n FROM tiny.all_of_it") == [{"n": 4}]
        assert place.is_made("ops/warehouse")

    def test_before_the_first_day_it_waits(self, place: Place) -> None:
        daily(place)
        schedule = place.definitions().resolve_schedule_def("tiny_nightly")
        clock = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 10, 31, 2, tzinfo=UTC))
        tick = schedule.evaluate_tick(clock)
        assert not tick.run_requests
        assert "2026-11-01" in str(tick.skip_message)


class TestShards:
    @pytest.fixture
    def shards(self, place: Place) -> Place:
        place.tiny(head='partitions: {shards: 3}\nschedule: "0 2 * * *"', rows=30)
        return place

    def test_one_run_of_the_night_fills_them_all(self, shards: Place) -> None:
        schedule = shards.definitions().resolve_schedule_def("tiny_nightly")
        clock = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 3, 2, tzinfo=UTC))
        (request,) = schedule.evaluate_tick(clock).run_requests or ()
        assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("shard-00", "shard-02")
        result = shards.run(schedule.job_name, **{name: request.tags[name] for name in (RANGE_START, RANGE_END)})
        assert result.success
        counts = shards.rows("SELECT partition_key, count(*) AS n FROM tiny.rewritten GROUP BY ALL")
        assert {row["partition_key"] for row in counts} == {"shard-00", "shard-01", "shard-02"}
        assert sum(int(str(row["n"])) for row in counts) == 30
        told = checks_of(result)["rewritten: enough_rows"].description
        assert "shard-00" in str(told)
        assert "shard-02" in str(told)

    def test_each_shard_has_its_own_materialization(self, shards: Place) -> None:
        shards.run("tiny", **{RANGE_START: "shard-00", RANGE_END: "shard-02"})
        key = dg.AssetKey(["tiny", "talks"])
        events = shards.instance.fetch_materializations(key, limit=10).records
        counts = {event.partition_key: event.asset_materialization for event in events}
        assert counts.keys() == {"shard-00", "shard-01", "shard-02"}
        told = [found.metadata["dagster/partition_row_count"].value for found in counts.values() if found]
        assert sum(told) == 30
