"""Experiments with their records and verdicts, recomputed from messages and notes every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.campaign import Place, Standing, next_place
from gitexp.rules.record import Record, pair, parse_records
from gitexp.rules.registration import Registration, parse_message, split_message
from gitexp.rules.verdict import Design, Judgement, Pair, judge
from gitexp.store.experiments import Entry, read_experiments
from gitexp.store.notes import RUNS, read_notes
from gitexp.workflows.ground import Ground, find_grounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.settings import Settings
    from gitexp.store.git import Repository
    from gitexp.workflows.project import Project


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


def read_results(project: Project, name: str | None = None) -> list[Result]:
    """Read and judge a project's experiments, newest first; two git processes in all.

    By its name any one is read, whatever project it belongs to.
    """
    entries = read_experiments(project.repository, name)
    if name is None:
        entries = _own(project, entries)
    return _judged(project.repository, entries)


def read_all_results(repository: Repository) -> list[Result]:
    """Read and judge the experiments of every project of a repository, newest first."""
    return _judged(repository, read_experiments(repository))


def _own(project: Project, entries: Sequence[Entry]) -> list[Entry]:
    """Experiments of the project, as their registrations say, or else their files."""
    prefixes: dict[str, str] = {}
    for entry in entries:
        trailers = split_message(entry.message)[1]
        if "Experiment" in trailers:
            folder = trailers.get("Project", "")
            prefixes[entry.commit] = f"{folder}/" if folder else ""
    rest = [entry for entry in entries if entry.commit not in prefixes]
    if rest:
        # Committed past every hook: what differs tells, and one that stands on nothing is shown
        # wherever somebody looks.
        for entry, ground in zip(rest, find_grounds(project.repository, rest), strict=True):
            prefixes[entry.commit] = (
                ground.project.prefix if isinstance(ground, Ground) else project.prefix
            )
    return [entry for entry in entries if prefixes[entry.commit] == project.prefix]


def _judged(repository: Repository, entries: Sequence[Entry]) -> list[Result]:
    """Judge experiments by their records and those of their baselines."""
    parents = list(dict.fromkeys(e.parents[0] for e in entries if e.parents and e.runs))
    notes = read_notes(repository, RUNS, parents)
    parsed = {commit: tuple(parse_records(text)) for commit, text in notes.items()}
    results = []
    for entry in entries:
        registration, _ = parse_message(entry.message)
        records = tuple(parse_records(entry.runs))
        baseline = parsed.get(entry.parents[0], ()) if entry.parents else ()
        if registration is not None:
            # Two projects may measure the same baseline commit, each by its own command.
            baseline = tuple(r for r in baseline if r.project == registration.project)
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
