"""Failed runs may have chosen: whoever repeats what failed keeps what did not.

A script that ends where its score is low, and a user who stops what looks bad, choose among scores
as surely as somebody who deletes records. One such attempt is nobody's choice; two may be. So
before a gain is confirmed, each seed of which an attempt had no score counts like the worst pair,
as a missing value does that may be missing because it was bad. Where a seed gives its score again
whenever it is run, there was nothing to choose from: the attempt that failed would have given it.

Source: Lachin (1999), Worst-rank score analysis with informatively missing observations in
clinical trials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.attempts import count_attempts, say_attempts

if TYPE_CHECKING:
    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.verdict import Pair

FAILED_RUNS = "failed runs may have chosen"
TOLERATED = 1  # attempts without a score
_PROOF = 3  # seeds that gave their scores again: then the others are taken to do so, too


class Suspects(NamedTuple):
    """Seeds of a look whose scores may have been chosen.

    `answerable`: to run some of them again may yet show that none was.
    """

    seeds: frozenset[int] = frozenset()
    answerable: bool = False


SuspectsAt = Callable[[int], Suspects]  # those among the first so many pairs


def suspects(candidate: Sequence[Record], checks: Sequence[Check]) -> Suspects:
    """The seeds with an attempt that had no score, if there are too many such attempts.

    `candidate` are the records of a look. It takes a seed that gave its score again for each
    attempt too many, up to three, to clear them all, and one that gave another score to clear none.
    """
    if _too_many(candidate) <= 0:
        return Suspects()
    differs = bool(_found(checks, Found.DIFFERS))
    left = seeds_to_repeat(candidate, checks)
    if not differs and not left:
        return Suspects()
    return Suspects(frozenset(_without_score(candidate)), bool(left))


def seeds_to_repeat(candidate: Sequence[Record], checks: Sequence[Check]) -> list[int]:
    """Seeds that would clear all if each of them gave its score again, the last failed first."""
    if _found(checks, Found.DIFFERS):
        return []
    seeds = _without_score(candidate)
    done = _found(checks, Found.REPEATS) & {*seeds}
    needed = min(_too_many(candidate), _PROOF, len(seeds)) - len(done)
    return [seed for seed in seeds if seed not in done][: max(0, needed)]


def like_the_worst(
    pairs: Sequence[Pair], seeds: frozenset[int], difference: Callable[[float, float], float]
) -> list[Pair]:
    """Let the pairs of these seeds count like the one whose `difference` is the worst of all.

    Raises:
        ValueError: a difference cannot be told.
    """
    worst = min(pairs, key=lambda pair: difference(pair.baseline, pair.candidate))
    return [worst._replace(seed=p.seed) if p.seed in seeds else p for p in pairs]


def say_without_score(
    candidate: Sequence[Record], baseline: Iterable[Record], checks: Sequence[Check]
) -> str:
    """Say which attempts gave no score, and what follows from that.

    Empty if the experiment had none, and the baseline no more than a single one.
    """
    mine, theirs = count_attempts(candidate), count_attempts(baseline)
    if not mine and theirs.failed + theirs.stopped <= TOLERATED:
        return ""
    said = [say_attempts(mine, theirs)]
    if same := _found(checks, Found.REPEATS):
        said.append(f"{_seeds(same)} gave the same score again")
    if other := _found(checks, Found.DIFFERS):
        said.append(f"{_seeds(other)} gave another score when run again")
    return "; ".join(said)


def say_worst(seeds: frozenset[int]) -> str:
    """Say that these seeds count like the worst pair."""
    return f"{_seeds(seeds)} count{'s'[: len(seeds) == 1]} like the worst pair"


def _without_score(candidate: Iterable[Record]) -> list[int]:
    """Seeds with an attempt that ended by itself or by its user, the last that ended first."""
    ends = [r for r in candidate if r.end.by_itself or r.end is Ended.ABORT]
    return list(dict.fromkeys(r.seed for r in sorted(ends, key=lambda r: r.start, reverse=True)))


def _too_many(candidate: Iterable[Record]) -> int:
    mine = count_attempts(candidate)
    return mine.failed + mine.stopped - TOLERATED


def _seeds(seeds: Iterable[int]) -> str:
    listed = sorted(seeds)
    return f"seed{'s'[: len(listed) > 1]} {', '.join(map(str, listed))}"


def _found(checks: Iterable[Check], found: Found) -> set[int]:
    return {check.seed for check in checks if check.found is found}
