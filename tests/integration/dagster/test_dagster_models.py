"""SQL models in Dagster: what they read, what they promise, and where their columns come from."""

import dagster as dg

from tests.integration.dagster.conftest import Place, checks_of

TOPICS = """-- How long the topics are.
SELECT [row_id] AS parent_ids, topic, length(topic) AS letters
FROM tiny.talks
WHERE length(topic) > 0
"""


def spec_of(place: Place, key: str) -> dg.AssetSpec:
    return next(s for s in place.definitions().resolve_all_asset_specs() if s.key.to_user_string() == key)


class TestAModel:
    def test_it_is_an_asset_of_its_file(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.topics", TOPICS)
        spec = spec_of(place, "tiny/topics")
        assert spec.group_name == "tiny"
        assert str(spec.description).startswith("How long the topics are.")
        assert [dep.asset_key.path for dep in spec.deps] == [["tiny", "talks"]]
        assert "sql" in spec.kinds

    def test_its_rows_name_their_parents(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.topics", TOPICS)
        place.run("tiny")
        assert place.run_assets("tiny/topics").success
        found = place.rows(
            "SELECT t.topic, m.letters FROM tiny.topics m JOIN tiny.talks t ON t.row_id = m.parent_ids[1] ORDER BY ALL"
        )
        assert found == [{"topic": f"sums {n:03}", "letters": 8} for n in range(5)]

    def test_its_columns_tell_where_they_come_from(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.topics", TOPICS)
        place.run("tiny")
        place.run_assets("tiny/topics")
        told = place.metadata("tiny/topics")
        lineage = told["dagster/column_lineage"].deps_by_column
        assert [(d.asset_key.path, d.column_name) for d in lineage["letters"]] == [(["tiny", "talks"], "topic")]
        table = spec_of(place, "tiny/topics").metadata["made from"].value.records
        assert {record.data["column"]: record.data["made from"] for record in table}["letters"] == "tiny.talks.topic"

    def test_computed_again_to_the_same_it_commits_nothing(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.topics", TOPICS)
        place.run("tiny")
        place.run_assets("tiny/topics")
        before = place.lake().snapshot()
        assert place.run_assets("tiny/topics").success
        assert place.metadata("tiny/topics")["reused"] is True
        assert place.lake().snapshot() == before

    def test_a_view_is_checked_and_then_always_as_new_as_what_it_reads(self, place: Place) -> None:
        place.tiny()
        contract = "materialized: view\ncolumns: {topic: {type: text, unique: true}}"
        place.model("tiny.topics", "SELECT topic FROM tiny.talks", contract)
        place.run("tiny")
        result = place.run_assets("tiny/topics")
        assert result.success
        assert checks_of(result)["topics: topic_is_unique"].passed
        assert place.metadata("tiny/topics")["dagster/row_count"] == 5
        assert len(place.metadata("tiny/topics")["preview"].records) == 5
        place.tiny(rows=8)
        place.run("tiny")
        assert place.rows("SELECT count(*) AS n FROM tiny.topics") == [{"n": 8}]
        assert place.run_assets("tiny/topics").success

    def test_partitioned_it_reads_its_own_day(self, place: Place) -> None:
        place.tiny(head="partitions: {daily: 2026-11-01}", rows=4)
        place.model("tiny.topics", TOPICS, "partitioned: true")
        for day in ("2026-11-01", "2026-11-02"):
            assert place.run_assets("tiny/talks", "tiny/topics", partition=day).success
        found = place.rows("SELECT partition_key AS day, count(*) AS n FROM tiny.topics GROUP BY ALL ORDER BY day")
        assert found == [{"day": "2026-11-01", "n": 4}, {"day": "2026-11-02", "n": 4}]


class TestItsContract:
    def test_a_relationship_is_a_gate_that_shows_what_is_missing(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.known", "SELECT topic AS name FROM tiny.talks LIMIT 4")
        place.model(
            "tiny.topics", TOPICS, "columns: {letters: {type: integer}, topic: {type: text, in: tiny.known.name}}"
        )
        place.run("tiny")
        result = place.run_assets("tiny/known", "tiny/topics")
        check = checks_of(result)["topics: topic_is_in_tiny_known"]
        assert (check.passed, check.blocking) == (False, True)
        assert [record.data for record in check.metadata["failing rows"].value.records] == [{"topic": "sums 004"}]
        assert not place.is_made("tiny/topics")

    def test_a_value_twice_is_a_gate(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.topics", TOPICS, "columns: {topic: {type: text}, letters: {type: integer, unique: true}}")
        place.run("tiny")
        check = checks_of(place.run_assets("tiny/topics"))["topics: letters_is_unique"]
        assert not check.passed
        assert check.metadata["failing rows"].value.records

    def test_rows_that_are_old_warn(self, place: Place) -> None:
        place.tiny()
        contract = (
            "freshness: {max_age_h: 1, column: said_at}\ncolumns: {topic: {type: text}, said_at: {type: timestamp}}"
        )
        place.model("tiny.said", "SELECT topic, TIMESTAMPTZ '2020-01-01' AS said_at FROM tiny.talks", contract)
        place.run("tiny")
        result = place.run_assets("tiny/said")
        check = checks_of(result)["said: is_fresh"]
        assert result.success
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "2020-01-01" in str(check.description)


class TestWhatIsWrong:
    def test_a_typo_is_shown_with_its_line_and_the_others_load(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.topics", TOPICS.replace("length(topic) AS", "length(topik) AS"))
        spec = spec_of(place, "tiny/topics")
        assert "topics.sql:2" in str(spec.description)
        assert 'did you mean "topic"' in str(spec.description)
        assert place.run("tiny").success

    def test_models_in_a_circle_leave_the_rest(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.a", "SELECT topic FROM tiny.b")
        place.model("tiny.b", "SELECT topic FROM tiny.a")
        told = [str(spec.description) for spec in place.definitions().resolve_all_asset_specs()]
        assert any("circle" in text for text in told)
        assert place.run("tiny").success

    def test_a_model_in_the_place_of_a_stage_is_refused(self, place: Place) -> None:
        place.tiny()
        place.model("tiny.talks", "SELECT 1 AS one")
        assert "a recipe makes the table of that name" in str(spec_of(place, "tiny/talks_model").description)
        assert place.run("tiny").success


def test_the_engines_tables_come_after_the_stages_that_write_them(place: Place) -> None:
    place.tiny()
    calls, commits = spec_of(place, "ops/calls"), spec_of(place, "ops/commits")
    assert dg.AssetKey(["tiny", "rewritten"]) in {dep.asset_key for dep in calls.deps}
    assert dg.AssetKey(["tiny", "long_enough"]) in {dep.asset_key for dep in commits.deps}
    assert "ops/costs" in {spec.key.to_user_string() for spec in place.definitions().resolve_all_asset_specs()}
