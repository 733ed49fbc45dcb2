"""What the error level and the widening of a test may be."""

from __future__ import annotations

import math


def refuse_level(level: float) -> None:
    """Refuse what cannot be a one-sided error level.

    Raises:
        ValueError: it is not above 0 and at most 0.5.
    """
    if not 0 < level <= 0.5:
        raise ValueError(f"a one-sided level is above 0 and at most 0.5, not {level}")


def refuse_widening(widening: float) -> None:
    """Refuse what cannot be a ratio of test rows to training rows.

    Raises:
        ValueError: it is negative or not finite.
    """
    if not 0 <= widening < math.inf:
        raise ValueError(f"widening is n_test / n_train or 0, not {widening}")
