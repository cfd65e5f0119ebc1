"""The small student: n-grams and logistic regression, trained in seconds on a CPU from a teacher's labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from synth_assets.core.errors import ContractError
from synth_assets.training.ngrams import vectorizers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

FOLDS = 5
_FEWEST_ROWS = 10
_STRENGTHS = (3.0, 10.0, 30.0)
_USUAL = 10.0
_MOST_ROWS_TO_SELECT = 20_000
_MOST_TERMS = 200_000


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a student learns from: texts, their labels, and how sure the teacher was of each."""

    texts: Sequence[str]
    labels: Sequence[str]
    weights: Sequence[float]

    def check(self) -> None:
        """ContractError where there is too little to learn from."""
        if len(self.texts) < _FEWEST_ROWS or len(set(self.labels)) < 2:
            raise ContractError(
                f"{len(self.texts)} labelled rows with {len(set(self.labels))} labels are too few to learn from",
                remedy=f"a student needs at least {_FEWEST_ROWS} rows and two labels",
            )


class Student(Protocol):
    """A model that labels texts."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it knows."""

    def probabilities(self, texts: Sequence[str]) -> "Matrix":
        """For each text, how likely each label is."""


@dataclass(frozen=True, slots=True)
class NgramStudent:
    """A linear model over n-grams."""

    labels: tuple[str, ...]
    views: Sequence[Any]
    coefficients: Any
    intercepts: Any

    def probabilities(self, texts: Sequence[str]) -> "Matrix":
        """For each text, how likely each label is."""
        return _softmax(_seen(self.views, texts) @ self.coefficients.T + self.intercepts)


@dataclass(frozen=True, slots=True)
class Trained:
    """A student, what it said of each row while that row was held out, and how it was chosen."""

    student: Student
    held_out: "Matrix"
    chosen: dict[str, Any]


def train(lessons: Lessons, seed: int = 0) -> Trained:
    """Trains on all rows, after choosing the strength of the fit by cross-validation on these same rows."""
    lessons.check()
    names = tuple(sorted(set(lessons.labels)))
    views = _fitted(lessons.texts)
    seen = _seen(views, lessons.texts)
    folds = folds_of(lessons.labels, seed)
    strengths = _STRENGTHS if len(lessons.texts) <= _MOST_ROWS_TO_SELECT else (_USUAL,)
    tried = {strength: _held_out(seen, lessons, folds, names, strength) for strength in strengths}
    scores = {strength: _score(held_out, lessons, names) for strength, held_out in tried.items()}
    best = max(strengths, key=lambda strength: (scores[strength], -strength))
    coefficients, intercepts = _fit(seen, lessons.labels, lessons.weights, names, best)
    student = NgramStudent(names, views, coefficients, intercepts)
    told = {str(strength): round(score, 4) for strength, score in scores.items()}
    return Trained(student, tried[best], {"C": best, "cross_validated_accuracy": told, "folds": FOLDS})


def folds_of(labels: Sequence[str], seed: int = 0, folds: int = FOLDS) -> list[int]:
    """The fold of each row: each label is dealt evenly to all folds, in an order of chance."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    dealt, found = dict.fromkeys(labels, 0), [0] * len(labels)
    for start, label in enumerate(sorted(dealt)):
        dealt[label] = start  # small labels do not all begin with the first fold
    for place in order:
        label = labels[place]
        found[place] = dealt[label] % folds
        dealt[label] += 1
    return found


def _fitted(texts: Sequence[str]) -> list[Any]:
    views = vectorizers(min_df=2, max_features=_MOST_TERMS)
    views[0].set_params(max_features=_MOST_TERMS)
    for view in views:
        view.fit(texts)
    return views


def _seen(views: Sequence[Any], texts: Sequence[str]) -> Any:
    from scipy.sparse import hstack

    return hstack([view.transform(texts) for view in views], format="csr")


def _fit(seen: Any, labels: Sequence[str], weights: Sequence[float], names: Sequence[str], strength: float) -> Any:
    """Coefficients and intercepts of every name; a label that no row has is as good as impossible."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=strength, class_weight="balanced", solver="newton-cg", max_iter=300, tol=1e-3)
    with threadpool_limits(
        1
    ):  # many threads on sparse rows only wait for each other: 20 times slower on a busy machine
        model.fit(seen, list(labels), sample_weight=np.asarray(weights))
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # told as one row: that of the second label against the first
        coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([[0.0], intercepts])
    whole = np.zeros((len(names), seen.shape[1]), dtype=np.float32)
    starts = np.full(len(names), -30.0)
    places = [list(names).index(name) for name in model.classes_]
    whole[places], starts[places] = coefficients, intercepts
    return whole, starts


def _held_out(seen: Any, lessons: Lessons, folds: Sequence[int], names: Sequence[str], strength: float) -> "Matrix":
    import numpy as np

    found = np.zeros((len(folds), len(names)))
    of_row = np.asarray(folds)
    for fold in sorted(set(folds)):
        inside, outside = np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)
        labels = [lessons.labels[place] for place in inside]
        weights = [lessons.weights[place] for place in inside]
        coefficients, intercepts = _fit(seen[inside], labels, weights, names, strength)
        found[outside] = _softmax(seen[outside] @ coefficients.T + intercepts)
    return found


def _score(held_out: "Matrix", lessons: Lessons, names: Sequence[str]) -> float:
    right = [names[place] == label for place, label in zip(held_out.argmax(axis=1), lessons.labels, strict=True)]
    return sum(weight for weight, hit in zip(lessons.weights, right, strict=True) if hit) / sum(lessons.weights)


def _softmax(scores: Any) -> "Matrix":
    import numpy as np

    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=float)
