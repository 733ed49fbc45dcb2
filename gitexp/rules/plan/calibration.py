"""How the predictions of a group of experiments compare with their results."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.plan.prediction import prediction_of
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration

_ENOUGH = 3  # experiments; with fewer, a ratio means nothing


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predictions of one group of experiments beside their results.

    `predicted` and `measured` are the mean gains of the `gains` experiments that predicted a gain
    and measured it; positive is better. `stated` is the mean predicted chance of the `decided` and
    the `inconclusive` ones, and `hits` the share of both that was confirmed: what was not confirmed
    was a miss. `brier` is the mean squared distance between the two (0 is best, a coin gets 0.25).
    """

    group: str
    gains: int
    predicted: float | None
    measured: float | None
    decided: int
    stated: float | None
    hits: float | None
    brier: float | None
    inconclusive: int


def calibrate(
    group: str, metric: str, past: Sequence[tuple[Registration, Judgement]]
) -> Calibration:
    """Compare the predictions of a group with its verdicts; only gains of `metric` are averaged.

    Source: Brier (1950) for the score.
    """
    gains, chances, inconclusive = [], [], 0
    for registration, judgement in past:
        prediction = prediction_of(registration)
        measured = _gain(registration, judgement)
        if registration.criterion.metric == metric and None not in (prediction.gain, measured):
            gains.append((prediction.gain or 0.0, measured or 0.0))
        if prediction.chance is not None and judgement.verdict is not None:
            inconclusive += judgement.verdict is Verdict.INCONCLUSIVE
            chances.append((prediction.chance, judgement.verdict is Verdict.CONFIRMED))
    return Calibration(
        group=group,
        gains=len(gains),
        predicted=statistics.fmean(g for g, _ in gains) if gains else None,
        measured=statistics.fmean(m for _, m in gains) if gains else None,
        decided=len(chances) - inconclusive,
        stated=statistics.fmean(c for c, _ in chances) if chances else None,
        hits=statistics.fmean(hit for _, hit in chances) if chances else None,
        brier=statistics.fmean((c - hit) ** 2 for c, hit in chances) if chances else None,
        inconclusive=inconclusive,
    )


def _gain(registration: Registration, judgement: Judgement) -> float | None:
    """The gain over the baseline in the metric's own unit, whatever unit the criterion has."""
    criterion = registration.criterion
    if criterion.scale is Scale.DIFFERENCE:
        return judgement.effect
    if judgement.candidate_mean is None or judgement.baseline_mean is None:
        return None
    return criterion.sign * (judgement.candidate_mean - judgement.baseline_mean)


def in_words(calibration: Calibration) -> list[str]:
    """Say in sentences what a calibration shows; empty where there is too little to say."""
    said = []
    predicted, measured = calibration.predicted, calibration.measured
    if calibration.gains >= _ENOUGH and predicted is not None and measured is not None:
        if measured <= 0 < predicted:
            said.append("You predict gains, and on average there were none.")
        elif predicted > 0:
            times = predicted / measured
            said.append(
                f"You predict {_times(times)} the gain that you measure."
                if times > 1.25
                else f"You measure {_times(1 / times)} the gain that you predict."
                if times < 0.8
                else "On average you measure the gains that you predict."
            )
    judged = calibration.decided + calibration.inconclusive
    if judged >= _ENOUGH and calibration.stated is not None:
        hits = calibration.hits or 0.0
        said.append(
            f"You give your ideas a chance of {100 * calibration.stated:.0f} %, and"
            f" {100 * hits:.0f} % of {judged} were confirmed."
        )
    return said


def _times(ratio: float) -> str:
    if 1.75 <= ratio < 2.5:
        return "twice"
    return f"{ratio:.2g} times"
