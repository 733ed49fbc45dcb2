"""Which experiments should be tested again, because the runs that they share may be unlucky."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gitexp.rules.plan.seeds import APART, on_one_baseline
from gitexp.rules.verdict.next_block import misses_both
from gitexp.rules.verdict.unlucky import asked_for, spared

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration

_ALONE = "was confirmed on one block of its baseline's seeds alone"


def to_retest(results: Iterable[Result]) -> Iterator[tuple[Result, str]]:
    """Find what was confirmed on one block of seeds alone, or was not because of the next; say so.

    Of the former, only what another was confirmed beside, of which the clone did not know, or what
    the next block, which came later, does not bear out. What was registered again is left out.
    """
    groups: defaultdict[tuple[str, str, int], list[tuple[Result, Registration]]] = defaultdict(list)
    again = set()
    for result in results:
        if (registration := result.registration) is None:
            continue
        again.add(dict(registration.extra).get("Retest", "").rpartition(" ")[2])
        if result.ran and result.summary.decided is not None:
            metric, seed = registration.criterion.metric, registration.seeds[0]
            groups[registration.project, metric, seed % APART].append((result, registration))
    for group in groups.values():
        known = [one for result, _ in group if (one := result.summary.decided)]
        for result, registration in group:
            mine = result.summary.decided
            if mine is None or not mine.confirmed or result.commit in again:
                continue
            if mine.unlucky:
                yield result, "is not confirmed, because its baseline was unlucky"
            if mine.doubted:
                continue
            beside = [one for one in known if on_one_baseline(one.seed, mine.seed)]
            if spared(mine, [one for one in beside if one.commit != mine.commit]):
                yield result, f"{_ALONE}, and others were confirmed on the same runs"
            # Where nothing asked for the next block, there is none.
            elif asked_for(beside) and _misses(result, registration):
                yield result, f"{_ALONE}, and its runs on fresh seeds do not bear it out"


def _misses(result: Result, registration: Registration) -> bool:
    mine, base, judgement = result.held.records, result.baseline_held.records, result.judgement
    return judgement is not None and misses_both(registration, base, mine, judgement.pairs)
