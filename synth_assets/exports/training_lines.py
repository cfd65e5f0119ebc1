"""Judges training lines, of dialogs and of preferences, by our own rules and then by mistral-common's."""

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
_BEFORE_THE_USER = (None, "system")
SIDES = ("chosen", "rejected")
"""The keys of a preference that hold its two answers."""


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with a line: a short reason to count, and a detail that says where."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a good line: the characters of its texts, and all its tokens."""

    characters: int
    tokens: int


CountTokens: TypeAlias = Callable[[Mapping[str, Json]], "int | LineFault"]


class ChatJudge:
    """Judges the dialogs of one data set, one after the other, and remembers them to find duplicates."""

    def __init__(self) -> None:
        self._count_tokens = _token_counter()
        self._seen: set[bytes] = set()

    def judge(self, example: object) -> Size | LineFault:
        """Return the size of a good line; a dialog that was judged good before is a duplicate."""
        dialog = _training_part(example)
        if isinstance(dialog, LineFault):
            return dialog
        try:
            digest = hashlib.sha256(canonical_json(dialog).encode()).digest()[:16]
        except UnicodeEncodeError:
            return LineFault("not Unicode", "a text holds half of a surrogate pair")
        if digest in self._seen:
            return LineFault("duplicate", "an earlier line holds the same dialog")
        size = self._size(dialog)
        if not isinstance(size, LineFault):
            self._seen.add(digest)
        return size

    def measure(self, example: object) -> Size | LineFault:
        """Return the size of a good line, without looking for duplicates."""
        dialog = _training_part(example)
        return dialog if isinstance(dialog, LineFault) else self._size(dialog)

    def _size(self, dialog: Mapping[str, Json]) -> Size | LineFault:
        tokens = self._count_tokens(dialog)
        if isinstance(tokens, LineFault):
            return tokens
        messages = cast("Sequence[Mapping[str, Json]]", dialog["messages"])
        return Size(sum(len(_text(message) or "") for message in messages), tokens)


class PreferenceJudge:
    """Judges preferences (a prompt, a chosen and a rejected answer): either answer must make a dialog to train on."""

    def __init__(self) -> None:
        self._chat = ChatJudge()
        self._seen: set[str] = set()

    def judge(self, example: Mapping[str, Json], /) -> Size | LineFault:
        """Return the size of a good line, both answers counted; a preference that was judged before is a duplicate."""
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
        digest = content_hash("preference/1", [prompt, *sides])
        if digest in self._seen:
            return LineFault("duplicate", "an earlier line holds the same preference")
        self._seen.add(digest)
        return Size(sum(size.characters for size in sizes), sum(size.tokens for size in sizes))


def _training_part(example: object) -> Mapping[str, Json] | LineFault:
    """Return what is trained on: other keys of a line (ids, tags) do not make two dialogs different."""
    if not isinstance(example, Mapping):
        return LineFault("not an object", f"the line is a JSON {type(example).__name__}")
    messages = example.get("messages")
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        return LineFault("no messages", "the key `messages` must hold a list of at least one message")
    fault = _message_fault(messages) or _order_fault(messages)
    return fault or {name: example[name] for name in ("messages", "tools") if example.get(name) is not None}


def _message_fault(messages: Sequence[object]) -> LineFault | None:
    for number, message in enumerate(messages, start=1):
        if not isinstance(message, Mapping):
            return LineFault("not a message", f"message {number} is {type(message).__name__}, not an object")
        role = message.get("role")
        if role not in ROLES:
            return LineFault("unknown role", f"message {number} has the role {role!r}")
        text = _text(message)
        if text is None:
            return LineFault("no text", f"the content of message {number} ({role}) is not text")
        if not text.strip() and role != "tool" and not message.get("tool_calls"):
            return LineFault("blank text", f"message {number} ({role}) is blank")
    return None


def _order_fault(messages: Sequence[Mapping[str, Json]]) -> LineFault | None:
    previous: str | None = None
    for number, message in enumerate(messages, start=1):
        role = cast(str, message["role"])
        if role not in _MAY_FOLLOW[previous]:
            where = f"message {number} ({role}) follows {previous}" if previous else f"message 1 is {role}"
            return LineFault(_order_reason(role, previous), where)
        previous = role
    if previous != "assistant":
        return LineFault("does not end with the assistant", f"the last message is {previous}")
    return None


def _order_reason(role: str, previous: str | None) -> str:
    if role == previous:
        return "repeated role"
    if role == "assistant" and previous in _BEFORE_THE_USER:
        return "starts with the assistant"
    return "misplaced role"


def _text(message: Mapping[str, Any]) -> str | None:
    """Return the text of a message: a string, or joined chunks of text. A message of tool calls needs none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if content is None:
        return "" if message.get("tool_calls") else None
    if not isinstance(content, Sequence):
        return None
    texts = [chunk.get("text") if isinstance(chunk, Mapping) else None for chunk in content]
    strings = [text for text in texts if isinstance(text, str)]
    return "".join(strings) if len(strings) == len(texts) else None


def _token_counter() -> CountTokens:
    from mistral_common.exceptions import MistralCommonException
    from mistral_common.protocol.instruct.messages import FinetuningMessage
    from mistral_common.protocol.instruct.request import ChatCompletionRequest

    tokenizer = load_chat_tokenizer()
    request_type = ChatCompletionRequest[FinetuningMessage]

    def count(dialog: Mapping[str, Json]) -> int | LineFault:
        try:
            return len(tokenizer.encode_chat_completion(request_type.model_validate(dialog)).tokens)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            location = ".".join(str(part) for part in first["loc"])
            return LineFault("refused by mistral-common", f"{location}: {first['msg']}")
        except MistralCommonException as error:
            return LineFault("refused by mistral-common", str(error))

    return count
