"""A gate that closes: the check is red and shows its rows, nothing is materialized, nothing after it runs."""

import dagster as dg

from tests.integration.dagster.conftest import Place, checks_of

LONG_ENOUGH = dg.AssetKey(["tiny", "long_enough"])


class TestAClosedGate:
    def test_the_check_is_red_and_its_rows_can_be_read(self, place: Place) -> None:
        place.tiny(checks="checks: {min_length: {topic: 100}}")
        result = place.run("tiny")
        check = checks_of(result)["long_enough: rows_are_valid"]
        assert not result.success
        assert (check.passed, check.blocking) == (False, True)
        rows = check.metadata["failing rows"].value.records
        assert len(rows) == 5
        assert rows[0].data["fault"] == "topic is shorter than 100"
        assert rows[0].data["topic"] == "sums 000"

    def test_nothing_is_materialized_and_the_table_is_as_before(self, place: Place) -> None:
        place.tiny()
        place.run("tiny")
        before = place.rows("SELECT * FROM tiny.long_enough ORDER BY row_id")
        made = place.instance.get_latest_materialization_event(LONG_ENOUGH)
        place.tiny(rows=8, checks="checks: {min_length: {topic: 100}}")
        place.run("tiny")
        assert place.instance.get_latest_materialization_event(LONG_ENOUGH) == made
        assert place.rows("SELECT * FROM tiny.long_enough ORDER BY row_id") == before
        assert len(place.rows("SELECT * FROM tiny.talks")) == 8

    def test_what_comes_after_does_not_run(self, place: Place) -> None:
        place.tiny()
        text = (place.folder / "recipes" / "tiny.yaml").read_text()
        place.recipe("tiny", text.replace("rows: 5", "rows: 5\n    checks: {min_rows: 6}"))
        result = place.run("tiny")
        assert not checks_of(result)["talks: enough_rows"].passed
        assert not place.is_made("tiny/talks")
        assert not place.is_made("tiny/rewritten")
        assert {event.step_key for event in result.all_events if event.event_type_value == "STEP_START"} == {
            "tiny__talks"
        }

    def test_it_is_not_tried_again(self, place: Place) -> None:
        place.tiny(checks="checks: {min_rows: 6}")
        failure = place.run("tiny").failure_data_for_node("tiny__long_enough")
        assert failure is not None
        assert failure.user_failure_data is not None
        assert "5 rows, at least 6 wanted" in str(failure.user_failure_data.description)
        assert failure.error is not None
        assert failure.error.cls_name == "Failure"
