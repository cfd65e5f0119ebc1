"""What assets need to run: the engine on this machine's lake, and how tables come and go as frames."""

from collections.abc import Iterator
from functools import cache

import dagster as dg

from synth_assets.assets.lake_io import lake_frames, stage_frames
from synth_assets.engine import Engine
from synth_assets.settings import Settings


@cache
def lake_resources(settings: Settings) -> dict[str, dg.ResourceDefinition]:
    """Return the resources of the assets. The same settings give the same ones, so that definitions can be merged."""

    @dg.resource(description=f"The lake in {settings.home}, and the engine that runs stages on it.")
    def engine(_: dg.InitResourceContext) -> Iterator[Engine]:
        with Engine(settings) as opened:
            yield opened

    return {"engine": engine, "io_manager": lake_frames, "stage_io": stage_frames}
