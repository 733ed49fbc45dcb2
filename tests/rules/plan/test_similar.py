from __future__ import annotations

import random

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from gitexp.rules.plan.similar import Texts

TEXTS = [
    "C=10 raises accuracy because the model underfits: train accuracy is only 0.93",
    "dropout 0.3 lowers loss because the network overfits after epoch five",
    "a larger C lifts accuracy because the model underfits",
    "augmentation raises recall because rotated digits are missed",
    "",
]


def by_scikit_learn(query: str, texts: list[str]) -> list[tuple[float, int]]:
    vectorizer = TfidfVectorizer(token_pattern=r"(?u)\b\w\w+\b")
    matrix = vectorizer.fit_transform(texts)
    cosines = (matrix @ vectorizer.transform([query]).T).toarray().ravel()
    found = [(float(cosine), index) for index, cosine in enumerate(cosines) if cosine > 0]
    return sorted(found, key=lambda one: (-round(one[0], 12), one[1]))


@pytest.mark.parametrize(
    "query",
    ["the model underfits", "raises accuracy because the model underfits", "digits", "LOSS!"],
)
def test_the_figures_are_those_of_scikit_learn(query: str) -> None:
    expected = by_scikit_learn(query, TEXTS)
    found = Texts(TEXTS).rank(query)
    assert [index for _, index in found] == [index for _, index in expected]
    assert [cosine for cosine, _ in found] == pytest.approx([cosine for cosine, _ in expected])


def test_drawn_texts_have_the_figures_of_scikit_learn_too() -> None:
    rng = random.Random(7)
    vocabulary = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    for _ in range(30):
        texts = [" ".join(rng.choices(vocabulary, k=rng.randint(1, 9))) for _ in range(12)]
        query = " ".join(rng.choices(vocabulary, k=3))
        found = {index: cosine for cosine, index in Texts(texts).rank(query)}
        expected = {index: cosine for cosine, index in by_scikit_learn(query, texts)}
        assert found == pytest.approx(expected)


def test_the_beginning_of_a_word_finds_it() -> None:
    assert [index for _, index in Texts(TEXTS).rank("augment")] == [3]
    assert Texts(TEXTS).rank("xylophone") == []
    assert Texts(TEXTS).rank("") == []
