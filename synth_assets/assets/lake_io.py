"""Tables of the lake as pandas frames: what an asset that somebody wrote in Python reads and returns."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from synth_assets.assets.checks import failure_of
from synth_assets.assets.tables import table_of
from synth_assets.core.contract import SYSTEM_COLUMNS, WHOLE, Contract
from synth_assets.core.errors import ContractError, SynthError
from synth_assets.engine import Engine
from synth_assets.engine.job import TableTask
from synth_assets.engine.models import contract_of, fill_table, rows_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DEFAULT_SCHEMA = "main"
HIDDEN = tuple(name for name in SYSTEM_COLUMNS if name != "row_id")
PREVIEW_ROWS = 5
ROWS_AT_ONCE = 1_000


def table_of_key(key: dg.AssetKey) -> str:
    """Return the table of an asset: its key is `schema/table`; a key of one part stands in the schema `main`."""
    *schema, name = key.path
    if len(schema) > 1:
        raise ContractError(
            "an asset that is a table has a key of one or two parts",
            where=key.to_user_string(),
            remedy=f"@dg.asset(key=[{schema[-1]!r}, {name!r}])",
        )
    return f"{schema[0] if schema else DEFAULT_SCHEMA}.{name}"


class LakeFrames(dg.IOManager):
    """Reads the table of an asset as a frame, and makes a table of a frame."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame | pa.Table":
        """Return the rows of the upstream asset, or of those of its partitions that the run is about."""
        import pyarrow as pa

        try:
            table = self._read(context)
        except SynthError as error:
            raise failure_of(error) from error
        wants_arrow = context.dagster_type.typing_type is pa.Table
        return table if wants_arrow else frame_of_table(table)

    def _read(self, context: dg.InputContext) -> "pa.Table":
        name = table_of_key(context.asset_key)
        lake = self._engine.lake
        columns = ", ".join(f'"{column}"' for column in lake.columns(name) if column not in HIDDEN)
        sql = f"SELECT {columns} FROM {name}"
        if not context.has_asset_partitions:
            return lake.query(sql).read_all()
        keys = list(context.asset_partition_keys)
        return lake.query(f"{sql} WHERE partition_key IN (SELECT unnest(?::VARCHAR[]))", (keys,)).read_all()

    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame | pa.Table") -> None:
        """Commits a frame as the table of its asset. Its `row_id` or `parent_ids` name the rows it was made of."""
        try:
            table = arrow_of(obj)
            contract = contract_of(table.schema, description="Made by an asset in Python.")
            key = context.asset_partition_key if context.has_asset_partitions else WHOLE
            schema, name = table_of_key(context.asset_key).split(".")
            work = TableTask(
                schema=schema,
                name=name,
                id_namespace=schema,
                kind="python",
                contract=contract,
                partition_key=key,
                run_id=context.run_id,
                strict=True,
                keeps_rejects=False,
            )
            result = fill_table(
                self._engine.lake, work, rows_of(table.to_batches(ROWS_AT_ONCE), contract), context.version or ""
            )
        except SynthError as error:
            raise failure_of(error) from error
        context.add_output_metadata(
            {
                "dagster/row_count": result.tally.rows,
                "dagster/table_name": result.table,
                "dagster/column_schema": _schema_of(obj, contract),
                "snapshot": result.snapshot,
                "preview": table_of(table.slice(0, PREVIEW_ROWS).to_pylist()),
            }
        )


class StageFrames(LakeFrames):
    """For assets whose rows the engine has committed already: their value is a sample of them."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """There is nothing left to write."""


@dg.io_manager(required_resource_keys={"engine"}, description="pandas frames and Arrow tables, kept in the lake")
def lake_frames(context: dg.InitResourceContext) -> LakeFrames:
    """Return the IO manager of assets that people write."""
    return LakeFrames(context.resources.engine)


@dg.io_manager(required_resource_keys={"engine"}, description="reads what stages and SQL models have committed")
def stage_frames(context: dg.InitResourceContext) -> StageFrames:
    """Return the IO manager of stages and SQL models."""
    return StageFrames(context.resources.engine)


def arrow_of(value: object) -> "pa.Table":
    """Return a frame as an Arrow table; raise ContractError where a column holds values of several kinds."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    if not isinstance(value, pd.DataFrame):
        raise ContractError(
            f"an asset of the lake returns a pandas DataFrame or a pyarrow Table, this is {type(value).__name__}"
        )
    try:
        return pa.Table.from_pandas(_in_utc(value), preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ContractError(f"a column holds values of several types: {error}") from error


def _in_utc(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Moments as objects of Python, such as those of mixed zones: Arrow drops their zones where Pandera is imported."""
    changed = frame.copy(deep=False)
    for name in frame.select_dtypes("object"):
        changed[name] = frame[name].map(_moment_in_utc)
    return changed


def _moment_in_utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo is not None else value


def frame_of_table(table: "pa.Table") -> "pd.DataFrame":
    """Return an Arrow table as a frame; what is nested becomes plain lists and dicts."""
    from pyarrow import types

    frame: pd.DataFrame = table.to_pandas()
    for field in table.schema:
        if types.is_nested(field.type):
            frame[field.name] = table.column(field.name).to_pylist()
    return frame


def _schema_of(value: object, contract: Contract) -> dg.TableSchema:
    """Return the columns of a pandas frame by dagster-pandas, of an Arrow table by its contract."""
    import pandas as pd
    from dagster_pandas.data_frame import create_table_schema_metadata_from_dataframe

    if isinstance(value, pd.DataFrame):
        return create_table_schema_metadata_from_dataframe(value).value
    return dg.TableSchema([dg.TableColumn(column.name, column.type) for column in contract.columns])
