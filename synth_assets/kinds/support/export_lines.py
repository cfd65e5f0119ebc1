"""The table of an export: a row for each line of its training files."""

from synth_assets.core.contract import Column, Values
from synth_assets.exports.tokenizer import TOKENIZER
from synth_assets.exports.training_files import WrittenLine

COLUMNS = (
    Column("file", "text", "the training file, in the folder of the export"),
    Column("line", "integer", "the line's number in it, from 1", minimum=1),
    Column("split", "text", "for training or kept out of it", accepted=("train", "validation")),
    Column("line_hash", "text", "sha256 of the line without its end", unique=True),
    Column("characters", "integer", "characters of its texts", minimum=1),
    Column("tokens", "integer", f"tokens of the line, counted by {TOKENIZER}", minimum=1),
)


def values_of(placed: WrittenLine) -> Values:
    """Return the row that describes a line."""
    return {
        "file": placed.file,
        "line": placed.line,
        "split": placed.split,
        "line_hash": placed.line_hash,
        "characters": placed.size.characters,
        "tokens": placed.size.tokens,
    }
