"""The engine's own tables as assets, and the lake as one plain file for other tools."""

from collections.abc import Iterable, Sequence

import dagster as dg

from synth_assets.assets.checks import failure_of
from synth_assets.assets.tables import table_column, table_of
from synth_assets.core.contract import Contract
from synth_assets.core.errors import SynthError
from synth_assets.core.stage import Ask
from synth_assets.engine import Engine
from synth_assets.engine.tables import CALLS, ENGINE_TABLES
from synth_assets.recipes import Recipe

GROUP = "ops"
PREVIEW_ROWS = 5
WAREHOUSE = dg.AssetKey([GROUP, "warehouse"])


def engine_assets(recipes: Iterable[Recipe]) -> list[dg.AssetsDefinition]:
    """The tables that every run writes. They come after what writes them, so that who reads them comes later still."""
    known = list(recipes)
    asks = [
        key for recipe in known for key in _last(recipe, [n for n, s in recipe.stages.items() if isinstance(s, Ask)])
    ]
    ends = [key for recipe in known for key in _last(recipe, list(recipe.stages))]
    return [
        _engine_asset(table, contract, asks if table == CALLS else ends) for table, contract in ENGINE_TABLES.items()
    ]


def _asking(recipe: Recipe) -> list[str]:
    return [name for name, stage in recipe.stages.items() if isinstance(stage, Ask)]


def _last(recipe: Recipe, names: Sequence[str]) -> list[dg.AssetKey]:
    """Return those of the stages that none of the others reads."""
    read = {upstream for name in names for upstream in recipe.upstream(name)}
    return [dg.AssetKey([recipe.name, name]) for name in names if name not in read]


def _engine_asset(table: str, contract: Contract, after: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    schema = dg.TableSchema([table_column(column) for column in contract.columns])

    @dg.asset(
        key=table.split("."),
        deps=after,
        group_name=GROUP,
        description=f"{contract.description}\n\nEvery run writes it; to materialize it only counts it for this page.",
        kinds={"duckdb", "table"},
        io_manager_key="stage_io",
        required_resource_keys={"engine"},
        metadata={"dagster/table_name": table, "dagster/column_schema": schema},
    )
    def compute(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        engine: Engine = context.resources.engine
        at = engine.lake.snapshot()
        newest = engine.lake.rows(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT {PREVIEW_ROWS}", at=at)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": engine.lake.count(table, at=at),
                "snapshot": at,
                "newest rows": table_of(newest),
            }
        )

    return compute


def warehouse_asset(after: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the published file."""

    @dg.asset(
        key=WAREHOUSE,
        deps=after,
        group_name=GROUP,
        description="The whole lake as one plain DuckDB file, replaced in one step, for BI tools and other versions.",
        kinds={"duckdb", "file"},
        io_manager_key="stage_io",
        required_resource_keys={"engine"},
    )
    def compute(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        engine: Engine = context.resources.engine
        try:
            report = engine.lake.publish(engine.settings.home / "warehouse.duckdb")
        except SynthError as error:
            raise failure_of(error) from error
        return dg.MaterializeResult(
            metadata={
                "file": dg.MetadataValue.path(str(report.path)),
                "dagster/row_count": report.rows,
                "tables": len(report.tables),
                "bytes": report.bytes,
                "snapshot": report.snapshot,
            }
        )

    return compute
