"""A map of texts: those of like words lie together, in clusters that their own words name."""

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
    """Where each text lies, the cluster it is in, and the words that tell each cluster from the others."""

    points: Sequence[tuple[float, float]]
    clusters: Sequence[int]
    names: Sequence[str]


def text_map(texts: Sequence[str]) -> TextMap | None:
    """The map; the same texts make the same. None where there are too few, or they have no words to tell them apart."""
    from threadpoolctl import threadpool_limits

    if len(set(texts)) < _FEWEST:
        return None
    with threadpool_limits(1), warnings.catch_warnings():
        # Texts that differ in nothing the map sees make fewer clusters than asked for, which is no fault.
        warnings.simplefilter("ignore")
        return _mapped(texts)


def _mapped(texts: Sequence[str]) -> TextMap | None:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.manifold import TSNE

    counted = _counted(texts)
    if counted is None or min(counted[0].shape) < _FEWEST:
        return None
    weights, words = counted
    size = min(_DIMENSIONS, min(weights.shape) - 1)
    vectors = TruncatedSVD(size, random_state=0).fit_transform(weights)
    if not vectors.std(axis=0).any():
        return None
    clusters = min(_MOST_CLUSTERS, max(2, len(set(texts)) // _PER_CLUSTER))
    found = KMeans(clusters, n_init=3, random_state=0).fit_predict(vectors)
    perplexity = min(_PERPLEXITY, (len(texts) - 1) / 3)
    spread = TSNE(2, init="pca", random_state=0, perplexity=perplexity, max_iter=_STEPS, n_jobs=1)
    points = spread.fit_transform(vectors)
    names = [_name(weights[found == number], weights, words) for number in range(clusters)]
    return TextMap([(float(x), float(y)) for x, y in points], [int(number) for number in found], names)


def _counted(texts: Sequence[str]) -> tuple[Any, Sequence[str]] | None:
    """The texts by the weights of their words and pairs of words; None where no word is in few enough of them.

    English words that are in any text tell nothing; in other languages, what is in half of the texts does not count.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    rare = 2 if len(texts) >= _SMALL else 1
    counting = TfidfVectorizer(
        ngram_range=(1, 2), min_df=rare, max_df=0.5, max_features=_TERMS, sublinear_tf=True, stop_words="english"
    )
    try:
        weights = counting.fit_transform(texts)
    except ValueError:  # its word for an empty vocabulary
        return None
    return weights, list(counting.get_feature_names_out())


def _name(own: Any, everything: Any, words: Sequence[str]) -> str:
    """The words that are weightier here than elsewhere, none of them said twice."""
    if not own.shape[0]:
        return ""
    gain = own.mean(axis=0).A1 - everything.mean(axis=0).A1
    chosen: list[str] = []
    for place in gain.argsort(kind="stable")[::-1][: 4 * _NAMED_BY]:
        parts = set(words[place].split())
        if gain[place] > 0 and not any(parts & set(other.split()) for other in chosen):
            chosen.append(words[place])
    return ", ".join(chosen[:_NAMED_BY])
