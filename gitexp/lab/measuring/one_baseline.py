"""The experiments on one baseline: what they came to, and which block of its seeds is next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gitexp.rules.plan.seeds import on_one_baseline

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.verdict.unlucky import Decided


def decided_on(results: Iterable[Result], project: str, metric: str, seed: int) -> list[Decided]:
    """What experiments came to on the baseline one of whose blocks begins with this seed."""
    return [
        decided
        for result in results
        if (registration := result.registration) is not None
        and registration.project == project
        and registration.criterion.metric == metric
        and on_one_baseline(registration.seeds[0], seed)
        and result.ran
        and (decided := result.summary.decided) is not None
    ]


def blocks_due(results: Iterable[Result], project: str, metric: str) -> Callable[[int], int]:
    """What `block_due` says of the experiments of a project on a metric, for any start."""
    return lambda start: block_due(results, project, metric, start)


def block_due(results: Iterable[Result], project: str, metric: str, start: int) -> int:
    """Number of the first block that may be registered now on a baseline with this start."""
    decided = decided_on(results, project, metric, start)
    if not decided:
        return 0
    # Loaded late: the commit-msg hook, which fills in seeds, judges nothing.
    from gitexp.rules.verdict.unlucky import least_block

    return least_block(start, decided)
