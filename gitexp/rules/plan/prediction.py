"""What a registration predicts: its gain, its chance of success and its cost."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.rules.documents.quantities import parse_time
from gitexp.rules.finding import Finding

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration

_CEILING = re.compile(r"\bceiling\s*[:=]?\s*([+\-−]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a registration says about its outcome; None where it says nothing.

    `gain` and `ceiling` are in the metric's unit, larger is better; `cost` is in seconds. `ceiling`
    is the most that the gap named as evidence could give.
    """

    gain: float | None
    chance: float | None
    cost: float | None
    evidence: str
    ceiling: float | None


def prediction_of(registration: Registration) -> Prediction:
    """Return what a registration predicts."""
    return read_prediction(dict(registration.extra))


def read_prediction(trailers: Mapping[str, str]) -> Prediction:
    """Read the trailers that predict; one that cannot be read counts as missing."""
    evidence = trailers.get("Evidence", "")
    found = _CEILING.search(evidence)
    return Prediction(
        gain=_number(trailers.get("Gain")),
        chance=_probability(trailers.get("Chance")),
        cost=_seconds(trailers.get("Cost")),
        evidence=evidence,
        ceiling=abs(float(found[1].replace("−", "-"))) if found else None,
    )


def exceeds_ceiling(registration: Registration) -> Finding | None:
    """Find that the predicted gain is larger than the gap named as evidence could give."""
    prediction = prediction_of(registration)
    gain, ceiling = prediction.gain, prediction.ceiling
    if gain is None or ceiling is None or gain <= ceiling:
        return None
    return Finding(
        "G1",
        f"the predicted gain of {gain:g} is more than the gap could give: its ceiling is"
        f" {ceiling:g}",
        "gitexp gaps shows the ceilings; few changes close a gap completely",
        advice=True,
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _probability(text: str | None) -> float | None:
    value = _number(text)
    return value if value is not None and 0 <= value <= 1 else None


def _seconds(text: str | None) -> float | None:
    try:
        return parse_time(text, "Cost") if text is not None else None
    except NotReady:
        return None
