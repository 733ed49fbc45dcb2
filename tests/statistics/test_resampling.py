"""Resampled values of a run are the same however they are computed, and computed once."""

from __future__ import annotations

import numpy as np
import pytest

from gitexp.rules.documents.known_metrics import find_metric
from gitexp.rules.documents.outcomes import Outcomes
from gitexp.statistics import resampling
from gitexp.statistics.arrays import pair_arms
from gitexp.statistics.examples import example_variance
from gitexp.statistics.resampling import DRAWS, Resampler, draw_weights
from gitexp.statistics.scores import score
from gitexp.statistics.weighted import weighted_score

METRICS = ("f1", "roc_auc", "average_precision", "balanced_accuracy", "matthews_corrcoef")


def an_arm(seed: int, *, runs: int = 4, rows: int = 120) -> list[Outcomes]:
    """Runs of a binary classifier whose scores have many ties."""
    rng = np.random.default_rng(seed)
    true = np.arange(rows) % 2
    found = []
    for _ in range(runs):
        scores = np.round(1 / (1 + np.exp(-rng.normal(2 * true - 1, 2.0))), 2)
        columns = {
            "y_true": tuple(map(str, true)),
            "y_pred": tuple(str(int(value > 0.5)) for value in scores),
            "y_score": tuple(map(str, scores)),
        }
        found.append(Outcomes(tuple(map(str, range(rows))), columns, rows))
    return found


@pytest.mark.parametrize("metric", METRICS)
def test_a_shared_resampler_gives_the_same_figures(metric: str) -> None:
    baseline, shared = an_arm(0), Resampler()
    for seed in (1, 2):
        candidate = an_arm(seed)
        for look in (2, 4):
            both = baseline[:look], candidate[:look]
            alone = example_variance(metric, *both)
            assert example_variance(metric, *both, resampler=shared) == alone
            assert example_variance(metric, *both, resampler=shared) == alone


def test_a_run_is_resampled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counting(metric: str, *rest: object) -> object:
        asked.append(metric)
        return weighted_score(metric, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(resampling, "weighted_score", counting)
    shared, baseline = Resampler(), an_arm(0)
    example_variance("f1", baseline, an_arm(1), resampler=shared)
    blocks = len(asked) // 8
    example_variance("f1", baseline, an_arm(2), resampler=shared)
    assert len(asked) == 12 * blocks  # its four runs; those of the baseline are known
    example_variance("f1", baseline[:2], an_arm(2)[:2], resampler=shared)
    assert len(asked) == 12 * blocks
    example_variance("roc_auc", baseline, an_arm(1), resampler=shared)
    assert len(asked) == 20 * blocks


@pytest.mark.parametrize("examples", [2, 37, 1999, 200_001])
def test_draws_do_not_depend_on_how_many_are_made_at_once(
    examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = 7 if examples > 10_000 else 40
    wanted = np.concatenate(list(draw_weights(examples, draws)))
    monkeypatch.setattr(resampling, "BLOCK", 3 * examples)
    found = list(draw_weights(examples, draws))
    assert max(map(len, found)) == 3
    assert (np.concatenate(found) == wanted).all()
    assert (wanted.sum(axis=1) == examples).all()


@pytest.mark.parametrize("metric", METRICS)
def test_a_resampled_value_is_what_scikit_learn_computes_on_the_drawn_rows(metric: str) -> None:
    known = find_metric(metric)
    assert known is not None
    [run] = pair_arms(known, an_arm(3, runs=1), None).candidate
    [values] = Resampler().scores(known.name, [run], 120)
    assert values.shape == (DRAWS,)
    weights = next(draw_weights(120, 20))
    for drawn, value in zip(weights, values, strict=False):
        rows = np.repeat(np.arange(120), drawn.astype(int))
        sample = type(run)(
            run.place[rows], run.true[rows], run.guess[rows], run.labels, run.positive,
            run.row[rows],
        )  # fmt: skip
        assert value == pytest.approx(score(known.name, sample), abs=1e-12)
