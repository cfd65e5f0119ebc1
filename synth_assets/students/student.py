"""Trains the small student on a teacher's labels: n-grams and logistic regression, in seconds on a CPU."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from synth_assets.core.errors import ContractError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import TfidfVectorizer

    Matrix = NDArray[np.float64]

FOLDS = 5
_FEWEST_ROWS = 10
_STRENGTHS = (1.0, 3.0, 10.0)
_USUAL = 10.0
_IMPOSSIBLE = -30.0
_CLIP = 40.0
_MOST_ROWS_TO_SELECT = 20_000
_MOST_TERMS = 200_000
_NUMBER = re.compile(r"\d+(?:[ ,]\d{3})*(?:\.\d+)?")
_WORD = r"\w+|%"
_YEARS = range(1900, 2100)


@dataclass(frozen=True, slots=True)
class TrainingExamples:
    """What a student learns from: texts, their labels, and the share of the votes that each label had."""

    texts: Sequence[str]
    labels: Sequence[str]
    shares: Sequence[Mapping[str, float]]

    def weight(self, index: int) -> float:
        """Return how sure the teacher was of a row's label."""
        return self.shares[index].get(self.labels[index], 1.0)

    def beliefs(self, names: Sequence[str]) -> "Matrix":
        """Return the shares as a matrix; each row adds up to one."""
        import numpy as np

        matrix = np.array([[shares.get(name, 0.0) for name in names] for shares in self.shares])
        return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))

    def check(self) -> None:
        """Raise ContractError if there is too little to learn from."""
        if len(self.texts) < _FEWEST_ROWS or len(set(self.labels)) < 2:
            raise ContractError(
                f"{len(self.texts)} labelled rows with {len(set(self.labels))} labels are too few to learn from",
                remedy=f"a student needs at least {_FEWEST_ROWS} rows and two labels",
            )


class Student(Protocol):
    """A model that labels texts."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it can give."""

    def probabilities(self, texts: Sequence[str]) -> "Matrix":
        """Return how likely each label is, for each text."""


@dataclass(frozen=True, slots=True)
class NgramStudent:
    """A linear model over n-grams."""

    labels: tuple[str, ...]
    vectorizers: "Sequence[TfidfVectorizer]"
    coefficients: "NDArray[np.float32]"
    intercepts: "Matrix"

    def probabilities(self, texts: Sequence[str]) -> "Matrix":
        """Return how likely each label is, for each text."""
        return _to_probabilities(_features(self.vectorizers, texts) @ self.coefficients.T + self.intercepts)


@dataclass(frozen=True, slots=True)
class Trained:
    """A student, its probabilities of each row while that row was held out, and how it was chosen."""

    student: Student
    held_out: "Matrix"
    chosen: dict[str, Any]


def train(examples: TrainingExamples, seed: int = 0) -> Trained:
    """Train on all rows, after choosing the strength of the fit by cross-validation on the same rows."""
    examples.check()
    names = tuple(sorted(set(examples.labels)))
    vectorizers = _fit_vectorizers(examples.texts)
    features, beliefs = _features(vectorizers, examples.texts), examples.beliefs(names)
    folds = assign_folds(examples.labels, seed)
    strengths = _STRENGTHS if len(examples.texts) <= _MOST_ROWS_TO_SELECT else (_USUAL,)
    held_out = {strength: _predict_held_out(features, beliefs, folds, strength) for strength in strengths}
    scores = {strength: _score(held_out[strength], examples, names) for strength in strengths}
    best = max(strengths, key=lambda strength: (scores[strength], -strength))
    student = NgramStudent(names, vectorizers, *_fit(features, beliefs, best))
    accuracies = {str(strength): round(score, 4) for strength, score in scores.items()}
    return Trained(student, held_out[best], {"C": best, "cross_validated_accuracy": accuracies, "folds": FOLDS})


