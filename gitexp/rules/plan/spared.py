"""What an early verdict saves: runs that were planned, and that nobody had to make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.verdict.verdict import Judgement


def spared_seconds(
    judgement: Judgement | None, looks: Sequence[int], seconds: Sequence[float]
) -> float:
    """Time that an experiment's own runs did not take, because a look before the last decided.

    (n_max - n) x m, with n_max runs planned, n of them made, and m the mean duration of those,
    which are the `seconds`. Runs of the baseline are left out: experiments share them.
    """
    if judgement is None or judgement.verdict is None or judgement.effect is None or not seconds:
        return 0.0
    if not 0 < judgement.look < len(looks):
        return 0.0
    left = looks[-1] - max(judgement.pairs, len(seconds))
    return max(0, left) * math.fsum(seconds) / len(seconds)
