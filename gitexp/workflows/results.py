"""Experiments with their records and verdicts, recomputed from messages and notes every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.campaign import Place, Standing, next_place
from gitexp.rules.record import Record, pair, parse_records
from gitexp.rules.registration import Registration, parse_message
from gitexp.rules.verdict import Design, Judgement, Pair, judge
from gitexp.store.experiments import Entry, read_experiments
from gitexp.store.notes import RUNS, read_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.settings import Settings
    from gitexp.store.git import Repository


@dataclass(frozen=True, slots=True)
class Result:
    """An experiment with everything known about it.

    `registration` is None where the message is no registration; then there is no judgement either.
    """

    entry: Entry
    registration: Registration | None
    records: tuple[Record, ...]
    baseline_records: tuple[Record, ...]
    judgement: Judgement | None

    @property
    def explored(self) -> bool:
        """Whether it only ever ran past the gate, on purpose."""
        return bool(self.records) and all(record.explore for record in self.records)

    def standing(self) -> Standing | None:
        """Return the experiment as its campaign counts it."""
        if self.registration is None:
            return None
        verdict = self.judgement.verdict if self.judgement else None
        return Standing(self.registration, bool(self.records) and not self.explored, verdict)


def read_results(repository: Repository, name: str | None = None) -> list[Result]:
    """Read and judge all experiments (or one), newest first; two git processes in all."""
    return judged(repository, read_experiments(repository, name))


def judged(repository: Repository, entries: Sequence[Entry]) -> list[Result]:
    """Judge experiments by their records and those of their baselines."""
    parents = list(dict.fromkeys(e.parents[0] for e in entries if e.parents and e.runs))
    notes = read_notes(repository, RUNS, parents)
    parsed = {commit: tuple(parse_records(text)) for commit, text in notes.items()}
    results = []
    for entry in entries:
        registration, _ = parse_message(entry.message)
        records = tuple(parse_records(entry.runs))
        baseline = parsed.get(entry.parents[0], ()) if entry.parents else ()
        gated = [record for record in records if not record.explore]
        judgement = judge_records(registration, baseline, gated) if registration and gated else None
        results.append(Result(entry, registration, records, baseline, judgement))
    return results


def judge_records(
    registration: Registration, baseline: Iterable[Record], records: Iterable[Record]
) -> Judgement:
    """Judge one experiment by the rule that its registration froze."""
    criterion = registration.criterion
    pairs, failed = pair(registration.registered_seeds(), baseline, records, criterion.metric)
    design = Design(
        bar=criterion.bar,
        higher_is_better=criterion.higher_is_better,
        looks=registration.repeats,
        level=registration.level,
        widening=registration.widening,
    )
    return judge(design, [Pair(*numbers) for numbers in pairs], failed)


def place_of_next(results: Iterable[Result], metric: str, settings: Settings) -> Place:
    """Campaign, place and level of the next experiment on a metric."""
    standings = [standing for result in results if (standing := result.standing())]
    return next_place(standings, metric, planned=settings.planned, budget=settings.error_budget)
