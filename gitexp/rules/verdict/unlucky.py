"""An unlucky baseline: all experiments on it share its runs, so their errors come together.

Where the runs of a baseline happen to lie low, every change looks good, and the levels that rise
with each confirmation let more of them through. One more block of its runs, on fresh seeds, shows
it. That block is asked for where experiments agree too well, which by itself decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitexp.rules.plan.seeds import APART
from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.criterion import Criterion, Scale
from gitexp.rules.verdict.paired_t import satterthwaite, standard_deviation
from gitexp.rules.verdict.ties import same_score

_FEWEST_SIGNS = 8  # with fewer, even equal signs are no rarity
_RARE = 0.01  # two-sided level of both tests
_FEWEST_RUNS = 3  # of a block, before its mean can be compared


@dataclass(frozen=True, slots=True)
class Decided:
    """What an experiment came to on the runs that it shares with others, by itself.

    `first` is when its first record started, `began` and `ended` when the last one of its deciding
    look did, in seconds. `effect` is its mean effect, positive where it is better; `confirmed` says
    what the rule made of it, before anybody asked whether the baseline was unlucky; `doubted` says
    that it is held against the next block, and `unlucky` that this does not bear it out. `seed` is
    the first registered one, which tells its block.
    """

    commit: str
    seed: int
    condition: str
    first: float
    began: float
    ended: float
    effect: float
    confirmed: bool
    doubted: bool = False
    unlucky: bool = False

    @property
    def place(self) -> tuple[float, str]:
        """Its place in the order of the experiments on one baseline."""
        return self.first, self.commit

    def sees(self, other: Decided) -> bool:
        """Whether another experiment was decided before this one's deciding record started."""
        return other.condition == self.condition and other.ended < self.began


def next_block_due(mine: Decided, others: Iterable[Decided]) -> bool:
    """Whether the baseline has to run its next block of seeds once this experiment is decided.

    It does where a second confirmation is due, whatever the blocks of the two, or where the effects
    on one block have the same sign too often. `others` are the experiments on one baseline,
    whenever they were decided.
    """
    seen = [other for other in others if mine.sees(other)]
    second = mine.confirmed and any(other.confirmed for other in seen)
    return second or one_sided([mine, *(other for other in seen if other.seed == mine.seed)])


def in_doubt(seed: int, others: Iterable[Decided]) -> bool:
    """Whether a further experiment on the block of this seed needs the next block to be confirmed.

    `others` are the experiments on its baseline that are decided.
    """
    others = list(others)
    alike = [other for other in others if other.seed == seed]
    return any(other.confirmed for other in others) or one_sided(alike)


def asked_for(decided: Sequence[Decided]) -> bool:
    """Whether any of the experiments on one baseline made its next block due."""
    return any(next_block_due(one, decided) for one in decided)


def least_block(start: int, decided: Sequence[Decided]) -> int:
    """Number of the first block that a new experiment may register, on a baseline's `start`.

    Blocks are left behind once they made the next one due. `decided` are all on that baseline.
    """
    left = (one.seed for one in decided if next_block_due(one, decided))
    return max((1 + (seed - start) // APART for seed in left), default=0)


def spared(mine: Decided, others: Sequence[Decided]) -> bool:
    """Whether a confirmed experiment was not held against the next block, but should have been.

    Of two that were confirmed without seeing each other, the later in the order should have been.
    """
    if not mine.confirmed or mine.doubted:
        return False
    unseen = (other for other in others if other.place < mine.place and not other.sees(mine))
    first = any(other.confirmed and other.condition == mine.condition for other in unseen)
    return first or next_block_due(mine, others)


def one_sided(decided: Iterable[Decided]) -> bool:
    """Whether mean effects have the same sign too often, by a two-sided sign test without zeros."""
    signs = [one.effect > 0 for one in decided if one.effect]
    n, fewer = len(signs), min(signs.count(True), signs.count(False))
    tail = sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n
    return n >= _FEWEST_SIGNS and 2 * tail <= _RARE


def is_unlucky(
    criterion: Criterion,
    first: Sequence[float],
    second: Sequence[float],
    candidate: Sequence[float] = (),
) -> bool:
    """Whether two blocks of a baseline's scores differ, or a candidate does not beat both together.

    Without a `candidate`, only the blocks are compared. Blocks of fewer than three runs tell
    nothing; a score of 0 or less, which has no percentage, bears nothing out.

    Source: Welch (1947), two-sided.
    """
    if min(len(first), len(second)) < _FEWEST_RUNS:
        return False
    if criterion.scale is Scale.PERCENT and min(*first, *second) <= 0:
        return True
    before, after = ([_scaled(criterion, s) for s in block] for block in (first, second))
    if welch(before, after) <= _RARE:
        return True
    if not candidate:
        return False
    mine = [_scaled(criterion, score) for score in candidate]
    gain = _mean(mine) - _mean([*before, *after])
    return gain < criterion.bar and not same_score(gain, criterion.bar)


def _scaled(criterion: Criterion, score: float) -> float:
    """A score as the criterion compares it, larger where it is better."""
    return criterion.sign * (math.log(score) if criterion.scale is Scale.PERCENT else score)


def welch(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of Welch's t test between two samples of at least two."""
    apart = abs(_mean(first) - _mean(second))
    if same_score(_mean(first), _mean(second)):
        return 1.0
    error, df = satterthwaite(
        *(
            (standard_deviation(block) / math.sqrt(len(block)), len(block) - 1)
            for block in (first, second)
        )
    )
    return 2 * student_t.sf(apart / error, df) if error else 0.0


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
