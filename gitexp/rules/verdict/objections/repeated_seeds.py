"""Seeds that repeat each other: a pair that is counted twice makes chance look smaller than it is.

A script that takes the seed modulo the number of its folds gives the runs of a few seeds over and
over. Twenty pairs of five folds seem to have a quarter of the variance that they have, and a change
that does nothing is confirmed one time in ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.rules.verdict.objections.evidence import Evidence, Objection
from gitexp.rules.verdict.ties import same_score

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record

    _Pair = tuple[Record, Record]

REPEATED_SEEDS = "seeds repeat each other"
# Pairs that must have come again. Scores in steps of three points, as of 30 examples, agree by
# chance in one pair of five at most.
_FEWEST = 4


def repeated_seeds(evidence: Evidence) -> Objection | None:
    """Object where every pair has the scores of the one some seeds before it, in both arms.

    Where all pairs have the same scores, the seed does nothing, which is said elsewhere.
    """
    pairs, metric = evidence.pairs, evidence.registration.criterion.metric
    most = min(len(pairs) // 2, len(pairs) - _FEWEST)
    cycles = (cycle for cycle in range(1, most + 1) if _comes_again(pairs, cycle, metric))
    cycle = next(cycles, 1)
    if cycle == 1 or all(_same(base, mine, metric) for base, mine in pairs):
        return None
    return Objection(
        REPEATED_SEEDS,
        f"of {len(pairs)} pairs only {cycle} are different: in both arms, seed s gives the score of"
        f" seed s + {cycle}, so the command may take the seed modulo {cycle}; let it use the whole"
        f" seed, or set repeats = [{cycle}]",
    )


def _comes_again(pairs: Sequence[_Pair], cycle: int, metric: str) -> bool:
    first: dict[int, _Pair] = {}
    return all(
        _same(one, other, metric)
        for both in pairs
        for one, other in zip(first.setdefault(both[1].seed % cycle, both), both, strict=True)
    )


def _same(one: Record, other: Record, metric: str) -> bool:
    return one.output == other.output and same_score(one.metrics[metric], other.metrics[metric])
