"""Rows for people to judge, and their verdicts, in the JSON of Label Studio (full or JSON_MIN) and of Argilla.

One label of a row is the answer to `label`. Where any number may apply, they are the answer to `labels`: in Label
Studio Choices with `choice="multiple"`, in Argilla a multi-label question. Argilla takes no empty answer, so there the
question has one more option, `(none)`; in Label Studio an annotation that is handed in without a choice says the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LABEL_STUDIO, ARGILLA = "label_studio.json", "argilla.json"
NONE = "(none)"
"""The choice that none of the labels applies; where nothing at all is said, there is no verdict."""
_AGENT = "votes"
_QUESTIONS = {"label", "labels"}
_SEVERAL = "with `multiple: true` this stage reads `labels`, without it one `label`"

Labels = str | tuple[str, ...]
"""The label of a row; or all that apply, sorted and none twice."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A row in the queue: what to judge, the label or labels it has, and why that is doubtful."""

    subject: str
    text: str
    said: Labels | None
    gain: float
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReviewVerdict:
    """What a person says of a row. Who cannot be told is the tool's number of the person."""

    subject: str
    said: Labels
    who: str
    at: str


def label_studio_task(doubt: ReviewItem) -> dict[str, Any]:
    """A task to import; the label is a prediction. The project has a Text `text`, and Choices for the answer."""
    value = {"choices": [doubt.said] if isinstance(doubt.said, str) else list(doubt.said or ())}
    choice = {"from_name": _question(doubt), "to_name": "text", "type": "choices", "value": value}
    data = {"text": doubt.text, "subject": doubt.subject, "why": ", ".join(doubt.why), "gain": doubt.gain}
    result = [choice] if doubt.said else []
    prediction = {"model_version": _AGENT, "score": round(1 - doubt.gain, 6), "result": result}
    return {"data": data, "predictions": [prediction] if doubt.said is not None else []}


def argilla_record(doubt: ReviewItem) -> dict[str, Any]:
    """A record to log; the label is a suggestion for the question."""
    value = doubt.said if isinstance(doubt.said, str) else list(doubt.said or (NONE,))
    suggestion = {"value": value, "score": round(1 - doubt.gain, 6), "agent": _AGENT}
    return {
        "id": doubt.subject,
        "fields": {"text": doubt.text},
        "metadata": {"why": ", ".join(doubt.why), "gain": doubt.gain},
        "suggestions": {_question(doubt): suggestion} if doubt.said is not None else {},
        "responses": {},
    }


def _question(doubt: ReviewItem) -> str:
    return "label" if isinstance(doubt.said, str) else "labels"


def verdicts_in(item: Mapping[str, Any], otherwise_at: str, *, multiple: bool = False) -> Iterator[ReviewVerdict]:
    """The verdicts in a task of Label Studio, a record of Argilla, or a plain row; then ValueError for what is none."""
    question = "labels" if multiple else "label"
    faults = []
    for given in _given(item, question, otherwise_at):
        try:
            said = _said(given.value, question)
        except ValueError as error:
            faults.append(f"{given.who}: {error}")
        else:
            yield ReviewVerdict(given.subject, said, given.who, given.at)
    if faults:
        raise ValueError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer as the tool writes it."""

    subject: str
    value: Any
    who: str
    at: str


def _given(item: Mapping[str, Any], question: str, otherwise_at: str) -> Iterator[_Given]:
    if "annotations" in item:
        yield from _of_label_studio(item, question, otherwise_at)
    elif "responses" in item:
        yield from _of_argilla(item, question, otherwise_at)
    elif {"subject", question, "who"} <= item.keys():
        at = item.get("said_at") or otherwise_at
        yield _Given(str(item["subject"]), item[question], str(item["who"]), str(at))
    elif {"subject", question, "annotator"} <= item.keys():  # JSON_MIN, a row for each annotation
        at = item.get("updated_at") or item.get("created_at") or otherwise_at
        yield _Given(str(item["subject"]), item[question], str(item["annotator"]), str(at))
    elif "subject" in item and item.keys() & _QUESTIONS:
        raise ValueError(f'there is no "{question}": {_SEVERAL}')
    elif question == "labels" and {"subject", "annotator"} <= item.keys():
        raise ValueError("JSON_MIN does not tell whether nothing was chosen: export the full JSON")
    else:
        raise ValueError(f"neither a task of Label Studio, nor a record of Argilla, nor subject, {question} and who")


def _of_label_studio(task: Mapping[str, Any], question: str, otherwise_at: str) -> Iterator[_Given]:
    subject = _subject(task.get("data"), "subject")
    for annotation in task["annotations"]:
        if annotation.get("was_cancelled"):
            continue
        choices = _choices(annotation.get("result", ()), question)
        if not choices and question == "label":
            continue
        by = annotation.get("completed_by")
        who = (by.get("email") or by.get("id")) if isinstance(by, Mapping) else by
        at = annotation.get("updated_at") or annotation.get("created_at") or otherwise_at
        yield _Given(subject, choices, str(who), str(at))


def _choices(results: Sequence[Mapping[str, Any]], question: str) -> list[Any]:
    """What was chosen for the question; ValueError where only others were answered by a choice."""
    asked = {result.get("from_name"): result.get("value", {}).get("choices", ()) for result in results}
    others = [str(result.get("from_name")) for result in results if result.get("type") == "choices"]
    if others and question not in asked:
        raise ValueError(f'the choices are named "{others[0]}", not "{question}": {_SEVERAL}')
    return list(asked.get(question, ()))


def _of_argilla(record: Mapping[str, Any], question: str, otherwise_at: str) -> Iterator[_Given]:
    subject = _subject(record, "id")
    # Argilla's own to_json tells no status: whoever wants no drafts asks it for submitted records only.
    at = record.get("updated_at") or record.get("inserted_at") or otherwise_at
    for response in (record["responses"] or {}).get(question, ()):
        if response.get("status", "submitted") == "submitted" and response.get("value") is not None:
            yield _Given(subject, response["value"], str(response.get("user_id")), str(at))


def _said(value: Any, question: str) -> Labels:
    """What was chosen, in one of the shapes it is written in; ValueError where it answers the question in no way."""
    if question == "labels" and isinstance(value, str) and value[:1] in ("[", "{"):
        value = json.loads(value)  # how a list stands in a CSV file
    if isinstance(value, Mapping):
        value = value.get("choices")  # how JSON_MIN has several
    if value is None or value == "":
        raise ValueError(
            "nothing is said" + (f"; that no label applies is [] or {NONE}" if question == "labels" else "")
        )
    chosen = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    if question == "labels":
        if NONE in chosen and len(set(chosen)) > 1:
            raise ValueError(f"{NONE} stands beside other labels")
        return tuple(sorted(set(chosen) - {NONE}))
    if len(chosen) != 1:
        raise ValueError(f"there are {len(chosen)} labels where one is wanted: {_SEVERAL}")
    return chosen[0]


def _subject(values: Any, key: str) -> str:
    if not isinstance(values, Mapping) or not values.get(key):
        raise ValueError(f'the row that was judged is not told: there is no "{key}"')
    return str(values[key])
