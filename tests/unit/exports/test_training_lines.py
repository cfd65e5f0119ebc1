"""Each way in which a training line can be wrong, and what is good all the same."""

from importlib.resources import files
from typing import Any

import pytest
from mistral_common.protocol.instruct.messages import FinetuningMessage
from mistral_common.protocol.instruct.normalize import InstructRequestNormalizer
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import MistralRequestValidatorV3, ValidationMode
from mistral_common.tokens.tokenizers.instruct import InstructTokenizerV3
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

from synth_assets.exports.training_lines import ChatJudge, LineFault, Size


def user(text: Any = "Why is the sky blue?", **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def assistant(text: Any = "Because air scatters blue light.", **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


SYSTEM = {"role": "system", "content": "You are a robot."}
TOOLS = [{"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}]
CALL = {"id": "abcdef123", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
ANSWER = {"role": "tool", "content": "", "tool_call_id": "abcdef123"}

GOOD = {
    "a question and its answer": [user(), assistant()],
    "several turns": [user(), assistant(), user("And at dusk?"), assistant("Red.")],
    "a system message first": [SYSTEM, user(), assistant()],
    "text in chunks": [user([{"type": "text", "text": "Hi"}]), assistant()],
    "a turn that is not learnt": [user(), assistant(weight=0), user("Sure?"), assistant("Yes.", weight=1)],
    "quotes, braces and scripts": [user('Say "{hi}" \\n'), assistant("こんにちは 👋 \u2028 </s> [INST]")],
    "a tool that is called": [user(), assistant("", tool_calls=[CALL]), ANSWER, assistant("It is noon.")],
    "a call at the end": [user(), assistant(None, tool_calls=[CALL])],
}

BAD = {
    "no messages": [],
    "starts with the assistant": [assistant("Hello!"), user(), assistant()],
    "does not end with the assistant": [user(), assistant(), user("And at dusk?")],
    "repeated role": [user("Hi."), user(), assistant()],
    "misplaced role": [user(), assistant(), SYSTEM, user("Hm?"), assistant("Yes.")],
    "blank text": [user(), assistant(" \n\t")],
    "unknown role": [{"role": "narrator", "content": "Once"}, assistant()],
    "no text": [user(), assistant(None)],
    "not a message": ["Hi", assistant()],
    "not Unicode": [user("half \ud83d"), assistant()],
    "refused by mistral-common": [user(), assistant(mood="cheerful")],
}


@pytest.fixture(scope="module")
def judge() -> ChatJudge:
    return ChatJudge()


@pytest.mark.parametrize("messages", GOOD.values(), ids=GOOD)
def test_good_line_has_a_size(judge: ChatJudge, messages: list[Any]) -> None:
    size = judge.judge({"messages": messages, "tools": TOOLS})
    assert isinstance(size, Size)
    assert size.tokens > len(messages)


def test_lines_are_counted_as_mistral_common_itself_counts_them(judge: ChatJudge) -> None:
    """The judge's tokenizer decodes nothing; the number of tokens must be the same."""
    vocabulary = Tekkenizer.from_file(str(files("mistral_common") / "data" / "tekken_240718.json"))
    complete = MistralTokenizer(
        InstructTokenizerV3(vocabulary),
        MistralRequestValidatorV3(ValidationMode.finetuning),
        InstructRequestNormalizer.normalizer(),
    )
    for messages in GOOD.values():
        line = {"messages": messages, "tools": TOOLS}
        request = ChatCompletionRequest[FinetuningMessage].model_validate(line)
        size = judge.measure(line)
        assert isinstance(size, Size)
        assert size.tokens == len(complete.encode_chat_completion(request).tokens)


@pytest.mark.parametrize(("reason", "messages"), BAD.items(), ids=BAD)
def test_bad_line_has_its_reason(judge: ChatJudge, reason: str, messages: list[Any]) -> None:
    fault = judge.judge({"messages": messages})
    assert isinstance(fault, LineFault)
    assert fault.reason == reason


@pytest.mark.parametrize(
    ("messages", "reason", "detail"),
    [
        ([SYSTEM, assistant()], "starts with the assistant", "message 2 (assistant) follows system"),
        ([SYSTEM, SYSTEM, user(), assistant()], "repeated role", "message 2 (system) follows system"),
        ([user(), assistant(), assistant("More.")], "repeated role", "message 3 (assistant) follows assistant"),
        ([ANSWER, assistant()], "misplaced role", "message 1 is tool"),
        ([user(" "), assistant()], "blank text", "message 1 (user) is blank"),
        ([user(), assistant([{"type": "image_url", "image_url": "x"}])], "no text", "message 2 (assistant)"),
        ([user(), assistant(mood=1)], "refused by mistral-common", "messages.1.assistant.mood"),
        ([user(), ANSWER, assistant()], "misplaced role", "message 2 (tool) follows user"),
        ([user(), assistant(), ANSWER, assistant()], "refused by mistral-common", "function calls and responses"),
    ],
)
def test_the_detail_says_where(judge: ChatJudge, messages: list[Any], reason: str, detail: str) -> None:
    fault = judge.judge({"messages": messages})
    assert isinstance(fault, LineFault)
    assert fault.reason == reason
    assert detail in fault.detail


@pytest.mark.parametrize("line", [None, [], "hi", 3])
def test_a_line_is_an_object(judge: ChatJudge, line: object) -> None:
    assert judge.judge(line) == LineFault("not an object", f"the line is a JSON {type(line).__name__}")


def test_the_second_of_two_equal_dialogs_is_a_duplicate() -> None:
    judge = ChatJudge()
    dialog = [user("Twice?"), assistant("Once.")]
    assert isinstance(judge.judge({"messages": dialog, "id": 1}), Size)
    again = judge.judge({"messages": [dict(reversed(message.items())) for message in dialog], "id": 2})
    assert isinstance(again, LineFault)
    assert again.reason == "duplicate"
    assert isinstance(judge.judge({"messages": [user("Twice?"), assistant("Never.")]}), Size)


def test_a_bad_line_is_not_what_a_good_one_repeats() -> None:
    judge = ChatJudge()
    bad = {"messages": [user(), assistant(mood=1)]}
    assert judge.judge(bad) == judge.judge(bad)
