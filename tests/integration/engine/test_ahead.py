"""What a stage needs is imported while the stage before it waits for its teacher."""

import threading

import pytest

from synth_assets.kinds.write.chat_jsonl import ChatJsonl

from .conftest import RECIPE, Workplace, dialog


def test_stages_that_follow_are_prepared_in_a_thread(robots: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(ChatJsonl, "prepare", lambda self: threads.append(threading.current_thread()))
    robots.run()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert all(result.reused for result in robots.run().values())
    assert len(threads) == 1, "where nobody is asked, nothing is prepared"


def test_a_kind_is_prepared_once_however_many_jobs_follow(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a thread of its own, they would take all the threads that looks into the ledger want."""
    prepared: list[str] = []
    monkeypatch.setattr(ChatJsonl, "prepare", lambda self: prepared.append(self.kind))
    workplace.write_dialogs([dialog(number) for number in range(20)])
    twice = RECIPE.format(instruction="Be brief.") + "  again:\n    kind: chat_jsonl\n    from: rewritten\n"
    workplace.write("robots", twice)
    workplace.run()
    assert prepared == ["chat_jsonl"]


def test_what_cannot_be_prepared_stops_nobody_else(robots: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: ChatJsonl) -> None:
        raise ImportError("a library is broken")

    monkeypatch.setattr(ChatJsonl, "prepare", fail)
    assert {name: result.tally.rows for name, result in robots.run().items()}["rewritten"] == 20
