"""How much a person's verdict on a label is worth: the chance that it would change it, from all that is known."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UNSEEN = 0.5  # votes added for each label, so that a few that agree are no certainty
_EXPERTS_RIGHT = 0.95
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one row: the label, the votes, a student's chances (while held out), an expert's label."""

    label: str | None
    said: Sequence[str] = ()
    chances: Mapping[str, float] | None = None
    expert: str | None = None


def gain_of(evidence: Evidence, labels: Sequence[str]) -> float:
    """The chance that a verdict changes the label. Votes, student and experts count as independent witnesses."""
    if evidence.label is None:
        return 1.0  # any verdict gives the row a label
    belief = {label: _from_votes(evidence, label) * _from_student(evidence, label) for label in labels}
    if evidence.expert is not None:
        others = max(len(labels) - 1, 1)
        for label in belief:
            belief[label] *= _EXPERTS_RIGHT if label == evidence.expert else (1 - _EXPERTS_RIGHT) / others
    return 1 - belief[evidence.label] / sum(belief.values())


@dataclass(frozen=True, slots=True)
class SetEvidence:
    """What is known of a row with any number of labels: those it has, and the share of the votes for each."""

    labels: Collection[str] | None
    votes: int
    shares: Mapping[str, float]
    expert: Collection[str] | None = None


def gain_of_set(evidence: SetEvidence, labels: Sequence[str]) -> float:
    """The chance that a verdict changes the set. Whether a label applies is a question by itself, so it stays as it is
    where each of them does.
    """
    if evidence.labels is None:
        return 1.0
    return 1 - math.prod(_stays(evidence, label) for label in labels)


def _stays(evidence: SetEvidence, label: str) -> float:
    yes = evidence.shares.get(label, 0.0) * evidence.votes
    belief = {True: yes + _UNSEEN, False: evidence.votes - yes + _UNSEEN}
    if evidence.expert is not None:
        for applies in belief:
            belief[applies] *= _EXPERTS_RIGHT if applies == (label in evidence.expert) else 1 - _EXPERTS_RIGHT
    assert evidence.labels is not None
    return belief[label in evidence.labels] / sum(belief.values())


def _from_votes(evidence: Evidence, label: str) -> float:
    said = evidence.said or (evidence.label,)
    return sum(each == label for each in said) + _UNSEEN


def _from_student(evidence: Evidence, label: str) -> float:
    return 1.0 if evidence.chances is None else max(evidence.chances.get(label, 0.0), _LEAST)


def label_errors(taught: Sequence[str], chances: "NDArray[np.float64]", labels: Sequence[str]) -> "NDArray[np.bool_]":
    """Which labels are likely wrong, by confident learning over a student's chances while each row was held out."""
    import numpy as np
    from cleanlab.filter import find_label_issues

    places = {label: place for place, label in enumerate(labels)}
    given = np.array([places[label] for label in taught], dtype=int)
    if len(set(taught)) < len(labels) or len(given) < 2 * len(labels):
        return np.zeros(len(given), dtype=bool)
    return np.asarray(find_label_issues(given, chances, n_jobs=1))
