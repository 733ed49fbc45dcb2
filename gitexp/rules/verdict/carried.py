"""Whether a gain rests on one run of the baseline that went badly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.rules.verdict.verdict import Pair


def carrying_seed(pairs: Sequence[Pair], differences: Sequence[float], bar: float) -> int | None:
    """Seed without which the mean difference would miss the bar, because the baseline fell there.

    None if the gain does not depend on any one pair, or if it is the candidate that stands out.
    """
    at = max(range(len(pairs)), key=differences.__getitem__)
    others = [n for n in range(len(pairs)) if n != at]
    if not others or math.fsum(differences[n] for n in others) / len(others) >= bar:
        return None
    baseline = math.fsum(pairs[n].baseline for n in others) / len(others)
    candidate = math.fsum(pairs[n].candidate for n in others) / len(others)
    fell, rose = abs(pairs[at].baseline - baseline), abs(pairs[at].candidate - candidate)
    return pairs[at].seed if fell > rose else None
