"""Whether a baseline must be checked before its records are used again, and what a check showed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.found import Found
from gitexp.rules.documents.record import SKEW
from gitexp.rules.verdict.canary import SPAN, compare, span_of
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.start import Start


class BaselineRuns(NamedTuple):
    """The runs of a baseline, as one command sees them at a `moment`.

    `started` are the good runs with their starts, as far as these are on record, and `canaries`
    those that were made to check it. `host` and `batch` are this machine and this command, or empty
    where other machines make its runs: there, what any of them made counts. `span` is the setting
    `canary`; moments are in seconds since 1970. `exact` says that the trainer is deterministic.
    """

    metric: str
    records: tuple[Record, ...]
    started: tuple[tuple[Start, Record], ...]
    canaries: tuple[tuple[Start, Record], ...]
    host: str
    batch: str
    moment: float
    span: float | None = None
    exact: bool = False

    def scores(self, condition: str) -> dict[int, float]:
        """The first scores in a condition, by seed."""
        good = first_good(self.records, {r.seed for r in self.records}, self.metric, [condition])
        return {seed: record.metrics[self.metric] for seed, record in good.items()}


class BaselineCheck(NamedTuple):
    """Runs that repeated one seed, in their order, and the score on record.

    `found` is None where one more run is needed, and `old` where their condition has no record.
    """

    runs: tuple[Record, ...]
    old: float | None
    scores: tuple[float, ...]
    found: Found | None

    @property
    def seed(self) -> int:
        """The seed that was repeated."""
        return self.runs[0].seed

    @property
    def condition(self) -> str:
        """The condition that it was repeated in."""
        return self.runs[0].condition

    @property
    def over(self) -> bool:
        """Whether no further run can tell more."""
        return self.found is not None or self.old is None


def seed_to_check(
    runs: BaselineRuns, seeds: Iterable[int], here: Sequence[str] | None, *, always: bool = False
) -> int | None:
    """Find the seed to run again before records of `seeds` are used; None if they are fresh.

    `here` are the conditions that hold, None while they are not known. `always` asks whatever the
    settings say.
    """
    used = first_good(runs.records, seeds, runs.metric, here)
    if not used:
        return None
    span = _span(runs)
    if not always and (math.isinf(span) or _age(runs, used.values()) <= span):
        return None
    # Another seed each time, so that no part of the baseline goes unseen for long.
    return [*used][len(runs.canaries) % len(used)]


def goes_unchecked(runs: BaselineRuns, seeds: Iterable[int], here: Sequence[str] | None) -> bool:
    """Whether old records of `seeds` are used unchecked, because the settings ask for none."""
    used = first_good(runs.records, seeds, runs.metric, here)
    return bool(used) and math.isinf(_span(runs)) and _age(runs, used.values()) > SPAN


def check_after(runs: BaselineRuns, seed: int, attempt: int) -> BaselineCheck | None:
    """What runs of this command showed that repeated a seed after an attempt; None if none did.

    On other machines, a run in another condition than the first of them says nothing about it.
    """
    mine = _in_order(
        record
        for start, record in runs.canaries
        if runs.batch in {"", start.batch} and record.seed == seed and record.attempt > attempt
    )
    alike = [record for record in mine if runs.batch or record.condition == mine[0].condition]
    return _checked(runs, alike) if alike else None


def last_attempt(runs: BaselineRuns, seed: int) -> int:
    """Number of the last canary of a seed; 0 if there is none."""
    return max((record.attempt for _, record in runs.canaries if record.seed == seed), default=0)


def _span(runs: BaselineRuns) -> float:
    return span_of(runs.span, [record.duration for record in runs.records if record.ok])


def _age(runs: BaselineRuns, used: Iterable[Record]) -> float:
    """Seconds since the baseline last agreed with itself here, in a condition of these records."""
    conditions = {record.condition for record in used}
    agreed = [
        *(r for start, r in runs.started if _is_here(runs, start) and r.condition in conditions),
        *_agreeing(runs, conditions),
    ]
    # Whoever wrote a time of tomorrow has another clock, by which nothing can be told.
    ends = (r.began + r.duration for r in agreed if r.began < runs.moment + SKEW)
    return runs.moment - max(ends, default=-math.inf)


def _agreeing(runs: BaselineRuns, conditions: set[str]) -> Iterator[Record]:
    """The last canary here of each check that did not show that the baseline moved."""
    groups: dict[tuple[str, int, str], list[Record]] = {}
    for start, record in runs.canaries:
        if _is_here(runs, start) and record.condition in conditions:
            batch = start.batch if runs.batch else ""
            groups.setdefault((batch, record.seed, record.condition), []).append(record)
    for group in groups.values():
        for check in _in_turn(runs, group):
            if check.found not in {None, Found.MOVED}:
                yield check.runs[-1]


def _is_here(runs: BaselineRuns, start: Start) -> bool:
    return runs.host in {"", start.host}


def _in_turn(runs: BaselineRuns, group: Iterable[Record]) -> Iterator[BaselineCheck]:
    """The checks that runs of one seed made, one after the other."""
    made: list[Record] = []
    for record in _in_order(group):
        made.append(record)
        check = _checked(runs, made)
        if check.over:
            yield check
            made = []


def _in_order(records: Iterable[Record]) -> list[Record]:
    """Runs of one seed in the order of their attempts: machines have clocks of their own."""
    return sorted(records, key=lambda record: record.attempt)


def _checked(runs: BaselineRuns, group: Sequence[Record]) -> BaselineCheck:
    first = runs.scores(group[-1].condition)
    old = first.get(group[-1].seed)
    scores = tuple(r.metrics[runs.metric] for r in group if runs.metric in r.metrics)
    found = None if old is None else compare(old, scores, [*first.values()], exact=runs.exact)
    return BaselineCheck(tuple(group), old, scores, found)
