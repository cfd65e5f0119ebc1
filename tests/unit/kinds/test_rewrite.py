"""`rewrite`: only the assistant's words change, whatever stands in them; faults are told to the teacher."""

import json
from pathlib import Path

import pytest

from synth_assets.core.dialog import read_dialog, without_system
from synth_assets.core.parse import Unreadable
from synth_assets.core.request import Reply
from synth_assets.core.stage import Answer, Reject, Row
from synth_assets.kinds.ask.rewrite import Rewrite

GOLDEN = Path(__file__).parents[2] / "golden" / "rewrite_request.txt"
REWRITE = Rewrite(from_="raw", instruction="Speak like a pirate about {{ topic }}.\n")
PLAIN = Rewrite(from_="raw", instruction="Be kind.")


def talk(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[index % 2], "content": text} for index, text in enumerate(texts)]


def row(messages, **values) -> Row:
    return Row("r", {"messages": messages, **values})


def reply(text: str, finish_reason: str = "stop") -> Reply:
    return Reply(text, finish_reason, "small", 1, 1, 0.0, 0.1, 1, 0.0)


def dialog_reply(messages) -> Reply:
    return reply(json.dumps({"messages": messages}, ensure_ascii=False))


def rewritten(stage: Rewrite, given: Row, answer: Reply):
    (request,) = stage.requests(given)
    (values,) = stage.rows(given, [Answer(request, answer, stage.read(given, answer))])
    return values


def test_the_request_is_what_the_teacher_should_see():
    messages = [{"role": "system", "content": "Be brief."}, *talk('Say "ahoy" {DATA_PATH}', "Ahoj 🏴‍☠️\n")]
    (request,) = REWRITE.requests(row(messages, topic="ships"))
    shown = "".join(f"--- {message.role}\n{message.content}\n" for message in request.messages)
    assert shown == GOLDEN.read_text("utf-8")
    assert request.schema is not None
    assert request.schema.name == "dialog"


def test_the_assistants_words_are_the_teachers_the_users_are_the_originals():
    given = row(talk("Hi,  you", "Hello.", "Bye", "Bye."), topic="ships")
    answer = dialog_reply(talk("Hi, you ", "Ahoy!", "Bye", "Arr!"))
    values = rewritten(REWRITE, given, answer)
    assert values == {"messages": talk("Hi,  you", "Ahoy!", "Bye", "Arr!"), "topic": "ships"}


def test_what_the_system_said_is_said_by_the_user():
    messages = [{"role": "system", "content": "Be brief."}, *talk("Hi", "Hello.")]
    values = rewritten(PLAIN, row(messages), dialog_reply(talk("Be brief.\n\nHi", "Ahoy!")))
    assert values["messages"] == talk("Be brief.\n\nHi", "Ahoy!")


def test_a_dialog_may_end_with_the_user():
    values = rewritten(PLAIN, row(talk("Hi", "Hello.", "Bye")), dialog_reply(talk("Hi", "Ahoy!", "Bye")))
    assert values["messages"] == talk("Hi", "Ahoy!", "Bye")


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([], "the dialog is empty"),
        (talk("Hi"), "the assistant says nothing"),
        (talk("Hi", "Hello.")[1:], "message 1 is spoken by assistant, expected user"),
        (talk("Hi", " \n"), "message 2 (assistant) is blank"),
        ([{"role": "tool", "content": "42"}], "message 1 is spoken by tool, expected user"),
    ],
)
def test_a_dialog_that_is_not_fit_costs_nothing(messages, why):
    with pytest.raises(Reject) as caught:
        PLAIN.requests(row(messages))
    assert (caught.value.rejection.reason, caught.value.rejection.detail) == ("not fit to rewrite", why)


def test_an_instruction_that_does_not_fit_a_row_costs_nothing_either():
    stage = Rewrite(from_="raw", instruction="Speak like {{ people[0].name }}.")
    with pytest.raises(Reject) as caught:
        stage.requests(row(talk("Hi", "Hello"), people=[]))
    assert caught.value.rejection.reason == "the template cannot be filled in"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(""), "the answer is empty"),
        (reply("Ahoy!"), "the answer is not valid JSON: Expecting value at character 0"),
        (reply('{"messages": [{"role": "us', "length"), "the answer was cut off at the limit of tokens"),
        (reply("[]"), "the answer is a JSON list, not an object"),
        (reply('{"dialog": []}'), 'the answer has no "messages"'),
        (reply('{"messages": "Ahoy"}'), "a dialog is a list of messages, this is str"),
        (dialog_reply(talk("Hi")), "the dialog has 1 messages, the original has 2"),
        (dialog_reply(talk("Hi", "Ahoy", "Hi", "Ahoy")), "the dialog has 4 messages, the original has 2"),
        (dialog_reply(talk("Hi", " ")), "message 2 (assistant) is blank"),
        (dialog_reply(talk("Ahoy", "Ahoy")), "message 1 (user) was changed, only the assistant's may be"),
        (dialog_reply(talk("Hi", "Ahoy")[::-1]), "message 1 is spoken by assistant, in the original by user"),
        (dialog_reply([{"role": "pirate", "content": "Ahoy"}]), "message 1 has the role 'pirate'"),
        (dialog_reply([{"role": "user"}]), "message 1 has no text as its content"),
    ],
)
def test_an_answer_that_breaks_the_rules_is_sent_back_with_the_reason(answer, reason):
    with pytest.raises(Unreadable) as caught:
        PLAIN.read(row(talk("Hi", "Hello.")), answer)
    assert str(caught.value).startswith(reason)


def test_a_code_fence_around_the_answer_is_no_fault():
    fenced = f"```json\n{dialog_reply(talk('Hi', 'Ahoy!')).text}\n```"
    assert rewritten(PLAIN, row(talk("Hi", "Hello.")), reply(fenced))["messages"] == talk("Hi", "Ahoy!")


def test_none_of_964_real_dialogs_is_rejected(read, real_data):
    """A regular expression over the text of the answer would reject 327 of them, for quotes and the like."""
    assert _echoed(*read(files=str(real_data / "dialogs" / "oasst1_threads.jsonl"))) == 964


def test_none_of_the_sample_is_rejected(read):
    assert _echoed(*read(sample="dialogs")) >= 40


def _echoed(rows, rejects) -> int:
    """How many rows come back from a teacher that repeats what it is shown."""
    assert not rejects
    for index, values in enumerate(rows):
        given = Row(str(index), values)
        (request,) = PLAIN.requests(given)
        echoed = rewritten(PLAIN, given, reply(request.messages[1].content))
        original = without_system(read_dialog(values["messages"]))
        assert echoed["messages"] == [message.to_json() for message in original]
    return len(rows)
