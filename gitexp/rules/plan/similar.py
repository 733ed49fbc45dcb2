"""Texts that say nearly the same: the cosine of their TF-IDF vectors.

The results equal those of scikit-learn's TfidfVectorizer with its defaults (the tests compare
them); importing that takes a second, and `start` has to answer at once.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\b\w\w+\b")


def rank(query: str, texts: Sequence[str]) -> list[tuple[float, int]]:
    """Cosines of a query with the texts that share a word with it, as (cosine, index), best first.

    A word of the query that no text has also matches longer words that begin with it.
    """
    documents = [Counter(_words(text)) for text in texts]
    frequency = Counter(word for document in documents for word in document)
    weights = {w: math.log((1 + len(texts)) / (1 + f)) + 1 for w, f in frequency.items()}
    asked = Counter(known for word in _words(query) for known in _known(word, weights))
    length = _length(asked, weights)
    found = []
    for index, document in enumerate(documents):
        shared = asked.keys() & document.keys()
        if shared:
            product = sum(asked[w] * document[w] * weights[w] ** 2 for w in shared)
            found.append((product / (length * _length(document, weights)), index))
    return sorted(found, key=lambda one: (-one[0], one[1]))


def _words(text: str) -> Iterable[str]:
    return _WORD.findall(text.lower())


def _known(word: str, weights: dict[str, float]) -> list[str]:
    if word in weights or len(word) < 3:
        return [word] if word in weights else []
    return [other for other in weights if other.startswith(word)]


def _length(document: Counter[str], weights: dict[str, float]) -> float:
    return math.hypot(*(count * weights[word] for word, count in document.items()))
