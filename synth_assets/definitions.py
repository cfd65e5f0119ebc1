"""Dagster's way in: `dagster dev -m synth_assets.definitions`."""

from synth_assets.assets import build_definitions
from synth_assets.settings import load

defs = build_definitions(load())
