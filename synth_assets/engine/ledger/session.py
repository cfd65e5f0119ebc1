"""The ledger: every reply ever bought, found again by the key of its call."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from synth_assets.core.errors import LakeError
from synth_assets.core.request import Call, Reply
from synth_assets.engine.ledger import journal, writer
from synth_assets.engine.ledger.call_record import CALLS, REPLY_SELECT, CallRecord, LedgerScope, restore_reply
from synth_assets.engine.ledger.journal import Journal
from synth_assets.lake import Lake, Reader, quoted_text, quoted_texts

MOVE_ROWS = 2_000
MOVE_S = 2.0
MANY_FILES = 64


class LedgerSession:
    """The ledger as one run of one stage uses it: find, record, and a thread that moves the journal into the lake."""

    def __init__(self, lake: Lake, folder: Path, scope: LedgerScope) -> None:
        self._lake, self._folder, self._scope = lake, folder, scope
        self._recent: dict[str, Reply] = {}
        self._moved: list[str] = []
        self._pending = 0
        self._lock = threading.Lock()
        self._moving = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._fault: LakeError | None = None

    def __enter__(self) -> "LedgerSession":
        writer.recover_journal(self._lake, self._folder)
        self._journal = Journal(self._folder, self._scope.run_id)
        self._thread = threading.Thread(target=self._move_now_and_then, name="ledger", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()
        try:
            self.flush()
        finally:
            self._journal.close()
        if kind is None:
            self._lake.compact(CALLS, fewest=MANY_FILES)

    def find(self, keys: Iterable[str]) -> dict[str, Reply]:
        """Return the replies to those keys that are known. Only one thread of a session finds."""
        wanted = set(keys)
        with self._lock:
            for key in self._moved:
                self._recent.pop(key, None)
            self._moved.clear()
        found = find_replies(self._lake, wanted)
        with self._lock:
            found.update({key: self._recent[key] for key in wanted & self._recent.keys()})
        return found

    def recent(self, key: str) -> Reply | None:
        """Return a reply of this session that the next `find` may not see in the lake yet."""
        return self._recent.get(key)

    def record(self, call: Call, reply: Reply) -> None:
        """Keeps a reply: durable within 50 ms, in the lake within seconds, found by this session at once."""
        if self._fault is not None:
            raise self._fault
        self._journal.append(CallRecord(call, reply, self._scope).to_record())
        with self._lock:
            self._recent[call.key] = reply
            self._pending += 1
            if self._pending >= MOVE_ROWS:
                self._wake.set()

    def flush(self) -> None:
        """Moves everything recorded so far into the lake."""
        with self._moving:
            with self._lock:
                keys, self._pending = list(self._recent), 0
            path, segment, records = self._journal.rotate()
            if records:
                writer.append_calls(self._lake, records)
            journal.drop_segment(path, segment)
            with self._lock:
                self._moved.extend(keys)

    def _move_now_and_then(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(MOVE_S)
            self._wake.clear()
            if self._stop.is_set() or not self._pending:
                continue
            try:
                self.flush()
            except LakeError as error:  # told to the run by its next record; the journal keeps the replies
                self._fault = error
                return


def find_replies(lake: Reader, keys: set[str]) -> dict[str, Reply]:
    """Return the replies in the lake to those keys."""
    if not keys:
        return {}
    wanted = quoted_texts(sorted(keys))
    sql = f"SELECT {REPLY_SELECT} FROM {CALLS} WHERE NOT spare AND call_key IN (SELECT unnest({wanted}))"
    return {row["call_key"]: restore_reply(row) for row in lake.rows(sql)}


def run_spending(lake: Reader, run_id: str) -> Mapping[str, float]:
    """Return what a run has bought so far, spares included: `usd`, `calls`, `tokens`."""
    rows = lake.rows(
        f"SELECT coalesce(sum(cost_usd), 0)::DOUBLE AS usd, count(*)::DOUBLE AS calls,"
        f" coalesce(sum(prompt_tokens + completion_tokens), 0)::DOUBLE AS tokens FROM {CALLS}"
        f" WHERE run_id = {quoted_text(run_id)}"
    )
    return rows[0]
