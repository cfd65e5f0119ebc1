"""The command line `synth`: each command is a file of this folder, named in `root.SECTIONS`."""

from synth_assets.cli.root import main

__all__ = ["main"]
