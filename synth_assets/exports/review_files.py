"""Writes rows for people to judge and reads their verdicts, in the JSON of Label Studio (full or JSON_MIN) and Argilla.

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
"""The choice that none of the labels applies; without any choice there is no verdict."""
_AGENT = "votes"
_QUESTIONS = {"label", "labels"}
_SEVERAL = "with `multiple: true` this stage reads `labels`, without it one `label`"

Labels = str | tuple[str, ...]
"""The label of a row; or all that apply, sorted and none twice."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A row in the queue: what to judge, the label or labels it has, and why they are doubtful."""

    subject: str
    text: str
    labels: Labels | None
    gain: float
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReviewVerdict:
    """The label or labels that a person gives to a row. A person without a name is the number that the tool gives."""

    subject: str
    labels: Labels
    who: str
    at: str


def label_studio_task(item: ReviewItem) -> dict[str, Any]:
    """Return a task to import; the label is a prediction. The project has a Text `text`, and Choices for the answer."""
    value = {"choices": [item.labels] if isinstance(item.labels, str) else list(item.labels or ())}
    choice = {"from_name": _question(item), "to_name": "text", "type": "choices", "value": value}
    data = {"text": item.text, "subject": item.subject, "why": ", ".join(item.why), "gain": item.gain}
    result = [choice] if item.labels else []
    prediction = {"model_version": _AGENT, "score": round(1 - item.gain, 6), "result": result}
    return {"data": data, "predictions": [prediction] if item.labels is not None else []}


def argilla_record(item: ReviewItem) -> dict[str, Any]:
    """Return a record to log; the label is a suggestion for the question."""
    value = item.labels if isinstance(item.labels, str) else list(item.labels or (NONE,))
    suggestion = {"value": value, "score": round(1 - item.gain, 6), "agent": _AGENT}
    return {
        "id": item.subject,
        "fields": {"text": item.text},
        "metadata": {"why": ", ".join(item.why), "gain": item.gain},
        "suggestions": {_question(item): suggestion} if item.labels is not None else {},
        "responses": {},
    }


def _question(item: ReviewItem) -> str:
    return "label" if isinstance(item.labels, str) else "labels"


def verdicts_in(record: Mapping[str, Any], otherwise_at: str, *, multiple: bool = False) -> Iterator[ReviewVerdict]:
    """Yield the verdicts in a Label Studio task, an Argilla record or a plain row; raise ValueError for faulty ones."""
    question = "labels" if multiple else "label"
    faults = []
    for answer in _answers(record, question, otherwise_at):
        try:
            labels = _labels(answer.value, question)
        except ValueError as error:
            faults.append(f"{answer.who}: {error}")
        else:
            yield ReviewVerdict(answer.subject, labels, answer.who, answer.at)
    if faults:
        raise ValueError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as the tool writes it."""

    subject: str
    value: Any
    who: str
    at: str


def _answers(record: Mapping[str, Any], question: str, otherwise_at: str) -> Iterator[_Answer]:
    if "annotations" in record:
        yield from _label_studio_answers(record, question, otherwise_at)
    elif "responses" in record:
        yield from _argilla_answers(record, question, otherwise_at)
    elif {"subject", question, "who"} <= record.keys():
        at = record.get("said_at") or otherwise_at
        yield _Answer(str(record["subject"]), record[question], str(record["who"]), str(at))
    elif {"subject", question, "annotator"} <= record.keys():  # JSON_MIN, a row for each annotation
        at = record.get("updated_at") or record.get("created_at") or otherwise_at
        yield _Answer(str(record["subject"]), record[question], str(record["annotator"]), str(at))
    elif "subject" in record and record.keys() & _QUESTIONS:
        raise ValueError(f'there is no "{question}": {_SEVERAL}')
    elif question == "labels" and {"subject", "annotator"} <= record.keys():
        raise ValueError("JSON_MIN does not tell whether nothing was chosen: export the full JSON")
    else:
        raise ValueError(f"neither a task of Label Studio, nor a record of Argilla, nor subject, {question} and who")


def _label_studio_answers(task: Mapping[str, Any], question: str, otherwise_at: str) -> Iterator[_Answer]:
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
        yield _Answer(subject, choices, str(who), str(at))


def _choices(results: Sequence[Mapping[str, Any]], question: str) -> list[Any]:
    """Return the choices for the question; ValueError if only other questions were answered by a choice."""
    choices = {result.get("from_name"): result.get("value", {}).get("choices", ()) for result in results}
    others = [str(result.get("from_name")) for result in results if result.get("type") == "choices"]
    if others and question not in choices:
        raise ValueError(f'the choices are named "{others[0]}", not "{question}": {_SEVERAL}')
    return list(choices.get(question, ()))


def _argilla_answers(record: Mapping[str, Any], question: str, otherwise_at: str) -> Iterator[_Answer]:
    subject = _subject(record, "id")
    # Argilla's own to_json writes no status: to leave out drafts, export submitted records only.
    at = record.get("updated_at") or record.get("inserted_at") or otherwise_at
    for response in (record["responses"] or {}).get(question, ()):
        if response.get("status", "submitted") == "submitted" and response.get("value") is not None:
            yield _Answer(subject, response["value"], str(response.get("user_id")), str(at))


def _labels(value: Any, question: str) -> Labels:
    """Return the labels of an answer, in any of its shapes; ValueError if it does not answer the question."""
    if question == "labels" and isinstance(value, str) and value[:1] in ("[", "{"):
        value = json.loads(value)  # a list in a CSV file
    if isinstance(value, Mapping):
        value = value.get("choices")  # several in JSON_MIN
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
