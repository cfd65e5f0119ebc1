"""Maps texts to the plane: similar texts are near each other, in clusters that are named by their words."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_FEWEST = 12
_DIMENSIONS, _TERMS = 50, 20_000
_MOST_CLUSTERS, _PER_CLUSTER = 10, 20
_NAMED_BY = 3
_PERPLEXITY, _STEPS = 30, 500
_SMALL = 50


@dataclass(frozen=True, slots=True)
class TextMap:
    """The point and the cluster of each text, and the words that distinguish each cluster from the others."""

    points: Sequence[tuple[float, float]]
    clusters: Sequence[int]
    names: Sequence[str]


def text_map(texts: Sequence[str]) -> TextMap | None:
    """Map texts, the same texts always to the same map; None if they are too few or have no distinguishing words."""
    from threadpoolctl import threadpool_limits

    if len(set(texts)) < _FEWEST:
        return None
    with threadpool_limits(1), warnings.catch_warnings():
        # Texts that the map cannot distinguish make fewer clusters than asked for, which is no fault.
        warnings.simplefilter("ignore")
        return _map(texts)


def _map(texts: Sequence[str]) -> TextMap | None:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.manifold import TSNE

    weighted = _term_weights(texts)
    if weighted is None or min(weighted[0].shape) < _FEWEST:
        return None
    weights, words = weighted
    size = min(_DIMENSIONS, min(weights.shape) - 1)
    vectors = TruncatedSVD(size, random_state=0).fit_transform(weights)
    if not vectors.std(axis=0).any():
        return None
    clusters = min(_MOST_CLUSTERS, max(2, len(set(texts)) // _PER_CLUSTER))
    numbers = KMeans(clusters, n_init=3, random_state=0).fit_predict(vectors)
    perplexity = min(_PERPLEXITY, (len(texts) - 1) / 3)
    projection = TSNE(2, init="pca", random_state=0, perplexity=perplexity, max_iter=_STEPS, n_jobs=1)
    points = projection.fit_transform(vectors)
    names = [_name(weights[numbers == number], weights, words) for number in range(clusters)]
    return TextMap([(float(x), float(y)) for x, y in points], [int(number) for number in numbers], names)


def _term_weights(texts: Sequence[str]) -> tuple[Any, Sequence[str]] | None:
    """Return the texts by the weights of their words and pairs of words; None if no word is in few enough of them.

    English words that are in any text tell nothing; in other languages, what is in half of the texts does not count.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    min_texts = 2 if len(texts) >= _SMALL else 1
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=min_texts, max_df=0.5, max_features=_TERMS, sublinear_tf=True, stop_words="english"
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # the vocabulary is empty
        return None
    return weights, list(vectorizer.get_feature_names_out())


def _name(own: Any, everything: Any, words: Sequence[str]) -> str:
    """Return the words that weigh more here than elsewhere, without repeating any."""
    if not own.shape[0]:
        return ""
    gain = own.mean(axis=0).A1 - everything.mean(axis=0).A1
    chosen: list[str] = []
    for index in gain.argsort(kind="stable")[::-1][: 4 * _NAMED_BY]:
        parts = set(words[index].split())
        if gain[index] > 0 and not any(parts & set(other.split()) for other in chosen):
            chosen.append(words[index])
    return ", ".join(chosen[:_NAMED_BY])
