"""SQL models: files of plain SELECTs that become tables, with their inputs, checks and column lineage."""

from synth_assets.sql.check import check_models
from synth_assets.sql.find import FoundModels, find_models, shipped_folder
from synth_assets.sql.lineage import column_lineage, output_columns
from synth_assets.sql.model import Freshness, Model, sort_models
from synth_assets.sql.partition import narrow_to_partition

__all__ = [
    "FoundModels",
    "Freshness",
    "Model",
    "check_models",
    "column_lineage",
    "find_models",
    "narrow_to_partition",
    "output_columns",
    "shipped_folder",
    "sort_models",
]
