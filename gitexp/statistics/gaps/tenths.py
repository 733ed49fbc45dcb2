"""Ranges of a numeric target in which errors are larger than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from gitexp.rules.plan.gaps import Gap, holm
from gitexp.statistics.gaps.rows import FEWEST, FEWEST_ROWS, SURE, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SHUFFLES = 200  # of the errors: they give the usual error of a tenth to 7 % of its sd


def find_bad_tenths(rows: Rows) -> list[Gap]:
    """Tenths of the target's range in which errors are larger than chance allows.

    Selecting rows by a noisy target selects noise, so the outer tenths look worse even for the best
    model. So each tenth is compared with the same predictions and shuffled errors.
    """
    absolute = "absolute" in rows.stick.metric.name
    what = "mean absolute error" if absolute else "mean squared error"
    _, example = np.unique(rows.ids, return_inverse=True)
    times = np.bincount(example)
    # One row per distinct example: repeated examples are not new evidence.
    true, predicted = (
        np.bincount(example, values) / times for values in (rows.true, rows.predicted)
    )
    edges = np.unique(np.quantile(true, np.linspace(0, 1, 11)))
    tenths = len(edges) - 1
    if tenths < 2 or len(true) < FEWEST_ROWS:
        return []

    def means(targets: NDArray[np.float64], borders: NDArray[np.float64]) -> NDArray[np.float64]:
        errors = abs(targets - predicted) if absolute else (targets - predicted) ** 2
        which = np.clip(np.searchsorted(borders, targets, side="right") - 1, 0, tenths - 1)
        return np.bincount(which, errors, tenths) / np.maximum(np.bincount(which, None, tenths), 1)

    rng = np.random.default_rng(0)
    quantiles = np.linspace(0, 1, tenths + 1)
    shuffled = []
    for _ in range(_SHUFFLES):
        targets = predicted + rng.permutation(true - predicted)
        shuffled.append(means(targets, np.quantile(targets, quantiles)))
    usual, sd = np.mean(shuffled, axis=0), np.std(shuffled, axis=0, ddof=1)
    found = means(true, edges)
    p = stats.norm.sf((found - usual) / np.maximum(sd, 1e-300))
    gaps = []
    for place, sure in enumerate(holm([float(one) for one in p])):
        low, high = edges[place], edges[place + 1]
        mine = (rows.true >= low) & ((rows.true < high) | (place == tenths - 1))
        if sure > SURE or mine.sum() < FEWEST:
            continue
        gaps.append(
            rows.gap(
                "decile",
                f"the {what} is {found[place]:.4g} for targets from {low:.4g} to {high:.4g};"
                f" {usual[place]:.4g} would be normal",
                mine,
                float(usual[place] / found[place]),
                count=int(mine.sum()),
                rows=rows.count,
                where=f"{low:.4g} <= y_true <= {high:.4g}",
            )
        )
    return gaps
