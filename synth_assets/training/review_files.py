"""Rows for people to judge, and their verdicts, in the JSON of Label Studio (full or JSON_MIN) and of Argilla."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LABEL_STUDIO, ARGILLA = "label_studio.json", "argilla.json"
_AGENT = "votes"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row in the queue: what to judge, the label it has, and why that is doubtful."""

    subject: str
    text: str
    label: str | None
    gain: float
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a row. Who cannot be told is the tool's number of the person."""

    subject: str
    label: str
    who: str
    at: str


def label_studio_task(doubt: Doubt) -> dict[str, Any]:
    """A task to import; the label is a prediction. The project has a Text `text` and Choices `label`."""
    choice = {"choices": [doubt.label]}
    result = [{"from_name": "label", "to_name": "text", "type": "choices", "value": choice}]
    data = {"text": doubt.text, "subject": doubt.subject, "why": ", ".join(doubt.why), "gain": doubt.gain}
    prediction = {"model_version": _AGENT, "score": round(1 - doubt.gain, 6), "result": result}
    return {"data": data, "predictions": [prediction] if doubt.label is not None else []}


def argilla_record(doubt: Doubt) -> dict[str, Any]:
    """A record to log; the label is a suggestion for the question `label`."""
    suggestion = {"value": doubt.label, "score": round(1 - doubt.gain, 6), "agent": _AGENT}
    return {
        "id": doubt.subject,
        "fields": {"text": doubt.text},
        "metadata": {"why": ", ".join(doubt.why), "gain": doubt.gain},
        "suggestions": {"label": suggestion} if doubt.label is not None else {},
        "responses": {},
    }


def verdicts_in(item: Mapping[str, Any], otherwise_at: str) -> Iterator[Verdict]:
    """The verdicts in a task of Label Studio, a record of Argilla, or a plain row; ValueError where it is none."""
    if "annotations" in item:
        yield from _of_label_studio(item, otherwise_at)
    elif "responses" in item:
        yield from _of_argilla(item, otherwise_at)
    elif {"subject", "label", "who"} <= item.keys():
        at = item.get("said_at") or otherwise_at
        yield Verdict(str(item["subject"]), str(item["label"]), str(item["who"]), str(at))
    elif {"subject", "label", "annotator"} <= item.keys():  # JSON_MIN, a row for each annotation
        at = item.get("updated_at") or item.get("created_at") or otherwise_at
        yield Verdict(str(item["subject"]), str(item["label"]), str(item["annotator"]), str(at))
    else:
        raise ValueError("neither a task of Label Studio, nor a record of Argilla, nor subject, label and who")


def _of_label_studio(task: Mapping[str, Any], otherwise_at: str) -> Iterator[Verdict]:
    subject = _subject(task.get("data"), "subject")
    for annotation in task["annotations"]:
        if annotation.get("was_cancelled"):
            continue
        by = annotation.get("completed_by")
        who = (by.get("email") or by.get("id")) if isinstance(by, Mapping) else by
        at = annotation.get("updated_at") or annotation.get("created_at") or otherwise_at
        for result in annotation.get("result", ()):
            choices = result.get("value", {}).get("choices", ())
            if result.get("from_name") == "label" and len(choices) == 1:
                yield Verdict(subject, str(choices[0]), str(who), str(at))


def _of_argilla(record: Mapping[str, Any], otherwise_at: str) -> Iterator[Verdict]:
    subject = _subject(record, "id")
    # Argilla's own to_json tells no status: whoever wants no drafts asks it for submitted records only.
    at = record.get("updated_at") or record.get("inserted_at") or otherwise_at
    for response in (record["responses"] or {}).get("label", ()):
        if response.get("status", "submitted") == "submitted" and response.get("value") is not None:
            yield Verdict(subject, str(response["value"]), str(response.get("user_id")), str(at))


def _subject(values: Any, key: str) -> str:
    if not isinstance(values, Mapping) or not values.get(key):
        raise ValueError(f'the row that was judged is not told: there is no "{key}"')
    return str(values[key])
