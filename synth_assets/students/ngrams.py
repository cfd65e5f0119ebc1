"""What a small student sees of a text: its words, its letters, and which way its numbers go."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

_NUMBER = re.compile(r"\d+(?:[ ,]\d{3})*(?:\.\d+)?")
_YEARS = range(1900, 2100)
_WORD = r"\w+|%"
WORDS, LETTERS = (1, 2), (3, 5)


def simplified(text: str) -> str:
    """Small letters; each number only tells whether it is more or less than the one before."""
    last: float | None = None

    def told(found: re.Match[str]) -> str:
        nonlocal last
        digits = re.sub(r"[ ,]", "", found[0])
        number = float(digits)
        if digits.isascii() and digits.isdigit() and len(digits) == 4 and int(digits) in _YEARS:
            return " year "
        way = "" if last is None else "up" if number > last else "down" if number < last else "same"
        last = number
        return f" num{way} "

    return " ".join(_NUMBER.sub(told, text.lower()).split())


def vectorizers(**of_letters: Any) -> "list[TfidfVectorizer]":
    """The two views, not yet fitted: word n-grams, and letter n-grams within words."""
    return [_vectorizer(ngram_range=WORDS, token_pattern=_WORD), _letters(**of_letters)]


def known(vocabularies: "list[list[str]]", weights: "list[Any]") -> "list[TfidfVectorizer]":
    """The two views with the terms and weights that a training found."""
    words = _vectorizer(ngram_range=WORDS, token_pattern=_WORD, vocabulary=vocabularies[0])
    letters = _letters(vocabulary=vocabularies[1])
    for vectorizer, idf in zip((words, letters), weights, strict=True):
        vectorizer.idf_ = idf
    return [words, letters]


def _letters(**keys: Any) -> "TfidfVectorizer":
    return _vectorizer(analyzer="char_wb", ngram_range=LETTERS, **keys)


def _vectorizer(**keys: Any) -> "TfidfVectorizer":
    from sklearn.feature_extraction.text import TfidfVectorizer

    preprocess: Callable[[str], str] = simplified
    return TfidfVectorizer(preprocessor=preprocess, sublinear_tf=True, dtype=_float32(), **keys)


def _float32() -> Any:
    import numpy as np

    return np.float32
