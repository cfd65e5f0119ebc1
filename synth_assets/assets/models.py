"""SQL models as assets: what they read, their checks, and from which columns each of theirs is made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg

from synth_assets.assets.checks import check_specs
from synth_assets.assets.materialize import Filling, Yield, materialize
from synth_assets.assets.metadata import Made
from synth_assets.assets.partitions import FOLLOWS, partitions_of
from synth_assets.assets.tables import column_schema, dagster_type, system_columns, table_column, table_of
from synth_assets.core.contract import Contract, Gate
from synth_assets.core.stage import Partition
from synth_assets.engine import Engine, StageResult
from synth_assets.engine.models import FRESH, contract_of, freshness_of
from synth_assets.recipes import Recipe
from synth_assets.sql import Model, column_lineage, output_columns

Tables = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Around:
    """What a model stands among: the tables it may read, and the recipe whose partitions it shares."""

    known: Tables
    recipe: Recipe | None = None
    reads_parts: bool = False


def model_asset(model: Model, around: Around) -> dg.AssetsDefinition:
    """Return the asset of a SQL model."""
    key = dg.AssetKey([model.schema, model.name])
    contract = model.contract or Contract((), model.description, Gate(min_rows=0))
    recipe = around.recipe if model.partitioned else None
    partitions = partitions_of(recipe) if recipe else None
    lineage = column_lineage(model, around.known)
    fresh = model.freshness

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(table.split(".")) for table in model.inputs],
        group_name=model.schema,
        description=f"{model.description}\n\n```sql\n{model.sql}\n```".strip(),
        kinds={"duckdb", "view" if model.materialized == "view" else "sql", "pandera"},
        owners=list(model.owners),
        code_version=model.fingerprint(),
        partitions_def=partitions,
        check_specs=[*check_specs(key, contract, partitions), *_freshness_specs(key, model)],
        dagster_type=dagster_type(model.table, contract),
        io_manager_key="stage_io",
        required_resource_keys={"engine"},
        automation_condition=FOLLOWS if around.reads_parts and partitions is None else None,
        freshness_policy=dg.FreshnessPolicy.time_window(timedelta(hours=fresh.max_age_h)) if fresh else None,
        metadata=_facts(model, around, contract, lineage),
    )
    def compute(context: dg.AssetExecutionContext) -> Iterator[Yield]:
        engine: Engine = context.resources.engine
        parts = [recipe.partition(part) for part in context.partition_keys] if recipe else [Partition()]
        filling = Filling(
            fill=lambda part: engine.run_model(model, context.run.run_id, part.key),
            made=lambda result: _made(engine, model, result, lineage),
            contract=contract,
            after=lambda: freshness_of(engine.lake, model),
        )
        yield from materialize(context, engine, filling, parts)

    return compute


def _facts(model: Model, around: Around, contract: Contract, lineage: "Lineage") -> dict[str, Any]:
    """Return what there is to say of a model before it is computed."""
    return {
        "dagster/table_name": model.table,
        "dagster/column_schema": _schema(model, around.known, contract),
        "file": dg.MetadataValue.path(str(model.path)),
        "made from": lineage_table(lineage),
    }


def _made(engine: Engine, model: Model, result: StageResult, lineage: "Lineage") -> Made:
    schema = engine.lake.query(f"SELECT * FROM {result.table} LIMIT 0", at=result.snapshot).schema
    contract = contract_of(schema, model.contract, model.description)
    return Made(
        result,
        contract,
        stored=model.materialized == "table",
        more={"dagster/column_lineage": dagster_lineage(lineage)},
    )


def _freshness_specs(key: dg.AssetKey, model: Model) -> Sequence[dg.AssetCheckSpec]:
    fresh = model.freshness
    if fresh is None or fresh.column is None:
        return []
    message = f"The newest {fresh.column} is at most {fresh.max_age_h:g} hours old; it warns and blocks nothing."
    return [dg.AssetCheckSpec(FRESH, asset=key, description=message)]


def _schema(model: Model, known: Tables, contract: Contract) -> dg.TableSchema:
    """Return the columns as far as the text of the model and its contract tell them."""
    columns = [
        table_column(contract.column(name)) if name in contract else dg.TableColumn(name, kind.lower() or "any")
        for name, kind in output_columns(model, known).items()
        if name not in {column.name for column in system_columns()}
    ]
    stored = model.materialized == "table"
    if not columns:
        return column_schema(contract, stored=stored)
    return dg.TableSchema([*columns, *(system_columns() if stored else [])])


Lineage = Mapping[str, Sequence[tuple[str, str]]]


def dagster_lineage(lineage: Lineage) -> dg.TableColumnLineage:
    """Column lineage as Dagster keeps it."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(dg.AssetKey(table.split(".")), name) for table, name in origins]
            for column, origins in lineage.items()
        }
    )


def lineage_table(lineage: Lineage) -> dg.TableMetadataValue:
    """Column lineage as people read it."""
    return table_of(
        [
            {"column": column, "made from": ", ".join(f"{table}.{name}" for table, name in origins) or "no column"}
            for column, origins in lineage.items()
        ]
    )
