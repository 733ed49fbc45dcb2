"""Outcomes drawn at random, for tests of the statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gitexp.rules.documents.outcomes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def outcomes(
    true: Iterable[object],
    pred: Iterable[object],
    ids: Iterable[object] = (),
    **more: Any,  # noqa: ANN401 - further columns
) -> Outcomes:
    columns = {"y_true": true, "y_pred": pred, **more}
    texts = {name: tuple(map(str, values)) for name, values in columns.items()}
    names = tuple(map(str, ids)) or tuple(map(str, range(len(texts["y_true"]))))
    return Outcomes(names, texts, len(names))


def a_classifier(n: int, seed: int, noise: float = 1.0, labels: int = 2) -> dict[str, Any]:
    """Truth is the same for every seed; the scores' noise is not."""
    true = np.random.default_rng(n).integers(0, labels, n)
    rng = np.random.default_rng([seed, int(noise * 1000)])
    if labels > 2:
        right = rng.random(n) < 0.7
        return {"true": true, "pred": np.where(right, true, rng.integers(0, labels, n))}
    score = 1 / (1 + np.exp(-2 * (true + rng.normal(0, noise, n) - 0.5)))
    return {"true": true, "pred": (score > 0.5).astype(int), "y_score": score.round(2)}


def a_regression(n: int, seed: int, noise: float = 0.5) -> dict[str, Any]:
    true = np.random.default_rng(n).gamma(2, 1, n) + 0.01
    rng = np.random.default_rng([seed, int(noise * 1000)])
    return {"true": true, "pred": np.abs(true + rng.normal(0, noise, n)) + 0.01}


def runs(make: Callable[..., dict[str, Any]], count: int, n: int, **how: Any) -> list[Outcomes]:  # noqa: ANN401
    return [outcomes(**make(n, seed, **how)) for seed in range(count)]


def ranked_badly(seed: int, n: int = 1500, *, corner: bool = True) -> Outcomes:
    """Scores that are misleading where x0 > 1; one row in six is positive."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 4)), (rng.random(n) < 1 / 6).astype(int)
    tells = np.where(corner & (x[:, 0] > 1), -2.0, 2.0)
    score = 1 / (1 + np.exp(-(tells * y + rng.normal(size=n))))
    columns = {f"x{j}": x[:, j] for j in range(4)}
    return outcomes(y, (score > 0.5).astype(int), y_score=score, **columns)
