"""A recipe in Dagster: its graph, a run of it, and what the UI is told."""

from datetime import UTC, datetime

import dagster as dg

from synth_assets.engine import fingerprint_of
from synth_assets.recipes import find_recipe, find_recipes
from tests.integration.dagster.conftest import Place, checks_of

TINY_KEYS = ("tiny/talks", "tiny/rewritten", "tiny/long_enough")


def graph_of(place: Place) -> dict[str, dg.AssetSpec]:
    specs = place.definitions().resolve_all_asset_specs()
    return {spec.key.to_user_string(): spec for spec in specs}


class TestTheGraph:
    def test_a_stage_is_an_asset_that_says_what_it_is(self, place: Place) -> None:
        place.tiny()
        talks, rewritten = (graph_of(place)[f"tiny/{name}"] for name in ("talks", "rewritten"))
        assert talks.group_name == "tiny"
        assert talks.description is not None
        assert talks.description.startswith("what was said")
        assert talks.kinds == {"duckdb", "pandera", "python"}
        assert set(talks.owners) == {"team:tests", "someone@example.org"}
        assert talks.tags["purpose"] == "tests"
        assert [dep.asset_key.path for dep in rewritten.deps] == [["tiny", "talks"]]

    def test_its_code_version_is_the_fingerprint(self, place: Place) -> None:
        place.tiny()
        recipe = find_recipe(place.settings, "tiny")
        for name in recipe.stages:
            assert graph_of(place)[f"tiny/{name}"].code_version == fingerprint_of(recipe, name, place.settings)

    def test_a_model_of_mistral_has_its_kind(self, place: Place) -> None:
        place.tiny()
        text = (place.folder / "recipes" / "tiny.yaml").read_text()
        place.recipe("tiny", text.replace("model: offline", "model: mistral-small-latest"))
        assert "mistral" in graph_of(place)["tiny/rewritten"].kinds

    def test_runs_that_ask_one_model_share_a_pool(self, place: Place) -> None:
        place.tiny()
        text = (place.folder / "recipes" / "tiny.yaml").read_text()
        place.recipe("tiny", text.replace("model: offline", "model: robot, base_url: 'http://127.0.0.1:9'"))
        pools = {key: place.definitions().get_assets_def(key.split("/")).op.pool for key in TINY_KEYS}
        assert pools == {"tiny/talks": None, "tiny/rewritten": "127.0.0.1:9:robot", "tiny/long_enough": None}

    def test_every_shipped_recipe_has_its_assets_and_its_job(self, place: Place) -> None:
        definitions = place.definitions()
        for recipe in find_recipes(place.settings).recipes.values():
            assert {f"{recipe.name}/{stage}" for stage in recipe.stages} <= graph_of(place).keys()
            assert definitions.resolve_job_def(recipe.name)


