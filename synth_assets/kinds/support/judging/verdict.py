"""What a judge says: an explanation and a score, read from JSON or from words. What is unclear is unreadable."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from synth_assets.core.canonical import Json
from synth_assets.core.parse import Unreadable, read_object, strip_code_fence
from synth_assets.kinds.support.judging.scale import Scale

_LABEL = re.compile(
    r"[\s>#*_`•-]*(?:(?:final|overall|total|my|the|revised|adjusted|corrected|updated|new|actual)\s+)*(?:score|rating)[*_`]*"
    r"\s*(?:[:：=]|\b(?:should|must|would) be\b|\bis\b|\bof\b|[-–—](?=\s)|(?=[*_`\[(]*-?\d)|(?=\Z))(?P<rest>.*)\Z",
    re.IGNORECASE,
)
_ALONE = re.compile(r"\s*\[\[(\d{1,4})\]\]\s*\Z")
_NUMBER = re.compile(
    r"[\s*_`=\[(]*(?P<score>\d{1,4})(?:\.0+)?[*_`\])]*"
    r"(?:\s*\(?(?:/|out of)\s*[*_`]*(?P<highest>\d{1,4})\)?)?[*_`\])]*(?:\s*\([^()\d]*\))?[\s*_`.!]*\Z",
    re.IGNORECASE,
)
_EXPLANATION = re.compile(r"\A[\s#*_`]*explanation[*_`]*\s*:[*_`]*\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """A score and why it was given."""

    score: int
    explanation: str

    def to_json(self) -> dict[str, Json]:
        """Return the verdict as it is kept, in the order in which it was to be thought."""
        return {"explanation": self.explanation, "score": self.score}


def verdict_in_json(text: str, scale: Scale) -> JudgeVerdict:
    """Return the verdict that a JSON object holds."""
    answer = read_object(text)
    explanation, score = answer.get("explanation"), answer.get("score")
    if not isinstance(explanation, str) or not explanation.strip():
        raise Unreadable('the answer has no "explanation" in words')
    if isinstance(score, str) and score.strip().isdecimal() and score.isascii():
        score = int(score)
    if isinstance(score, float) and score.is_integer():
        score = int(score)
    if not isinstance(score, int) or isinstance(score, bool):
        raise Unreadable('the answer has no "score" that is a whole number')
    return JudgeVerdict(_on(scale, score), explanation.strip())


def verdict_in_words(text: str, scale: Scale) -> JudgeVerdict:
    """Return the verdict of a text with one line like `Score: 3`; all the rest explains it."""
    lines = strip_code_fence(text).splitlines()
    found = dict(_scores(lines, scale))
    if not found:
        raise Unreadable(f"the answer has no line like: Score: {scale.highest}")
    if len(set(found.values()) - {None}) > 1:
        raise Unreadable("the answer has more than one score")
    rest = "\n".join(line for index, line in enumerate(lines) if index not in found)
    explanation = _EXPLANATION.sub("", rest).strip()
    if not any(character.isalpha() for character in explanation):
        raise Unreadable("the answer explains nothing: the explanation comes first, then the score")
    score = next(score for score in found.values() if score is not None)
    return JudgeVerdict(_on(scale, score), explanation)


def _scores(lines: list[str], scale: Scale) -> Iterator[tuple[int, int | None]]:
    """Yield the index of each line that gives a score, and the score; None for a label whose number is in the next."""
    labelled: int | None = None
    for index, line in enumerate(lines):
        if labelled is not None and line.strip(" *_`"):
            yield labelled, None
            yield index, _score(line, scale)
            labelled = None
        elif alone := _ALONE.match(line):
            yield index, int(alone[1])
        elif label := _LABEL.match(line):
            if label["rest"].strip(" *_`"):
                yield index, _score(label["rest"], scale)
            else:
                labelled = index
    if labelled is not None:
        raise Unreadable("the answer ends before the score")


def _score(text: str, scale: Scale) -> int:
    found = _NUMBER.match(text)
    if found is None:
        raise Unreadable(f"the score cannot be read: {text.strip()[:40]}")
    if found["highest"] is not None and int(found["highest"]) != scale.highest:
        raise Unreadable(f"the score is out of {found['highest']}, the scale ends with {scale.highest}")
    return int(found["score"])


def _on(scale: Scale, score: int) -> int:
    if score not in scale:
        raise Unreadable(f"the score {score} is not on the scale of {scale}"[:80])
    return score
