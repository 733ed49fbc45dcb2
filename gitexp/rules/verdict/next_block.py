"""The next block of a baseline's seeds: what an experiment is held against if others agree with it.

A verdict asks for it where a check on record says that the experiment is in doubt, so that it
follows from the experiment's own note and the baseline's, as every verdict does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.found import Found
from gitexp.rules.plan.seeds import APART
from gitexp.rules.text import counted
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.figures import number
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.unlucky import Decided, is_unlucky
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

UNLUCKY = "unlucky baseline"


def shares_runs(registration: Registration) -> bool:
    """Whether an experiment is compared with runs that others use too, and there are fresh seeds.

    A constant is not compared with the baseline, and interleaved pairs have runs of their own.
    """
    constant = registration.criterion.scale is Scale.CONSTANT
    shared = not (constant or registration.interleaved)
    return registration.rules > 1 and registration.fresh_seeds and shared


def decided_of(
    registration: Registration,
    commit: str,
    records: Sequence[Record],
    judgement: Judgement,
    checks: Iterable[Check],
) -> Decided | None:
    """What the others on its baseline see of an experiment; None where they see nothing."""
    if judgement.effect is None or not shares_runs(registration):
        return None
    if judgement.verdict is None and not judgement.block:
        return None
    seeds = registration.registered_seeds()[: judgement.pairs]
    look = first_good(records, seeds, registration.criterion.metric).values()
    if not look:
        return None
    last = _last(look)
    return Decided(
        commit=commit,
        seed=registration.seeds[0],
        condition=last.condition,
        first=min(record.began for record in records),
        began=last.began,
        ended=max(record.began + record.duration for record in look),
        effect=judgement.effect,
        confirmed=_passed(judgement),
        doubted=_doubted(checks),
        unlucky=judgement.reason == UNLUCKY,
    )


def _passed(judgement: Judgement) -> bool:
    """Whether an experiment was confirmed on its own block of seeds."""
    return (
        judgement.verdict is Verdict.CONFIRMED or judgement.reason == UNLUCKY or judgement.block > 0
    )


class Blocks(NamedTuple):
    """Scores of a baseline on the block of an experiment, and on the next one, in one condition.

    `seeds` are those of the next block that are to be held against the first, `missing` those of
    them that have not been run.
    """

    condition: str
    seeds: range
    first: tuple[float, ...]
    second: tuple[float, ...]
    missing: tuple[int, ...]


def blocks_of(
    registration: Registration, baseline: Iterable[Record], mine: Sequence[Record]
) -> Blocks:
    """Read both blocks in the condition of the record that decided.

    `mine` are the experiment's records of the look that decides. The first block counts as it was
    when the deciding one started, and the next one is to have as many runs.
    """
    baseline, metric, last = list(baseline), registration.criterion.metric, _last(mine)
    partners = {record.seed for record in mine}
    start, after = registration.seeds[0], registration.seeds[0] + APART
    early = [r for r in baseline if r.seed in partners or r.began <= last.began]
    first = first_good(early, range(start, after), metric, [last.condition])
    seeds = range(after, after + len(first))
    second = first_good(baseline, seeds, metric, [last.condition])
    scores = [tuple(r.metrics[metric] for r in arm.values()) for arm in (first, second)]
    missing = tuple(seed for seed in seeds if seed not in second)
    return Blocks(last.condition, seeds, scores[0], scores[1], missing)


def held_against_next_block(
    judgement: Judgement,
    registration: Registration,
    pairs: Sequence[tuple[Record, Record]],
    baseline: Iterable[Record],
    checks: Iterable[Check],
) -> Judgement:
    """Let the next block decide whether a confirmation in doubt stands.

    Until that block has been run, nothing is decided.
    """
    if judgement.verdict is not Verdict.CONFIRMED or not _doubted(checks):
        return judgement
    if not shares_runs(registration):
        return judgement
    mine = [record for _, record in pairs[: judgement.pairs]]
    blocks = blocks_of(registration, baseline, mine)
    if blocks.missing:
        return judgement._replace(verdict=None, reason="", block=len(blocks.missing))
    if not _misses(registration, blocks, mine):
        return judgement
    return judgement._replace(
        verdict=Verdict.INCONCLUSIVE, reason=UNLUCKY, detail=_say_blocks(blocks)
    )


def misses_both(
    registration: Registration, baseline: Iterable[Record], records: Iterable[Record], pairs: int
) -> bool:
    """Whether the next block, which came later, does not bear a confirmed experiment out."""
    look = registration.registered_seeds()[:pairs]
    mine = [*first_good(records, look, registration.criterion.metric).values()]
    if not mine:
        return False
    blocks = blocks_of(registration, baseline, mine)
    return not blocks.missing and _misses(registration, blocks, mine)


def _misses(registration: Registration, blocks: Blocks, mine: Iterable[Record]) -> bool:
    candidate = [record.metrics[registration.criterion.metric] for record in mine]
    return is_unlucky(registration.criterion, blocks.first, blocks.second, candidate)


def _doubted(checks: Iterable[Check]) -> bool:
    return any(check.found is Found.DOUBTED for check in checks)


def _say_blocks(blocks: Blocks) -> str:
    """Say what the two blocks gave."""
    means = [number(sum(block) / len(block)) for block in (blocks.first, blocks.second)]
    return (
        f"{counted(len(blocks.first), 'run')} of the baseline gave {means[0]} on average, and as"
        f" many on fresh seeds {means[1]}"
    )


def _last(records: Iterable[Record]) -> Record:
    """The one that started last."""
    return max(records, key=lambda record: (record.began, record.seed))