class TestARun:
    def test_it_makes_every_stage_and_records_every_check(self, place: Place) -> None:
        place.tiny()
        result = place.run("tiny")
        assert result.success
        declared = {
            f"{spec.asset_key.path[-1]}: {spec.name}"
            for spec in place.definitions().resolve_asset_graph().asset_check_keys
            for spec in [spec]
            if spec.asset_key.path[0] == "tiny"
        }
        found = checks_of(result)
        assert found.keys() == declared
        assert all(check.passed for check in found.values())

    def test_the_run_id_in_the_lake_is_that_of_dagster(self, place: Place) -> None:
        place.tiny()
        result = place.run("tiny")
        assert place.rows("SELECT DISTINCT run_id FROM ops.commits WHERE recipe = 'tiny'") == [
            {"run_id": result.run_id}
        ]

    def test_what_the_ui_is_told_of_a_stage_that_asks(self, place: Place) -> None:
        place.tiny()
        place.run("tiny")
        told = place.metadata("tiny/rewritten")
        assert told["dagster/row_count"] == 5
        assert told["dagster/table_name"] == "tiny.rewritten"
        assert (told["calls"], told["ledger hits"], told["rejects"], told["cost_usd"]) == (5, 0, 0, 0.0)
        assert told["prompt tokens"] > 0
        assert "offline teacher" in told["teacher"]
        assert told["snapshot"] <= place.lake().snapshot()
        columns = {column.name: column for column in told["dagster/column_schema"].columns}
        assert columns["messages"].type == "dialog"
        assert columns["call_keys"].description
        assert "What is" in told["preview"].records[0].data["messages"]
        assert "*the same*" in told["examples"]
        assert told["picture"].startswith("![lengths and rejects](data:image/png;base64,")

    def test_made_again_it_costs_nothing_and_says_so(self, place: Place) -> None:
        place.tiny()
        first = place.run("tiny")
        again = place.run("tiny")
        told = place.metadata("tiny/rewritten")
        assert again.success
        assert (told["reused"], told["calls"], told["ledger hits"]) == (True, 0, 5)
        assert told["made by run"] == first.run_id
        assert all(check.passed for check in checks_of(again).values())

    def test_rejects_are_told_by_reason_with_their_rows(self, place: Place) -> None:
        bad = place.folder / "recipes" / "talks.jsonl"
        bad.write_text(bad.read_text() + '\n{"topic": "no dialog"}')
        place.tiny(rows=1000)
        result = place.run("tiny")
        told = place.metadata("tiny/talks")
        assert told["rejects"] == 1
        assert [record.data for record in told["rejects by reason"].records] == [
            {"reason": "messages is missing", "rejects": 1}
        ]
        assert checks_of(result)["talks: reject_rate"].passed

    def test_a_rate_that_warns_blocks_nothing(self, place: Place) -> None:
        file = place.folder / "recipes" / "talks.jsonl"
        file.write_text(file.read_text() + '\n{"topic": "no dialog"}' * 40)
        place.tiny(rows=1000)
        result = place.run("tiny")
        check = checks_of(result)["talks: reject_rate"]
        assert result.success
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)

    def test_a_teacher_without_a_key_fails_with_the_remedy(self, place: Place) -> None:
        place.tiny()
        text = (place.folder / "recipes" / "tiny.yaml").read_text()
        place.recipe("tiny", text.replace("model: offline", "model: mistral-small-latest"))
        result = place.run("tiny")
        failure = result.failure_data_for_node("tiny__rewritten")
        assert failure is not None
        assert failure.user_failure_data is not None
        assert "MISTRAL_API_KEY is not set" in str(failure.user_failure_data.description)
        assert "SYNTH_TEACHER=offline" in str(failure.user_failure_data.metadata["remedy"].value)
        assert place.is_made("tiny/talks")


class TestTheNight:
    def test_it_starts_the_recipe_and_what_follows(self, place: Place) -> None:
        place.tiny(head='schedule: "0 2 * * *"')
        definitions = place.definitions()
        schedule = definitions.resolve_schedule_def("tiny_nightly")
        context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 20, 2, tzinfo=UTC))
        (request,) = schedule.evaluate_tick(context).run_requests or ()
        assert request.partition_key is None
        assert place.run(schedule.job_name).success
        for key in ("tiny/long_enough", "ops/commits", "ops/costs", "ops/warehouse"):
            assert place.is_made(key)

    def test_it_publishes_the_lake_as_one_file(self, place: Place) -> None:
        place.tiny(head='schedule: "0 2 * * *"')
        place.run("tiny_nightly")
        told = place.metadata("ops/warehouse")
        assert told["file"] == str(place.settings.home / "warehouse.duckdb")
        assert (place.settings.home / "warehouse.duckdb").stat().st_size == told["bytes"]


def test_a_recipe_that_is_broken_shows_its_error_and_the_others_work(place: Place) -> None:
    place.tiny()
    place.recipe("sad", "stages:\n  one:\n    kind: soruce\n")
    spec = graph_of(place)["sad/broken_recipe"]
    assert spec.group_name == "sad"
    assert "sad.yaml:3 stages.one.kind" in str(spec.description)
    assert "did you mean" in str(spec.description)
    assert place.run("tiny").success
    failed = place.run_assets("sad/broken_recipe").failure_data_for_node("sad__broken_recipe")
    assert failed is not None
    assert failed.user_failure_data is not None
    assert "did you mean" in str(failed.user_failure_data.description)


def test_a_recipe_that_dagster_refuses_is_told_like_one_that_is_broken(place: Place) -> None:
    place.tiny()
    text = (place.folder / "recipes" / "tiny.yaml").read_text()
    place.recipe("odd", text.replace("purpose: tests", "'no tag!': tests"))
    assert "Dagster refuses it" in str(graph_of(place)["odd/broken_recipe"].description)
    assert "tiny/talks" in graph_of(place)
