"""Whether an experiment gives its scores again, so that no failed or stopped run chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.failed_runs import FAILED_RUNS, seeds_to_repeat
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.ties import same_score

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement


class ScoresAgain(NamedTuple):
    """What runs showed that repeated a seed; `found` is None where one more run is needed.

    `scores` are the one on record and the new ones, `condition` that of the last run.
    """

    seed: int
    scores: tuple[float, ...]
    condition: str
    found: Found | None


def seed_to_repeat(
    registration: Registration,
    judgement: Judgement,
    records: Iterable[Record],
    checks: Sequence[Check],
) -> int | None:
    """The seed to run again, if that can answer an objection to failed runs."""
    if judgement.reason != FAILED_RUNS:
        return None
    seeds = registration.registered_seeds()[: judgement.pairs]
    return next(iter(seeds_to_repeat([r for r in records if r.seed in seeds], checks)), None)


def scores_again(
    seed: int, records: Iterable[Record], again: Iterable[Record], seeds: Iterable[int], metric: str
) -> ScoresAgain | None:
    """What runs `again` of a seed showed; None if there was none.

    A score that comes up for several of the `seeds` could come up again by chance, so it takes two
    runs, unless they tell what they predicted.
    """
    good = first_good(records, seeds, metric)
    old = good.get(seed)
    new = [r for r in again if r.seed == seed and r.ok and metric in r.metrics]
    if old is None or not new:
        return None
    known = {record.metrics[metric] for record in good.values()}
    enough = 1 if len(known) == len(good) or old.output else 2
    found = Found.REPEATS if len(new) >= enough else None
    if any(
        not same_score(old.metrics[metric], r.metrics[metric]) or r.output != old.output
        for r in new
    ):
        found = Found.DIFFERS
    scores = tuple(record.metrics[metric] for record in (old, *new))
    return ScoresAgain(seed, scores, new[-1].condition, found)
