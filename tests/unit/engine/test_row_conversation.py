"""One row's way through a teacher: answers, repairs, failures, and what comes of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Contract, Values
from synth_assets.core.dialog import Message
from synth_assets.core.parse import Unreadable
from synth_assets.core.request import Failure, Reply, Request, Target
from synth_assets.core.stage import Answer, Ask, DrawOutcome, Reject, Rejection, Row
from synth_assets.engine import row_conversation as sheets
from synth_assets.engine.job import MadeRow, RejectedRow

TARGET = Target("offline/1", "offline")
ROW = Row("r1", {"text": "two"})


class Count(Ask):
    """Asks for a number, twice; `each` answer stands for itself or not."""

    kind: Literal["count"] = "count"
    draws: int = 2

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        return Contract(())

    def requests(self, row: Row) -> list[Request]:
        if row.values["text"] == "":
            raise Reject("nothing to ask about")
        return [Request((Message("user", str(row.values["text"])),), draw=draw) for draw in range(self.draws)]

    def read(self, row: Row, reply: Reply) -> Json:
        if not reply.text.isdigit():
            raise Unreadable("the answer is no number")
        return int(reply.text)

    def rows(self, row: Row, answers: Sequence[Answer]) -> Iterable[Values]:
        if any(answer.value == 13 for answer in answers):
            raise Reject("unlucky")
        return [{"number": answer.value} for answer in answers if answer.value]


class CountEach(Count):
    """The same, where one answer is enough."""

    needs_all_answers = False


class CountDrawn(CountEach):
    """The same, where each row names the answer that made it, and an odd number makes none."""

    def rows(self, row: Row, answers: Sequence[Answer]) -> Iterable[DrawOutcome]:
        for answer in answers:
            is_odd = int(str(answer.value)) % 2
            yield DrawOutcome(answer, Rejection("odd", answer.reply.text) if is_odd else {"number": answer.value})


def _reply(text: str, finish_reason: str = "stop") -> Reply:
    return Reply(text, finish_reason, "offline", 1, 1, 0.0, 0.1, 1, 0.0)


def _answered(stage: Ask, *scripts: list[Reply | Failure]) -> list[MadeRow | RejectedRow]:
    """A sheet whose threads are given those outcomes, one after the other."""
    sheet = sheets.open_conversation(stage, TARGET, ROW)
    for thread, script in zip(sheet.exchanges, scripts, strict=True):
        for outcome in script:
            assert thread.end is None, "it wanted fewer answers"
            sheets.advance(stage, ROW, thread, outcome)
    assert not sheet.open_exchanges
    return sheets.collect_rows(stage, sheet)


def test_each_draw_is_a_call_of_its_own() -> None:
    first, second = sheets.open_conversation(Count(from_="x"), TARGET, ROW).exchanges
    assert first.call.key != second.call.key


def test_readable_answers_make_rows_that_know_their_calls_and_parent() -> None:
    outcomes = _answered(Count(from_="x"), [_reply("1")], [_reply("2")])
    assert [outcome.values for outcome in outcomes] == [{"number": 1}, {"number": 2}]
    assert all(isinstance(made, MadeRow) and made.parents == ("r1",) and len(made.call_keys) == 2 for made in outcomes)
    assert [made.ordinal for made in outcomes if isinstance(made, MadeRow)] == [0, 1]


def test_an_unreadable_answer_is_sent_back_with_the_reason() -> None:
    stage = Count(from_="x", draws=1)
    (thread,) = sheets.open_conversation(stage, TARGET, ROW).exchanges
    first_key = thread.call.key
    sheets.advance(stage, ROW, thread, _reply("many"))
    asked, said, told = thread.call.request.messages
    assert (asked.role, said.content, told.role) == ("user", "many", "user")
    assert "the answer is no number" in told.content
    assert thread.call.repair == 1
    assert thread.call.key != first_key


def test_after_the_last_repair_it_is_a_reject_with_the_reason_and_the_last_answer() -> None:
    stage = Count(from_="x", draws=1, repairs=2)
    (rejected,) = _answered(stage, [_reply("a"), _reply("b"), _reply("c")])
    assert isinstance(rejected, RejectedRow)
    assert (rejected.reason, rejected.reply, rejected.failed) == ("the answer is no number", "c", False)
    assert len(rejected.call_keys) == 3


def test_an_answer_that_was_cut_off_is_not_read() -> None:
    (rejected,) = _answered(Count(from_="x", draws=1, repairs=0), [_reply("1", "length")])
    assert isinstance(rejected, RejectedRow)
    assert "cut off" in rejected.reason


def test_a_failure_is_a_reject_that_a_rerun_asks_again() -> None:
    (rejected,) = _answered(Count(from_="x", draws=1), [Failure("timeout", "no answer in 120 s", 7)])
    assert isinstance(rejected, RejectedRow)
    assert (rejected.reason, rejected.detail, rejected.failed) == ("timeout", "no answer in 120 s", True)


def test_where_all_answers_are_needed_one_reject_stops_the_row() -> None:
    outcomes = _answered(Count(from_="x", repairs=0), [_reply("1")], [_reply("x")])
    assert [type(outcome) for outcome in outcomes] == [RejectedRow]


def test_where_each_stands_for_itself_the_others_still_make_rows() -> None:
    outcomes = _answered(CountEach(from_="x", repairs=0), [_reply("1")], [_reply("x")])
    assert [type(outcome) for outcome in outcomes] == [MadeRow, RejectedRow]


def test_a_row_of_one_answer_knows_the_calls_of_that_answer_alone() -> None:
    four, six = _answered(CountDrawn(from_="raw"), [_reply("four"), _reply("4")], [_reply("6")])
    assert isinstance(four, MadeRow)
    assert isinstance(six, MadeRow)
    assert (len(four.call_keys), len(six.call_keys)) == (2, 1), "a repair belongs to its answer"
    assert not set(four.call_keys) & set(six.call_keys)


def test_one_answer_can_be_turned_away_beside_rows_of_others() -> None:
    made, rejected = _answered(CountDrawn(from_="raw"), [_reply("3")], [_reply("6")])
    assert isinstance(rejected, RejectedRow)
    assert (rejected.reason, rejected.detail, rejected.reply) == ("odd", "3", "3")
    assert isinstance(made, MadeRow)
    assert (made.values, made.ordinal) == ({"number": 6}, 1), "its place stays, whatever becomes of the others"


def test_a_row_never_disappears() -> None:
    for answer in ("0", "13"):
        (rejected,) = _answered(Count(from_="x", draws=1), [_reply(answer)])
        assert isinstance(rejected, RejectedRow)
        assert rejected.reason in ("the answers made no row", "unlucky")


def test_a_row_that_is_not_fit_is_rejected_before_it_is_asked_about() -> None:
    sheet = sheets.open_conversation(Count(from_="x"), TARGET, Row("r2", {"text": ""}))
    assert not sheet.exchanges
    (rejected,) = sheets.collect_rows(Count(from_="x"), sheet)
    assert isinstance(rejected, RejectedRow)
    assert (rejected.reason, rejected.parents) == ("nothing to ask about", ("r2",))


def test_what_the_ledger_knows_settles_repairs_too() -> None:
    stage = Count(from_="x", draws=1)
    asked = sheets.open_conversation(stage, TARGET, ROW)
    (thread,) = asked.exchanges
    known = {thread.call.key: _reply("x")}
    sheets.advance(stage, ROW, thread, _reply("x"))
    known[thread.call.key] = _reply("7")

    again = sheets.open_conversation(stage, TARGET, ROW)
    assert sheets.advance_known(stage, [again], known) == 1
    assert sheets.advance_known(stage, [again], known) == 1
    assert not again.open_exchanges
    (made,) = sheets.collect_rows(stage, again)
    assert made.values == {"number": 7}
