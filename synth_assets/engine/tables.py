"""The engine's own tables: the ledger, the commits, the rejects. Everything here can be asked with SQL."""

from synth_assets.core.contract import Column, Contract, Gate
from synth_assets.engine.ledger.call_record import CALLS as CALLS
from synth_assets.engine.ledger.call_record import CALLS_CONTRACT as CALLS_CONTRACT

COMMITS = "ops.commits"
REJECT_COUNTS = "ops.reject_counts"

_OPEN = Gate(min_rows=0)

_WHO = (
    Column("run_id", "text", "the run that wrote this row"),
    Column("recipe", "text", "the recipe, or the schema of a SQL model"),
    Column("stage", "text", "the stage, or the table of a SQL model"),
)
_SPENT = (
    Column("prompt_tokens", "integer", "tokens sent"),
    Column("completion_tokens", "integer", "tokens received"),
    Column("cost_usd", "number", "US dollars; NULL where the price is not known", nullable=True),
)

COMMITS_CONTRACT = Contract(
    (
        *_WHO,
        Column("serial", "integer", "1, 2, 3 … for each stage and partition; the highest is what the table holds"),
        Column("kind", "text", "the kind of the stage"),
        Column("fingerprint", "text", "hash of all in the recipe that shapes the data"),
        Column("data_hash", "text", "hash of the rows; equal hashes are equal tables"),
        Column("inputs", "json", "for each table read: its snapshot and the hash of its rows"),
        Column("input_rows", "integer", "rows that came in"),
        Column("rows", "integer", "rows that came out"),
        Column("rejects", "integer", "rows and replies kept as rejects"),
        Column("failures", "integer", "rejects that the teacher caused by not answering"),
        Column("calls", "integer", "calls made"),
        Column("hits", "integer", "answers taken from the ledger"),
        *_SPENT,
        Column("duration_s", "number", "seconds from start to commit"),
        Column("committed_at", "timestamp", "when it became visible"),
        Column("folder", "text", "where an export wrote its files", nullable=True),
    ),
    "One row for each commit. The highest serial of a stage and partition is what its table holds.",
    _OPEN,
)

REJECT_COUNTS_CONTRACT = Contract(
    (*_WHO, Column("reason", "text", "why"), Column("rejects", "integer", "how many")),
    "Rejects of each commit by reason.",
    _OPEN,
)

REJECTS_CONTRACT = Contract(
    (
        Column("reason", "text", "why, short and countable"),
        Column("detail", "text", "why, in full"),
        Column("reply", "text", "the last answer of the teacher", nullable=True),
        Column("row", "json", "the input, or what was made of it"),
    ),
    "Input rows and replies that gave no valid row.",
    _OPEN,
)

ENGINE_TABLES = {
    CALLS: CALLS_CONTRACT,
    COMMITS: COMMITS_CONTRACT,
    REJECT_COUNTS: REJECT_COUNTS_CONTRACT,
}


def rejects_of(table: str) -> str:
    """Return the table of a table's rejects."""
    return f"{table}__rejects"
