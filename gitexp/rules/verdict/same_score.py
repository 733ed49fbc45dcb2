"""When two runs of one seed gave the same score."""

from __future__ import annotations

import math

_DIGITS = 1e-12  # relative


def same_score(one: float, other: float) -> bool:
    """Whether two scores agree to 12 digits."""
    return math.isclose(one, other, rel_tol=_DIGITS)
