"""`python -m synth_assets.cli` is `synth`."""

from synth_assets.cli.root import main

if __name__ == "__main__":
    main(prog_name="synth")
