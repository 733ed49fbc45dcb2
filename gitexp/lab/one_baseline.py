"""The experiments on one baseline: what they came to, and which were spared its next block."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.plan.seeds import APART, on_one_baseline
from gitexp.rules.verdict.next_block import misses_both
from gitexp.rules.verdict.unlucky import asked_for, spared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitexp.lab.result import Result
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.unlucky import Decided


@dataclass(frozen=True, slots=True)
class Member:
    """A decided experiment on a baseline."""

    result: Result
    registration: Registration
    decided: Decided


def members_of(results: Iterable[Result]) -> Iterator[Member]:
    """The experiments that are decided and share their baseline's runs with others."""
    for result in results:
        if result.registration is not None and result.summary.decided is not None:
            yield Member(result, result.registration, result.summary.decided)


def decided_on(results: Iterable[Result], project: str, metric: str, seed: int) -> list[Decided]:
    """What experiments came to on the baseline one of whose blocks begins with this seed."""
    return [
        member.decided
        for member in members_of(results)
        if member.registration.project == project
        and member.registration.criterion.metric == metric
        and on_one_baseline(member.decided.seed, seed)
    ]


def to_retest(results: Iterable[Result]) -> Iterator[tuple[Result, str]]:
    """Find what was confirmed on one block of seeds alone, but should not have been, and say why.

    Either another was confirmed on the same runs, of which the clone did not know; or the next
    block, which came later, does not bear it out. What was registered again is left out.
    """
    results = list(results)
    again = {
        told.rpartition(" ")[2]
        for result in results
        if result.registration and (told := dict(result.registration.extra).get("Retest"))
    }
    groups: defaultdict[tuple[str, str, int], list[Member]] = defaultdict(list)
    for member in members_of(results):
        criterion = member.registration.criterion
        key = member.registration.project, criterion.metric, member.decided.seed % APART
        groups[key].append(member)
    for group in groups.values():
        for member in group:
            mine, result = member.decided, member.result
            if not result.confirmed or mine.doubted or result.commit in again:
                continue
            beside = [m.decided for m in group if on_one_baseline(m.decided.seed, mine.seed)]
            others = [one for one in beside if one.commit != mine.commit]
            if spared(mine, others):
                yield result, "others were confirmed on the same runs of the baseline"
            # Where nothing asked for the next block, there is none.
            elif asked_for(beside) and _misses(member):
                yield result, "runs of the baseline on fresh seeds do not bear it out"


def _misses(member: Member) -> bool:
    result, judgement = member.result, member.result.judgement
    return judgement is not None and misses_both(
        member.registration, result.baseline_held.records, result.held.records, judgement.pairs
    )
