"""What a stage needs is imported while the stage before it waits for its teacher."""

import threading

import pytest

from synth_assets.stages.chat_jsonl import ChatJsonl

from .conftest import Workplace


def test_stages_that_follow_are_prepared_in_a_thread(robots: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(ChatJsonl, "prepare", lambda self: threads.append(threading.current_thread()))
    robots.run()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert all(result.reused for result in robots.run().values())
    assert len(threads) == 1, "where nobody is asked, nothing is prepared"


def test_what_cannot_be_prepared_stops_nobody_else(robots: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: ChatJsonl) -> None:
        raise ImportError("a library is broken")

    monkeypatch.setattr(ChatJsonl, "prepare", fail)
    assert {name: result.tally.rows for name, result in robots.run().items()}["rewritten"] == 20
