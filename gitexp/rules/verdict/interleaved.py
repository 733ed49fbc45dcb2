"""Interleaved pairs: both runs of a seed follow each other, so that the same load is on both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.lines import sha256
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gitexp.rules.documents.record import Record


def baseline_goes_first(seed: int) -> bool:
    """Whether the baseline's run of a pair comes before the experiment's: by hash of the seed.

    Neither arm always runs on the warmer machine, and nobody chooses.
    """
    return int(sha256({"seed": seed}), 16) % 2 == 0


def pairs_due(
    seeds: Sequence[int],
    baseline: Iterable[Record],
    records: Iterable[Record],
    metric: str,
    again: Collection[int],
) -> tuple[Run, ...]:
    """The runs that are missing of these seeds, of a whole pair as one run and `then` the other.

    The records are those that count; `again` are seeds of which a pair was set aside.
    """
    baseline, mine = list(baseline), first_good(records, seeds, metric)
    found = []
    for seed in seeds:
        attempt = 2 if seed in again else 1
        partner = Run(Arm.BASELINE, seed, Why.PARTNER, attempt=attempt)
        own = Run(Arm.EXPERIMENT, seed, Why.LOOK, attempt=attempt)
        there = first_good(baseline, [seed], metric)
        if seed not in mine and not there:
            first, second = (partner, own) if baseline_goes_first(seed) else (own, partner)
            found.append(first._replace(then=second))
        elif seed not in mine:
            found.append(own)
        elif not there:
            found.append(partner)
        elif not first_good(baseline, [seed], metric, [mine[seed].condition]):
            # They ran in two conditions, as where something was installed between them.
            found.append(
                Run(Arm.BASELINE, seed, Why.MATCH, (mine[seed].condition,), attempt=attempt)
            )
    return tuple(found)
