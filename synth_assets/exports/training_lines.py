"""What is wrong with one training line, or how long it is: our rules first, then mistral-common's."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from pydantic import ValidationError

from synth_assets.core.canonical import Json, canonical_json, content_hash
from synth_assets.core.dialog import ROLES
from synth_assets.exports.tokenizer import load_chat_tokenizer

_MAY_FOLLOW: Mapping[str | None, frozenset[str]] = {
    None: frozenset({"system", "user"}),
    "system": frozenset({"user"}),
    "user": frozenset({"assistant"}),
    "assistant": frozenset({"user", "tool"}),
    "tool": frozenset({"tool", "assistant"}),
}
_SAID_NOTHING_YET = (None, "system")
SIDES = ("chosen", "rejected")
"""The keys of a preference that hold its two answers."""


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line is no training line: a short reason to count, and a detail that says where."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """How long a good line is: characters of its texts, tokens as `TOKENIZER` counts the whole of it."""

    characters: int
    tokens: int


CountTokens: TypeAlias = Callable[[Mapping[str, Json]], "int | LineFault"]


class ChatJudge:
    """Judges the lines of one data set, one after the other; it knows which dialogs it has seen."""

    def __init__(self) -> None:
        self._count_tokens = _mistral_counter()
        self._seen: set[bytes] = set()

    def judge(self, example: object) -> Size | LineFault:
        """The size of a good line; a dialog that was judged good before is a duplicate."""
        learnt = _learnt(example)
        if isinstance(learnt, LineFault):
            return learnt
        try:
            digest = hashlib.sha256(canonical_json(learnt).encode()).digest()[:16]
        except UnicodeEncodeError:
            return LineFault("not Unicode", "a text holds half of a surrogate pair")
        if digest in self._seen:
            return LineFault("duplicate", "an earlier line holds the same dialog")
        size = self._size(learnt)
        if not isinstance(size, LineFault):
            self._seen.add(digest)
        return size

    def measure(self, example: object) -> Size | LineFault:
        """The size of a good line, whatever was judged before."""
        learnt = _learnt(example)
        return learnt if isinstance(learnt, LineFault) else self._size(learnt)

    def _size(self, learnt: Mapping[str, Json]) -> Size | LineFault:
        tokens = self._count_tokens(learnt)
        if isinstance(tokens, LineFault):
            return tokens
        messages = cast("Sequence[Mapping[str, Json]]", learnt["messages"])
        return Size(sum(len(_text(message) or "") for message in messages), tokens)


class PreferenceJudge:
    """Judges lines of preferences: after the prompt, either answer must make a dialog to train on."""

    def __init__(self) -> None:
        self._chat = ChatJudge()
        self._seen: set[str] = set()

    def judge(self, example: Mapping[str, Json], /) -> Size | LineFault:
        """The size of a good line, both answers counted; a line that was there before is a duplicate."""
        parts = [example.get(name) for name in ("prompt", *SIDES)]
        if not all(isinstance(part, Sequence) and not isinstance(part, str) and part for part in parts):
            return LineFault("not a preference", "prompt, chosen and rejected must each hold a list of messages")
        prompt, *sides = (list(part) for part in parts if isinstance(part, Sequence))
        sizes = []
        for name, side in zip(SIDES, sides, strict=True):
            size = self._chat.measure({"messages": [*prompt, *side]})
            if isinstance(size, LineFault):
                return LineFault(size.reason, f"{name}: {size.detail}")
            sizes.append(size)
        if sides[0] == sides[1]:
            return LineFault("no difference", "the chosen answer is the rejected one, too")
        mark = content_hash("preference/1", [prompt, *sides])
        if mark in self._seen:
            return LineFault("duplicate", "an earlier line holds the same preference")
        self._seen.add(mark)
        return Size(sum(size.characters for size in sizes), sum(size.tokens for size in sizes))


def _learnt(example: object) -> Mapping[str, Json] | LineFault:
    """What is trained on. Other keys of a line (ids, tags) are not, and do not make two dialogs different."""
    if not isinstance(example, Mapping):
        return LineFault("not an object", f"the line is a JSON {type(example).__name__}")
    messages = example.get("messages")
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        return LineFault("no messages", "the key `messages` must hold a list of at least one message")
    fault = _message_fault(messages) or _order_fault(messages)
    return fault or {name: example[name] for name in ("messages", "tools") if example.get(name) is not None}


def _message_fault(messages: Sequence[object]) -> LineFault | None:
    for place, message in enumerate(messages, start=1):
        if not isinstance(message, Mapping):
            return LineFault("not a message", f"message {place} is {type(message).__name__}, not an object")
        role = message.get("role")
        if role not in ROLES:
            return LineFault("unknown role", f"message {place} has the role {role!r}")
        text = _text(message)
        if text is None:
            return LineFault("no text", f"the content of message {place} ({role}) is not text")
        if not text.strip() and role != "tool" and not message.get("tool_calls"):
            return LineFault("blank text", f"message {place} ({role}) is blank")
    return None


def _order_fault(messages: Sequence[Mapping[str, Json]]) -> LineFault | None:
    previous: str | None = None
    for place, message in enumerate(messages, start=1):
        role = cast(str, message["role"])
        if role not in _MAY_FOLLOW[previous]:
            where = f"message {place} ({role}) follows {previous}" if previous else f"message 1 is {role}"
            return LineFault(_misplaced(role, previous), where)
        previous = role
    if previous != "assistant":
        return LineFault("does not end with the assistant", f"the last message is {previous}")
    return None


def _misplaced(role: str, previous: str | None) -> str:
    if role == previous:
        return "repeated role"
    if role == "assistant" and previous in _SAID_NOTHING_YET:
        return "starts with the assistant"
    return "misplaced role"


def _text(message: Mapping[str, Any]) -> str | None:
    """The text of a message: a string, or chunks of text joined. A message of tool calls needs none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if content is None:
        return "" if message.get("tool_calls") else None
    if not isinstance(content, Sequence):
        return None
    texts = [chunk.get("text") if isinstance(chunk, Mapping) else None for chunk in content]
    spoken = [text for text in texts if isinstance(text, str)]
    return "".join(spoken) if len(spoken) == len(texts) else None


def _mistral_counter() -> CountTokens:
    from mistral_common.exceptions import MistralCommonException
    from mistral_common.protocol.instruct.messages import FinetuningMessage
    from mistral_common.protocol.instruct.request import ChatCompletionRequest

    tokenizer = load_chat_tokenizer()
    request_type = ChatCompletionRequest[FinetuningMessage]

    def count(learnt: Mapping[str, Json]) -> int | LineFault:
        try:
            return len(tokenizer.encode_chat_completion(request_type.model_validate(learnt)).tokens)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            return LineFault("refused by mistral-common", f"{place}: {first['msg']}")
        except MistralCommonException as error:
            return LineFault("refused by mistral-common", str(error))

    return count
