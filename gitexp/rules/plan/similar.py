"""Texts that say nearly the same: the cosine of their TF-IDF vectors.

The results equal those of scikit-learn's TfidfVectorizer with its defaults (the tests compare
them); importing that takes a second, and `start` has to answer at once.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"\b\w\w+\b")


class Texts:
    """Texts that queries are compared with; they are counted once, whatever is asked later."""

    def __init__(self, texts: Iterable[str]) -> None:
        documents = [Counter(_words(text)) for text in texts]
        self._places: dict[str, list[tuple[int, int]]] = {}  # of a word: text, how often
        for index, document in enumerate(documents):
            for word, count in document.items():
                self._places.setdefault(word, []).append((index, count))
        self._weights = {
            word: math.log((1 + len(documents)) / (1 + len(places))) + 1
            for word, places in self._places.items()
        }
        self._lengths = [_length(document, self._weights) for document in documents]

    def rank(self, query: str) -> list[tuple[float, int]]:
        """Cosines of a query with the texts that share a word with it, as (cosine, index).

        The best come first. A word of the query that no text has also matches longer words that
        begin with it.
        """
        asked = Counter(known for word in _words(query) for known in self._known(word))
        length = _length(asked, self._weights)
        products: dict[int, float] = {}
        for word, times in asked.items():
            weight = times * self._weights[word] ** 2
            for index, count in self._places[word]:
                products[index] = products.get(index, 0.0) + weight * count
        found = [(p / (length * self._lengths[index]), index) for index, p in products.items()]
        return sorted(found, key=lambda one: (-one[0], one[1]))

    def _known(self, word: str) -> list[str]:
        if word in self._weights or len(word) < 3:
            return [word] if word in self._weights else []
        return [other for other in self._weights if other.startswith(word)]


def _words(text: str) -> Iterable[str]:
    return _WORD.findall(text.lower())


def _length(document: Counter[str], weights: dict[str, float]) -> float:
    return math.hypot(*(count * weights[word] for word, count in document.items()))
