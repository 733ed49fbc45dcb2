"""Failed runs may have chosen: whoever repeats what failed keeps what did not.

A script that ends where its score is low, and a user who stops what looks bad, choose among scores
as surely as somebody who deletes records. One such attempt is nobody's choice; two more than the
baseline's may be. Where a seed gives its score again whenever it is run, there was nothing to
choose from: the attempt that failed would have given the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.attempts import count_attempts, say_attempts
from gitexp.rules.verdict.objections.evidence import Evidence, Objection

if TYPE_CHECKING:
    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record

FAILED_RUNS = "failed runs may have chosen"
TOLERATED = 1  # attempts without a score, beyond those of the baseline
_PROOF = 3  # seeds that gave their scores again: then the others are taken to do so, too


def failed_runs(evidence: Evidence) -> Objection | None:
    """Object to more attempts without a score than the baseline has on the same seeds.

    For each one too many, a seed whose attempt had no score may have given its score again.
    """
    mine, theirs, checks = evidence.candidate, evidence.baseline, evidence.checks
    if _too_many(mine, theirs) <= 0 or not (_differs(checks) or _open(mine, theirs, checks)):
        return None
    return Objection(FAILED_RUNS, say_without_score(evidence))


def seeds_to_repeat(
    candidate: Sequence[Record], baseline: Sequence[Record], checks: Sequence[Check]
) -> list[int]:
    """Seeds that would answer the objection if each of them gave its score again."""
    return [] if _differs(checks) else _open(candidate, baseline, checks)


def _open(
    candidate: Sequence[Record], baseline: Sequence[Record], checks: Sequence[Check]
) -> list[int]:
    """Seeds that have not been repeated yet, as many as are needed, the last that ended first."""
    ends = [r for r in candidate if r.end.by_itself or r.end is Ended.ABORT]
    seeds = list(dict.fromkeys(r.seed for r in sorted(ends, key=lambda r: r.start, reverse=True)))
    done = _found(checks, Found.REPEATS) & {*seeds}
    needed = min(_too_many(candidate, baseline), _PROOF, len(seeds)) - len(done)
    return [seed for seed in seeds if seed not in done][: max(0, needed)]


def _too_many(candidate: Iterable[Record], baseline: Iterable[Record]) -> int:
    mine, theirs = count_attempts(candidate), count_attempts(baseline)
    return mine.failed + mine.stopped - theirs.failed - theirs.stopped - TOLERATED


def say_without_score(evidence: Evidence) -> str:
    """Say which attempts gave no score, and what seeds gave that were therefore run again.

    Empty if the experiment had none, and the baseline no more than a single one.
    """
    mine, theirs = count_attempts(evidence.candidate), count_attempts(evidence.baseline)
    if not mine and theirs.failed + theirs.stopped <= TOLERATED:
        return ""
    said = [say_attempts(mine, theirs)]
    if same := _found(evidence.checks, Found.REPEATS):
        said.append(f"{_seeds(same)} gave the same score again")
    if other := _found(evidence.checks, Found.DIFFERS):
        said.append(f"{_seeds(other)} gave another score when run again")
    return "; ".join(said)


def _seeds(seeds: set[int]) -> str:
    return f"seed{'s'[: len(seeds) > 1]} {', '.join(map(str, sorted(seeds)))}"


def _found(checks: Iterable[Check], found: Found) -> set[int]:
    return {check.seed for check in checks if check.found is found}


def _differs(checks: Iterable[Check]) -> bool:
    return bool(_found(checks, Found.DIFFERS))
