"""An effect as its criterion counts it: in the metric's unit, in percent, or as a value reached.

A judgement counts effects so that more is better, in percent by logarithms; people read how the
metric moved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitexp.rules.verdict import figures
from gitexp.rules.verdict.criterion import Criterion, Scale

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement

_LARGEST_LOG = 709.0  # exp() overflows beyond it


def interval(criterion: Criterion, effect: float, lower: float | None, upper: float | None) -> str:
    """An effect with its bounds as the criterion counts, the smaller number first."""
    low, high = _sorted(criterion, lower, upper)
    return figures.interval(
        displayed(criterion, effect), low, high,
        sign=criterion.scale is not Scale.CONSTANT, unit=_unit(criterion),
        bar=displayed(criterion, criterion.bar),
    )  # fmt: skip


def measured(criterion: Criterion, judgement: Judgement) -> str:
    """The effect of a judgement with its bounds; empty where nothing was measured."""
    if judgement.effect is None:
        return ""
    return interval(criterion, judgement.effect, judgement.lower, judgement.upper)


def displayed(criterion: Criterion, effect: float) -> float:
    """How the metric moved, in its own unit or in percent; against a constant, where it is."""
    match criterion.scale:
        case Scale.PERCENT:
            return 100 * math.expm1(min(criterion.sign * effect, _LARGEST_LOG))
        case Scale.CONSTANT:
            return criterion.amount + criterion.sign * effect
    return criterion.sign * effect


def detectable(criterion: Criterion, effect: float) -> str:
    """The smallest effect that a design detects; against a constant, the value it leads to."""
    value, bar = displayed(criterion, effect), displayed(criterion, criterion.bar)
    if criterion.scale is Scale.CONSTANT:
        # The distance from the constant is what is known to two digits.
        decimals = figures.decimals_for(abs(effect)) if effect else 0
        return figures.fixed(value, figures.decimals_apart([value], (bar,), decimals))
    return figures.rough(value, sign=True, marks=(bar,)) + _unit(criterion)


def means(registration: Registration, judgement: Judgement) -> tuple[str, str]:
    """Mean score of the baseline and of the experiment, to the decimal of the effect."""
    scores = judgement.baseline_mean, judgement.candidate_mean
    decimals = means_decimals(registration.criterion, judgement)
    if decimals is None:
        return figures.number(scores[0]), figures.number(scores[1])
    before, after = ("?" if one is None else figures.fixed(one, decimals) for one in scores)
    return before, after


def means_decimals(criterion: Criterion, judgement: Judgement) -> int | None:
    """Decimals that the interval of an effect supports in a mean; None where nothing tells."""
    decimals = effect_decimals(criterion, judgement)
    if criterion.scale is Scale.PERCENT and decimals is not None:
        # One percent of the mean, in digits of the mean.
        mean = abs(judgement.baseline_mean or 0.0) / 100
        return decimals - math.floor(math.log10(mean)) if mean else None
    return decimals


def effect_decimals(criterion: Criterion, judgement: Judgement) -> int | None:
    """Decimals of an effect and its bounds as they are displayed; None where nothing tells."""
    if judgement.effect is None:
        return None
    value, bar = displayed(criterion, judgement.effect), displayed(criterion, criterion.bar)
    return figures.decimals_of(value, *bounds(criterion, judgement), bar=bar)


def worst(outcome: GuardOutcome) -> float:
    """The worst value of a guarded metric that the runs leave possible."""
    return _against(outcome.guard.limit, outcome.lower or 0.0)


def worst_text(outcome: GuardOutcome) -> str:
    """The worst value as text, to the decimals that its distance from the mean supports."""
    limit, value = outcome.guard.limit, worst(outcome)
    mean = value if outcome.effect is None else _against(limit, outcome.effect)
    sign = limit.scale is not Scale.CONSTANT
    decimals = figures.decimals_of(mean, value, None, bar=displayed(limit, limit.bar))
    if decimals is None:
        return figures.number(value, sign=sign) + _unit(limit)
    return figures.fixed(value, decimals, sign=sign) + _unit(limit)


def _against(limit: Criterion, effect: float) -> float:
    # A limit is written in the direction that gets worse.
    return displayed(limit, effect if limit.scale is Scale.CONSTANT else -effect)


def bounds(criterion: Criterion, judgement: Judgement) -> tuple[float | None, float | None]:
    """Bounds as they are displayed, the smaller number first; both None unless both are known."""
    return _sorted(criterion, judgement.lower, judgement.upper)


def _sorted(
    criterion: Criterion, lower: float | None, upper: float | None
) -> tuple[float | None, float | None]:
    if lower is None or upper is None:
        return None, None
    low, high = sorted((displayed(criterion, lower), displayed(criterion, upper)))
    return low, high


def _unit(criterion: Criterion) -> str:
    return "%" if criterion.scale is Scale.PERCENT else ""
