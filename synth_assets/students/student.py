"""The small student: n-grams and logistic regression, trained in seconds on a CPU from a teacher's labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from synth_assets.core.errors import ContractError
from synth_assets.students.ngrams import vectorizers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

FOLDS = 5
_FEWEST_ROWS = 10
_STRENGTHS = (1.0, 3.0, 10.0)
_USUAL = 10.0
_IMPOSSIBLE = -30.0
_CLIP = 40.0
_MOST_ROWS_TO_SELECT = 20_000
_MOST_TERMS = 200_000


@dataclass(frozen=True, slots=True)
class TrainingExamples:
    """What a student learns from: texts, their labels, and the share of the votes that each label had."""

    texts: Sequence[str]
    labels: Sequence[str]
    shares: Sequence[Mapping[str, float]]

    def weight(self, place: int) -> float:
        """How sure the teacher was of a row's label."""
        return self.shares[place].get(self.labels[place], 1.0)

    def beliefs(self, names: Sequence[str]) -> "Matrix":
        """The shares as a matrix; each row adds up to one."""
        import numpy as np

        found = np.array([[shares.get(name, 0.0) for name in names] for shares in self.shares])
        return np.asarray(found / found.sum(axis=1, keepdims=True))

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
        return _likely(_seen(self.views, texts) @ self.coefficients.T + self.intercepts)


@dataclass(frozen=True, slots=True)
class Trained:
    """A student, what it said of each row while that row was held out, and how it was chosen."""

    student: Student
    held_out: "Matrix"
    chosen: dict[str, Any]


def train(lessons: TrainingExamples, seed: int = 0) -> Trained:
    """Trains on all rows, after choosing the strength of the fit by cross-validation on these same rows."""
    lessons.check()
    names = tuple(sorted(set(lessons.labels)))
    views = _fitted(lessons.texts)
    seen, beliefs = _seen(views, lessons.texts), lessons.beliefs(names)
    folds = folds_of(lessons.labels, seed)
    strengths = _STRENGTHS if len(lessons.texts) <= _MOST_ROWS_TO_SELECT else (_USUAL,)
    tried = {strength: _held_out(seen, beliefs, folds, strength) for strength in strengths}
    scores = {strength: _score(held_out, lessons, names) for strength, held_out in tried.items()}
    best = max(strengths, key=lambda strength: (scores[strength], -strength))
    student = NgramStudent(names, views, *_fit(seen, beliefs, best))
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


def _fit(seen: Any, beliefs: "Matrix", strength: float) -> tuple[Any, Any]:
    """Coefficients and intercepts of each label against all others.

    A vote that was split teaches both sides, each by its share. Terms count by how much more often they stand with
    the label than without it (the log-count ratio of naive Bayes), which a plain fit on few rows learns less well.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    is_there = seen.sign()
    coefficients = np.zeros((beliefs.shape[1], seen.shape[1]), dtype=np.float32)
    intercepts = np.full(beliefs.shape[1], _IMPOSSIBLE)
    with threadpool_limits(
        1
    ):  # many threads on sparse rows only wait for each other: 20 times slower on a busy machine
        for place, belief in enumerate(beliefs.T):
            if not 0 < belief.sum() < len(belief):
                continue
            with_it, without = (1 + is_there.T @ share for share in (belief, 1 - belief))
            ratio = np.log((with_it / with_it.sum()) / (without / without.sum()))
            weights, intercepts[place] = _against_others(seen.multiply(ratio).tocsr(), belief, strength)
            coefficients[place] = weights * ratio
    return coefficients, intercepts


def _against_others(seen: Any, belief: Any, strength: float) -> tuple[Any, float]:
    """A logistic regression on shares: each row is an example of both sides, weighted; the sides weigh the same."""
    import numpy as np
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    shares = np.concatenate([belief, 1 - belief])
    sides = np.repeat([1, 0], len(belief))
    balance = np.where(sides == 1, 1 / belief.sum(), 1 / (1 - belief).sum()) * len(belief) / 2
    used = shares > 0
    model = LogisticRegression(C=strength, solver="newton-cg", max_iter=300, tol=1e-3)
    model.fit(vstack([seen, seen], format="csr")[used], sides[used], sample_weight=(shares * balance)[used])
    return model.coef_[0], float(model.intercept_[0])


def _held_out(seen: Any, beliefs: "Matrix", folds: Sequence[int], strength: float) -> "Matrix":
    import numpy as np

    found = np.zeros(beliefs.shape)
    of_row = np.asarray(folds)
    for fold in sorted(set(folds)):
        inside, outside = np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)
        coefficients, intercepts = _fit(seen[inside], beliefs[inside], strength)
        found[outside] = _likely(seen[outside] @ coefficients.T + intercepts)
    return found


def _score(held_out: "Matrix", lessons: TrainingExamples, names: Sequence[str]) -> float:
    right = [names[place] == label for place, label in zip(held_out.argmax(axis=1), lessons.labels, strict=True)]
    weights = [lessons.weight(place) for place in range(len(right))]
    return sum(weight for weight, hit in zip(weights, right, strict=True) if hit) / sum(weights)


def _likely(scores: Any) -> "Matrix":
    """Chances that add up to one, from the odds of each label against all others."""
    import numpy as np

    chances = 1 / (1 + np.exp(-np.clip(scores, -_CLIP, _CLIP)))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), dtype=float)
