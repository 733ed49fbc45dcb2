"""The canary: does the baseline still give what is on record, before its records are used again?

Something outside the commit may have changed since that no condition knows. A run of the baseline
that is made again shows it: exactly where the trainer repeats itself, else by an interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gitexp.rules.documents.found import Found
from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.paired_t import standard_deviation
from gitexp.rules.verdict.ties import same_score

SPAN = 3600.0  # seconds that an agreement counts for, where the settings name no other
LONG_RUN = 30 * 60.0  # seconds; a run that takes longer is not repeated unless the settings ask
_FEWEST = 5  # records that an interval can rest on
_TAIL = 0.0005  # of either side of the interval


def span_of(setting: float | None, durations: Iterable[float]) -> float:
    """Seconds that an agreement counts for: 0 asks always, infinity never.

    `setting` is None where the settings name none, `durations` are those of the baseline's runs.
    """
    if setting is not None:
        return setting
    took = [*durations]
    return math.inf if took and math.fsum(took) / len(took) > LONG_RUN else SPAN


def compare(
    old: float, new: Sequence[float], first: Sequence[float], *, exact: bool = False
) -> Found | None:
    """What the scores of repeated runs show; None where one more run is needed.

    `old` is the score on record and `new` are up to three scores of the same seed; `first` are the
    baseline's first scores in this condition, one a seed. They were `exact` if two runs proved that
    the trainer is deterministic: then noise explains no other score.

    Source: the prediction interval of a single further observation from a normal distribution.
    """
    if not new:
        return None
    if same_score(old, new[0]):
        return Found.SAME
    if len(new) < 2:
        return None
    if exact:
        return Found.MOVED
    # Where seeds give equal scores, so may two runs, and prove nothing. Where they do not, a score
    # that is a share of a few hundred rows may still come up twice; three times it hardly does.
    if len({*first}) == len(first) and same_score(*new[:2]):
        if len(new) < 3:
            return None
        if same_score(*new[1:]):
            return Found.MOVED
    if len(first) < _FEWEST:
        return Found.UNCLEAR
    n, mean = len(first), math.fsum(first) / len(first)
    reach = -student_t.ppf(_TAIL, n - 1) * standard_deviation(first) * math.sqrt(1 + 1 / n)
    return Found.MOVED if all(abs(score - mean) > reach for score in new) else Found.NOISE
