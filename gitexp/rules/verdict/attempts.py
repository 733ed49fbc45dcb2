"""Attempts that gave no score, counted: whoever repeats those that look bad keeps the good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.ended import Ended
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.verdict import Judgement

MOST_FAILURES = 2  # of one seed: a failed run is repeated once


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts of one arm that gave no score.

    `failed` runs ended by themselves. `stopped` is how often the user stopped some: one Ctrl-C is
    one occasion, however many runs it ends. `freed` were ended by gitexp, a scheduler or a reboot,
    which know no scores, so they never count.
    """

    failed: int = 0
    stopped: int = 0
    freed: int = 0

    def __str__(self) -> str:
        """Say what there is, in words."""
        said = []
        if self.failed:
            said.append(f"{counted(self.failed, 'run')} failed")
        if self.stopped:
            said.append(f"runs were aborted {_times(self.stopped)} by their user")
        if self.freed:
            said.append(f"{counted(self.freed, 'run')} ended with a job, a machine or another run")
        return ", ".join(said) or "none"

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.failed or self.stopped or self.freed)


def count_attempts(records: Iterable[Record]) -> Attempts:
    """Count what these records say of attempts without a score."""
    ends = [record for record in records if not record.ok]
    stopped = [record for record in ends if record.end is Ended.ABORT]
    failed = sum(record.end.by_itself for record in ends)
    occasions = {record.batch or record.start for record in stopped}
    return Attempts(failed, len(occasions), len(ends) - failed - len(stopped))


def say_attempts(experiment: Attempts, baseline: Attempts) -> str:
    """Say what there is of both arms."""
    return f"of the experiment, {experiment}; of the baseline, {baseline}"


def given_up(seeds: Iterable[int], records: Iterable[Record], metric: str) -> list[int]:
    """Seeds whose runs failed as often as is allowed before one of them gave the metric.

    Runs of code that was replaced do not make a seed fail for the code in its place.
    """
    failures = dict.fromkeys(seeds, 0)
    good: set[int] = set()
    for record in sorted(records, key=lambda record: (record.attempt, record.start)):
        if record.ok and metric in record.metrics:
            good.add(record.seed)
        elif record.replaced:
            continue
        elif record.end.by_itself and record.seed in failures and record.seed not in good:
            failures[record.seed] += 1
    return [seed for seed, number in failures.items() if number >= MOST_FAILURES]


def may_go_on(judgement: Judgement, rules: int) -> bool:
    """Whether more runs can decide: before rules 2, a failed run is repeated without limit."""
    return judgement.verdict is None or (rules < 2 and judgement.reason == "repeats failed")


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
