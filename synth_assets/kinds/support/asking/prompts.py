"""What kinds that ask in words share: their prompt files, templates filled in from a row, and plain answers."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from synth_assets.core.canonical import Json
from synth_assets.core.contract import Contract
from synth_assets.core.dialog import Dialog, Message, read_dialog
from synth_assets.core.parse import Unreadable
from synth_assets.core.prompt import Prompt
from synth_assets.core.request import Reply
from synth_assets.core.stage import Reject, Row, StageError, find_column


@cache
def prompt_file(package: str, name: str) -> Prompt:
    """Return the prompt in the folder of a kind that is named after it."""
    return Prompt(files(package).joinpath(name).read_text("utf-8"))


def fill_template(template: str, values: Mapping[str, object]) -> str:
    """Return a recipe's template with the row's values in it; Rejection where they do not go into it."""
    try:
        return Prompt(template).render(values).strip()
    except ValueError as error:
        raise Reject("the template cannot be filled in", str(error)) from error


def build_messages(system: str, prompt: str, history: Dialog = ()) -> tuple[Message, ...]:
    """Return the messages to the teacher: the rules, the dialog so far, and what is asked now."""
    turns = list(history)
    if prompt and turns and turns[-1].role == "user":
        turns[-1] = Message("user", f"{turns[-1].content}\n\n{prompt}")
    elif prompt:
        turns.append(Message("user", prompt))
    if not turns or turns[-1].role != "user":
        raise Reject("nothing is asked", "the prompt is blank, and what was said before does not end with the user")
    return (Message("system", system), *turns) if system else tuple(turns)


def history_of(row: Row, column: str | None) -> Dialog:
    """Return the dialog that went before, if a column holds one."""
    return read_dialog(row.values[column]) if column and row.values[column] is not None else ()


def check_type(key: str, name: str, table: str, read: Contract, types: tuple[str, ...]) -> None:
    """Raise StageError where the column that a key names is missing or of none of the types."""
    found = find_column(key, name, table, read)
    if found.type not in types:
        raise StageError(key, f'"{name}" of "{table}" is {found.type}, not {" or ".join(types)}')


def plain_text(reply: Reply) -> str:
    """Return the words of an answer that may be any; Unreadable where there are none."""
    text = reply.text.strip()
    if not text:
        raise Unreadable("the answer is empty")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Unreadable("the answer holds characters that are no text")
    return text


def texts_in(value: Json) -> list[str]:
    """Return the texts that a column of type text, texts or dialog holds."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return texts_in(value.get("content"))
    assert not isinstance(value, bool | int | float)
    return [text for item in value for text in texts_in(item)]