def assign_folds(labels: Sequence[str], seed: int = 0, folds: int = FOLDS) -> list[int]:
    """Return the fold of each row: each label is spread evenly over all folds, in a random order."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    # Small labels do not all begin with the first fold.
    next_fold = {label: start for start, label in enumerate(sorted(set(labels)))}
    assigned = [0] * len(labels)
    for index in order:
        label = labels[index]
        assigned[index] = next_fold[label] % folds
        next_fold[label] += 1
    return assigned


def normalize(text: str) -> str:
    """Lower the case, and replace each number by whether it is more or less than the one before."""
    last: float | None = None

    def replace(match: re.Match[str]) -> str:
        nonlocal last
        digits = re.sub(r"[ ,]", "", match[0])
        number = float(digits)
        if digits.isascii() and digits.isdigit() and len(digits) == 4 and int(digits) in _YEARS:
            return " year "
        direction = "" if last is None else "up" if number > last else "down" if number < last else "same"
        last = number
        return f" num{direction} "

    return " ".join(_NUMBER.sub(replace, text.lower()).split())


def restore_vectorizers(
    vocabularies: Sequence[Sequence[str]], weights: "Sequence[NDArray[np.float32]]"
) -> "list[TfidfVectorizer]":
    """Return the vectorizers with the terms and weights that a training found."""
    vectorizers = _vectorizers({"vocabulary": vocabularies[0]}, {"vocabulary": vocabularies[1]})
    for vectorizer, idf in zip(vectorizers, weights, strict=True):
        vectorizer.idf_ = idf
    return vectorizers


def _vectorizers(words: Mapping[str, Any], letters: Mapping[str, Any]) -> "list[TfidfVectorizer]":
    """Return vectorizers, not fitted yet, of word n-grams and of letter n-grams within words."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    shared: dict[str, Any] = {"preprocessor": normalize, "sublinear_tf": True, "dtype": np.float32}
    return [
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORD, **shared, **words),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), **shared, **letters),
    ]


def _fit_vectorizers(texts: Sequence[str]) -> "list[TfidfVectorizer]":
    vectorizers = _vectorizers({"max_features": _MOST_TERMS}, {"min_df": 2, "max_features": _MOST_TERMS})
    for vectorizer in vectorizers:
        vectorizer.fit(texts)
    return vectorizers


def _features(vectorizers: "Sequence[TfidfVectorizer]", texts: Sequence[str]) -> "csr_array":
    from scipy.sparse import hstack

    return hstack([vectorizer.transform(texts) for vectorizer in vectorizers], format="csr")


def _fit(features: "csr_array", beliefs: "Matrix", strength: float) -> "tuple[NDArray[np.float32], Matrix]":
    """Return coefficients and intercepts of each label against all others.

    A split vote teaches both sides, each by its share. Terms count by how much more often they occur with the
    label than without it (the log-count ratio of naive Bayes), which a plain fit on few rows learns less well.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    occurs = features.sign()
    coefficients = np.zeros((beliefs.shape[1], features.shape[1]), dtype=np.float32)
    intercepts = np.full(beliefs.shape[1], _IMPOSSIBLE)
    # Many threads on sparse rows only wait for each other: 20 times slower on a busy machine.
    with threadpool_limits(1):
        for label, belief in enumerate(beliefs.T):
            if not 0 < belief.sum() < len(belief):
                continue
            with_label, without = (1 + occurs.T @ share for share in (belief, 1 - belief))
            ratio = np.log((with_label / with_label.sum()) / (without / without.sum()))
            weights, intercepts[label] = _fit_against_others(features.multiply(ratio).tocsr(), belief, strength)
            coefficients[label] = weights * ratio
    return coefficients, intercepts


def _fit_against_others(features: "csr_array", belief: "Matrix", strength: float) -> "tuple[Matrix, float]":
    """Fit a logistic regression to shares: each row is an example of both sides, weighted; the sides weigh the same."""
    import numpy as np
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    shares = np.concatenate([belief, 1 - belief])
    sides = np.repeat([1, 0], len(belief))
    balance = np.where(sides == 1, 1 / belief.sum(), 1 / (1 - belief).sum()) * len(belief) / 2
    used = shares > 0
    model = LogisticRegression(C=strength, solver="newton-cg", max_iter=300, tol=1e-3)
    model.fit(vstack([features, features], format="csr")[used], sides[used], sample_weight=(shares * balance)[used])
    return model.coef_[0], float(model.intercept_[0])


def _predict_held_out(features: "csr_array", beliefs: "Matrix", folds: Sequence[int], strength: float) -> "Matrix":
    """Return the probabilities of each row by a student that has learnt from the other folds only."""
    import numpy as np

    probabilities = np.zeros(beliefs.shape)
    fold_of = np.asarray(folds)
    for fold in sorted(set(folds)):
        others, own = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        coefficients, intercepts = _fit(features[others], beliefs[others], strength)
        probabilities[own] = _to_probabilities(features[own] @ coefficients.T + intercepts)
    return probabilities


def _score(held_out: "Matrix", examples: TrainingExamples, names: Sequence[str]) -> float:
    right = [names[best] == label for best, label in zip(held_out.argmax(axis=1), examples.labels, strict=True)]
    weights = [examples.weight(index) for index in range(len(right))]
    return sum(weight for weight, hit in zip(weights, right, strict=True) if hit) / sum(weights)


def _to_probabilities(scores: "Matrix") -> "Matrix":
    """Return probabilities that add up to one, from the log-odds of each label against all others."""
    import numpy as np

    probabilities = 1 / (1 + np.exp(-np.clip(scores, -_CLIP, _CLIP)))
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True), dtype=float)
