"""The engine's own tables: the ledger, the commits, the rejects. Everything here can be asked with SQL."""

from synth_assets.core.contract import Column, Contract, Gate

CALLS = "ops.calls"
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

CALLS_CONTRACT = Contract(
    (
        Column("call_key", "text", "hash of all that shapes the answer"),
        Column("spare", "boolean", "true for a second purchase of one key by runs that raced"),
        *_WHO,
        Column("endpoint", "text", "who answered: a server, offline/N or replay/HASH"),
        Column("model", "text", "the model that was asked"),
        Column("draw", "integer", "which of the answers to one prompt"),
        Column("repair", "integer", "times an unreadable answer had been sent back"),
        Column("request", "json", "messages, sampling and format, as they were hashed"),
        Column("reply", "text", "the text of the answer"),
        Column("tool_calls", "json", "tool calls of the answer", nullable=True),
        Column("finish_reason", "text", "why the teacher stopped"),
        Column("answered_by", "text", "the model that the reply names"),
        *_SPENT,
        Column("latency_s", "number", "seconds of the attempt that was answered"),
        Column("attempts", "integer", "attempts it took"),
        Column("asked_at", "timestamp", "when it was asked"),
        Column("day", "text", "the day it was asked (UTC)"),
    ),
    "Every request to a teacher and its reply. A key is bought once; `spare` marks what a race bought again.",
    _OPEN,
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
    """The table of a table's rejects."""
    return f"{table}__rejects"
