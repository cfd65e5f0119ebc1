"""What people write themselves: assets in Python that read a table of the lake and make one."""

import re
import runpy
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from synth_assets.assets import lake_resources
from tests.integration.dagster.conftest import Place

README = Path(__file__).resolve().parents[3] / "README.md"


def snippet() -> str:
    """The asset in Python that the README shows."""
    (found,) = [
        block for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL) if "@dg.asset" in block
    ]
    return str(found)


def run(place: Place, *assets: dg.AssetsDefinition, partition: str | None = None) -> dg.ExecuteInProcessResult:
    own = dg.Definitions.merge(place.definitions(), dg.Definitions(list(assets)))
    return own.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=place.instance,
        asset_selection=[asset.key for asset in assets],
        partition_key=partition,
        raise_on_error=False,
    )


class TestAnAssetOfOnesOwn:
    def test_that_of_the_readme_has_at_most_fifteen_lines(self) -> None:
        assert len([line for line in snippet().splitlines() if line.strip()]) <= 15

    def test_that_of_the_readme_works(self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert place.run("mitall").success
        monkeypatch.setenv("SYNTH_HOME", str(place.settings.home))
        module = tmp_path / "my_assets.py"
        module.write_text(snippet())
        found = [value for value in runpy.run_path(str(module)).values() if isinstance(value, dg.Definitions)]
        assert len(found) == 1, "Dagster refuses a module that holds more than one"
        job = found[0].resolve_implicit_global_asset_job_def()
        asked = [dg.AssetKey(["mine", "turns"])]
        assert job.execute_in_process(instance=place.instance, asset_selection=asked).success
        (row,) = place.rows("SELECT count(*) AS n, bool_and(turns >= 2) AS all_turns FROM mine.turns")
        assert row["n"] == len(place.rows("SELECT 1 FROM mitall.rewritten_dialogs"))
        assert row["all_turns"]

    def test_it_reads_a_table_and_makes_one(self, place: Place) -> None:
        place.tiny()
        place.run("tiny")

        @dg.asset(key=["mine", "turns"], ins={"talks": dg.AssetIn(["tiny", "rewritten"])})
        def turns(talks: pd.DataFrame) -> pd.DataFrame:
            return pd.DataFrame({"row_id": talks.row_id, "turns": talks.messages.map(len), "topic": talks.topic})

        assert run(place, turns).success
        rows = place.rows("SELECT turns, topic, parent_ids FROM mine.turns ORDER BY topic")
        talks = place.rows("SELECT row_id FROM tiny.rewritten ORDER BY topic")
        assert [(row["turns"], row["topic"]) for row in rows] == [(2, f"sums {n:03}") for n in range(5)]
        assert [row["parent_ids"] for row in rows] == [[talk["row_id"]] for talk in talks]
        told = place.metadata("mine/turns")
        assert told["dagster/row_count"] == 5
        assert {column.name: column.type for column in told["dagster/column_schema"].columns}["turns"] == "int64"

    def test_its_commit_is_in_the_books(self, place: Place) -> None:
        @dg.asset(key=["mine", "numbers"])
        def numbers() -> pd.DataFrame:
            return pd.DataFrame({"n": [1, 2, None], "at": pd.to_datetime(["2026-11-01"] * 3, utc=True)})

        result = run(place, numbers)
        assert result.success
        (book,) = place.rows("SELECT run_id, kind, rows FROM ops.commits WHERE recipe = 'mine'")
        assert book == {"run_id": result.run_id, "kind": "python", "rows": 3}
        assert [row["n"] for row in place.rows("SELECT n FROM mine.numbers ORDER BY n NULLS LAST")] == [1, 2, None]

    def test_arrow_goes_in_and_out_and_nested_values_stay_whole(self, place: Place) -> None:
        place.tiny()
        place.run("tiny")

        @dg.asset(key=["mine", "copy"], ins={"talks": dg.AssetIn(["tiny", "talks"])})
        def copy(talks: pa.Table) -> pa.Table:
            return talks.select(["row_id", "messages"])

        assert run(place, copy).success
        assert place.rows("SELECT messages FROM mine.copy ORDER BY messages") == place.rows(
            "SELECT messages FROM tiny.talks ORDER BY messages"
        )

    def test_partitions_are_read_and_written_one_by_one(self, place: Place) -> None:
        place.tiny(head="partitions: {daily: 2026-11-01}", rows=4)
        for day in ("2026-11-01", "2026-11-02"):
            place.run_assets("tiny/talks", partition=day)

        @dg.asset(
            key=["mine", "topics"],
            ins={"talks": dg.AssetIn(["tiny", "talks"])},
            partitions_def=dg.DailyPartitionsDefinition("2026-11-01", end_offset=1),
        )
        def topics(talks: pd.DataFrame) -> pd.DataFrame:
            return talks[["topic"]]

        for day in ("2026-11-01", "2026-11-02", "2026-11-01"):
            assert run(place, topics, partition=day).success
        found = place.rows("SELECT partition_key AS day, count(*) AS n FROM mine.topics GROUP BY ALL ORDER BY day")
        assert found == [{"day": "2026-11-01", "n": 4}, {"day": "2026-11-02", "n": 4}]

    def test_a_column_of_several_types_is_an_error_that_names_it(self, place: Place) -> None:
        @dg.asset(key=["mine", "mixed"])
        def mixed() -> pd.DataFrame:
            return pd.DataFrame({"odd": [1, "two", {"three": 3}]})

        failure = run(place, mixed).failure_data_for_node("mine__mixed")
        assert failure is not None
        assert failure.error is not None
        assert "odd" in failure.error.to_string()

    def test_another_code_location_reads_with_the_resources_alone(self, place: Place) -> None:
        place.tiny()
        place.run("tiny")

        @dg.asset(key=["mine", "count"], ins={"talks": dg.AssetIn(["tiny", "talks"])})
        def count(talks: pd.DataFrame) -> pd.DataFrame:
            return pd.DataFrame({"rows": [len(talks)]})

        elsewhere = dg.Definitions([dg.AssetSpec(["tiny", "talks"]), count], resources=lake_resources(place.settings))
        job = elsewhere.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=place.instance).success
        assert place.rows('SELECT "rows" FROM mine.count') == [{"rows": 5}]
