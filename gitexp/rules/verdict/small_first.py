"""Small first: an experiment is tried on a part of the data before its first full run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record

SMALL_SEED = 1  # below those of any verdict, and a fold that every cross-validation has
WORTH = 30.0  # seconds of a full run; a shorter one fails soon enough


def full_seconds(baseline: Iterable[Record]) -> float | None:
    """How long a full run takes by the median of the baseline's; None if it was never measured."""
    took = sorted(record.duration for record in baseline if record.ok)
    return took[len(took) // 2] if took else None


def shares_due(
    shares: Iterable[float],
    *,
    tried: Iterable[Record],
    full: Sequence[Record],
    baseline: Iterable[Record],
    metric: str,
) -> tuple[float, ...]:
    """Shares of the data that an experiment must be tried on now, the smallest first.

    `tried` are its runs on samples, `full` those on all of the data.
    """
    seconds = full_seconds(baseline)
    if full or (seconds is not None and seconds < WORTH):
        return ()
    good = {record.sample for record in tried if record.ok and metric in record.metrics}
    return tuple(share for share in sorted(shares) if share not in good)
