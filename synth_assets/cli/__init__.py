"""The command line `synth`: each command is a file of the folder `commands`, found by listing it."""

from synth_assets.cli.root import main

__all__ = ["main"]
