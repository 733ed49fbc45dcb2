from __future__ import annotations

import pytest

from gitexp.rules.documents.summary import spared_seconds
from gitexp.rules.verdict.verdict import Judgement, Verdict


def judged(look: int, pairs: int, verdict: Verdict | None = Verdict.RULED_OUT) -> Judgement:
    return Judgement(verdict, "below the bar", look, pairs, None, effect=-0.01)


@pytest.mark.parametrize(
    ("judgement", "looks", "seconds", "spared"),
    [
        (judged(1, 5), (5, 10, 20), [60.0] * 5, 15 * 60.0),
        (judged(2, 10), (5, 10, 20), [50.0, 70.0] * 5, 10 * 60.0),
        (judged(3, 20), (5, 10, 20), [60.0] * 20, 0.0),  # the last look: all runs were needed
        (judged(1, 5), (5,), [60.0] * 5, 0.0),
        (judged(1, 5), (5, 10), [60.0] * 8, 2 * 60.0),  # three more ran beside the deciding one
        (judged(1, 5), (5, 10), [60.0] * 12, 0.0),
        (judged(1, 5), (5, 10), [], 0.0),  # the runs are elsewhere
        (judged(1, 5, None), (5, 10), [60.0] * 5, 0.0),
        (Judgement(Verdict.INCONCLUSIVE, "repeats failed", 1, 5, None), (5, 10), [60.0] * 5, 0.0),
        (None, (5, 10), [60.0], 0.0),
    ],
)
def test_an_early_verdict_saves_the_runs_that_nobody_made(
    judgement: Judgement | None, looks: tuple[int, ...], seconds: list[float], spared: float
) -> None:
    assert spared_seconds(judgement, looks, seconds) == pytest.approx(spared)
