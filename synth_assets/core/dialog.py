"""Dialogs: messages, how they are read from the shapes found in the wild, and how two are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from synth_assets.core.canonical import Json

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)
_SPOKEN_AS = {"human": "user", "prompter": "user", "gpt": "assistant", "bot": "assistant"}


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a dialog."""

    role: Role
    content: str

    def to_json(self) -> dict[str, Json]:
        """Return the message as chat APIs and training files spell it."""
        return {"role": self.role, "content": self.content}


Dialog = tuple[Message, ...]


def read_dialog(value: object) -> Dialog:
    """Return a dialog from role/content (or ShareGPT's from/value) objects; ValueError says what is off."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ValueError(f"a dialog is a list of messages, this is {type(value).__name__}")
    return tuple(_read_message(item, index) for index, item in enumerate(value, start=1))


def _read_message(item: object, index: int) -> Message:
    if isinstance(item, Message):
        return item
    if not isinstance(item, dict | Mapping):  # nearly all are dicts, which that finds sooner
        raise ValueError(f"message {index} is {type(item).__name__}, not an object")
    role = item["role"] if "role" in item else item.get("from")
    content = item["content"] if "content" in item else item.get("value")
    if isinstance(role, str):
        role = _SPOKEN_AS.get(role, role)
    if role not in ROLES:
        raise ValueError(f"message {index} has the role {role!r}, not one of {', '.join(ROLES)}")
    if not isinstance(content, str):
        raise ValueError(f"message {index} has no text as its content")
    return Message(cast(Role, role), content)


def without_system(dialog: Dialog) -> Dialog:
    """Return the dialog with system messages spoken by the user, joined to the user's own next words."""
    turns: list[Message] = []
    for message in dialog:
        role: Role = "user" if message.role == "system" else message.role
        if role == "user" and turns and turns[-1].role == "user":
            turns[-1] = Message("user", f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(Message(role, message.content))
    return tuple(turns)


def alternation_fault(dialog: Dialog) -> str | None:
    """Say why user and assistant do not speak in turn, the user first, each with something to say."""
    if not dialog:
        return "the dialog is empty"
    for index, message in enumerate(dialog, start=1):
        expected = "user" if index % 2 else "assistant"
        if message.role != expected:
            return f"message {index} is spoken by {message.role}, expected {expected}"
        if not message.content.strip():
            return f"message {index} ({message.role}) is blank"
    return None


def structure_fault(dialog: Dialog) -> str | None:
    """Say why this is no dialog to train on: speakers in turn, and the assistant has the last word."""
    if fault := alternation_fault(dialog):
        return fault
    return None if dialog[-1].role == "assistant" else "the dialog does not end with the assistant"


def rewrite_fault(original: Dialog, rewritten: Dialog) -> str | None:
    """Say why `rewritten` is no rewrite of the assistant's part of `original`; None if it is one."""
    if len(rewritten) != len(original):
        return f"the dialog has {len(rewritten)} messages, the original has {len(original)}"
    for index, (before, after) in enumerate(zip(original, rewritten, strict=True), start=1):
        if after.role != before.role:
            return f"message {index} is spoken by {after.role}, in the original by {before.role}"
        if not after.content.strip():
            return f"message {index} ({after.role}) is blank"
        if before.role != "assistant" and after.content.split() != before.content.split():
            return f"message {index} ({before.role}) was changed, only the assistant's may be"
    return None
