"""Checks a script's own metric against its stored predictions."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from gitexp.rules.documents.known_metrics import find_metric
from gitexp.statistics.arrays import pair_arms
from gitexp.statistics.scores import score

if TYPE_CHECKING:
    from gitexp.rules.documents.outcomes import Outcomes

_TOLERANCE = 1e-6  # relative: the precision of single-precision floats


def recompute(metric: str, outcomes: Outcomes) -> float | None:
    """Compute a metric from outcomes with scikit-learn, None if they do not give it."""
    known = find_metric(metric)
    if known is None:
        return None
    try:
        [run] = pair_arms(known, [outcomes], None).candidate
        value = known.sign * float(score(known.name, run))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def disagreement(metric: str, reported: float, outcomes: Outcomes) -> str:
    """Say that a script's own number is not what its outcomes give; empty if they agree.

    A difference of half a unit in the last reported digit is rounding. Truncated outcomes prove
    nothing.
    """
    value = recompute(metric, outcomes) if outcomes.complete else None
    if value is None:
        return ""
    exponent = Decimal(repr(float(reported))).as_tuple().exponent
    half = 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0
    # The factor lets through what is exactly half a unit away, up to floating-point error.
    if abs(value - reported) <= 1.001 * max(half, _TOLERANCE * abs(value)):
        return ""
    return (
        f"the script reports {metric} {reported:.6g}, but scikit-learn computes {value:.6g} from"
        " the predictions that it stored"
    )
