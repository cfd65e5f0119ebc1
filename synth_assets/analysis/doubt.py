"""Estimates what a person's verdict on a label is worth: the chance that it would change the label."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UNSEEN = 0.5  # votes added for each label, so that a few that agree do not make it certain
_EXPERTS_RIGHT = 0.95
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one row: the label, the votes, a student's probabilities (while held out), an expert's label."""

    label: str | None
    votes: Sequence[str] = ()
    probabilities: Mapping[str, float] | None = None
    expert: str | None = None


def gain_of(evidence: Evidence, labels: Sequence[str]) -> float:
    """Return the chance that a verdict changes the label; votes, student and experts count as independent evidence."""
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
    """Return the chance that a verdict changes the set, where each label is an independent question."""
    if evidence.labels is None:
        return 1.0
    return 1 - math.prod(_chance_to_stay(evidence, label) for label in labels)


def _chance_to_stay(evidence: SetEvidence, label: str) -> float:
    yes = evidence.shares.get(label, 0.0) * evidence.votes
    belief = {True: yes + _UNSEEN, False: evidence.votes - yes + _UNSEEN}
    if evidence.expert is not None:
        for applies in belief:
            belief[applies] *= _EXPERTS_RIGHT if applies == (label in evidence.expert) else 1 - _EXPERTS_RIGHT
    assert evidence.labels is not None
    return belief[label in evidence.labels] / sum(belief.values())


def _from_votes(evidence: Evidence, label: str) -> float:
    votes = evidence.votes or (evidence.label,)
    return sum(vote == label for vote in votes) + _UNSEEN


def _from_student(evidence: Evidence, label: str) -> float:
    return 1.0 if evidence.probabilities is None else max(evidence.probabilities.get(label, 0.0), _LEAST)


def label_errors(
    given: Sequence[str], probabilities: "NDArray[np.float64]", labels: Sequence[str]
) -> "NDArray[np.bool_]":
    """Say which labels are likely wrong, by confident learning on a student's probabilities of held-out rows."""
    import numpy as np
    from cleanlab.filter import find_label_issues

    if len(set(given)) < len(labels) or len(given) < 2 * len(labels):
        return np.zeros(len(given), dtype=bool)
    numbers = {label: number for number, label in enumerate(labels)}
    classes = np.array([numbers[label] for label in given], dtype=int)
    return np.asarray(find_label_issues(classes, probabilities, n_jobs=1))
