"""What you may give an experiment besides its hypothesis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.quantities import parse_time
from gitexp.rules.plan.evidence import trailer_of
from gitexp.rules.text import demand_plain


@dataclass(frozen=True, slots=True)
class Options:
    """Options of `gitexp start`; empty fields have defaults."""

    expect: str = ""
    evidence: str = ""
    gain: float | None = None
    chance: float | None = None
    cost: str = ""
    guards: tuple[str, ...] = ()
    despite: str = ""
    repeats: int | None = None

    def trailers(self) -> Iterator[tuple[str, str]]:
        """Trailers of the registration that these options ask for.

        Raises:
            UsageError: a number, a time or a text is not one that can be registered.
        """
        if evidence := demand_plain(self.evidence, "--evidence"):
            yield "Evidence", trailer_of(evidence)
        if self.gain is not None:
            yield "Gain", f"{_gain(self.gain):g}"
        if self.chance is not None:
            yield "Chance", f"{_chance(self.chance):g}"
        if self.cost:
            yield "Cost", _cost(self.cost)
        if despite := " ".join(self.despite.split()):
            yield "Despite", despite


def _gain(gain: float) -> float:
    if not math.isfinite(gain):
        raise UsageError(f"--gain {gain:g} is not a number", "in the metric's unit: --gain 0.01")
    return gain


def _chance(chance: float) -> float:
    if not 0 <= chance <= 1:
        raise UsageError(
            f"--chance {chance:g} is not a probability", "between 0 and 1: --chance 0.3"
        )
    return chance


def _cost(cost: str) -> str:
    try:
        parse_time(cost, "--cost")
    except NotReady as error:
        raise UsageError(error.message) from None
    return cost
