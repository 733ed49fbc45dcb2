"""Experiments with their records and verdicts, recomputed from messages and notes every time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitexp.rules.campaign import Place, Standing, next_place
from gitexp.rules.registration import Registration, parse_message, split_message
from gitexp.store.archive import shelve_deleted
from gitexp.store.experiments import Entry, read_commits, read_experiments
from gitexp.store.notes import RUNS, mend_refs, read_notes
from gitexp.workflows.ground import Ground, find_grounds
from gitexp.workflows.project import project_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.rules.record import ExampleSpread, Record
    from gitexp.rules.settings import Settings
    from gitexp.rules.verdict import Design, Judgement, Pair, Verdict
    from gitexp.store.git import Repository
    from gitexp.workflows.project import Project


@dataclass(frozen=True, slots=True)
class Result:
    """An experiment with everything known about it.

    `registration` is None where the message is no registration; then there is no judgement either.
    `foreign` are records in its note that another commit made: they count for nothing. `newer` are
    lines that a newer gitexp wrote, by their schema: they are left as they are.
    """

    entry: Entry
    registration: Registration | None
    records: tuple[Record, ...]
    baseline_records: tuple[Record, ...]
    judgement: Judgement | None
    foreign: tuple[Record, ...] = ()
    newer: Mapping[int, int] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """What its records by the rules decided, None where they decide nothing yet."""
        return self.judgement.verdict if self.judgement else None

    @property
    def explored(self) -> bool:
        """Whether it only ever ran past the gate, on purpose."""
        return bool(self.records) and all(record.explore for record in self.records)

    def standing(self) -> Standing | None:
        """Return the experiment as its campaign counts it."""
        if self.registration is None:
            return None
        return Standing(self.registration, bool(self.records) and not self.explored, self.verdict)


def read_results(project: Project, name: str | None = None) -> list[Result]:
    """Read and judge a project's experiments, newest first; two git processes in all.

    By its name any one is read, whatever project it belongs to. A branch that was deleted by hand
    takes no results with it: it counts as archived.
    """
    mend_refs(project.repository)
    shelve_deleted(project.repository)
    entries = read_experiments(project.repository, name)
    if name is None:
        entries = entries_of(project, entries)
    return judged(project.repository, entries)


def read_all_results(repository: Repository) -> list[Result]:
    """Read and judge the experiments of every project of a repository, newest first."""
    mend_refs(repository)
    shelve_deleted(repository)
    return judged(repository, read_experiments(repository))


def project_of(here: Project, ref: str, commit: str) -> Project:
    """Project that an experiment belongs to, whatever directory somebody stands in.

    Raises:
        NotReady: it is no longer on its baseline branch.
    """
    entries = read_commits(here.repository, [(ref, commit)])
    return project_in(here, _folders(here, entries)[commit])


def entries_of(project: Project, entries: Sequence[Entry]) -> list[Entry]:
    """Those experiments that belong to a project."""
    folders = _folders(project, entries)
    return [entry for entry in entries if folders[entry.commit] == project.folder]


def _folders(here: Project, entries: Sequence[Entry]) -> dict[str, str]:
    """Folders of the projects of experiments, as their registrations say, or else their files."""
    found: dict[str, str] = {}
    for entry in entries:
        trailers = split_message(entry.message)[1]
        if "Experiment" in trailers:
            found[entry.commit] = trailers.get("Project", "")
    rest = [entry for entry in entries if entry.commit not in found]
    if rest:
        # Committed past every hook: what differs tells, and one that stands on nothing is shown
        # wherever somebody looks.
        for entry, ground in zip(rest, find_grounds(here.repository, rest), strict=True):
            project = ground.project if isinstance(ground, Ground) else here
            found[entry.commit] = project.folder
    return found


def judged(repository: Repository, entries: Sequence[Entry]) -> list[Result]:
    """Judge experiments by their records and those of their baselines."""
    if not any(entry.runs for entry in entries):
        # What judges loads where there is something to judge: a hook may end before.
        return [Result(e, parse_message(e.message)[0], (), (), None) for e in entries]
    from gitexp.rules.record import count_newer, parse_records, parse_spreads

    parents = list(dict.fromkeys(e.parents[0] for e in entries if e.parents and e.runs))
    notes = read_notes(repository, RUNS, parents)
    parsed = {commit: tuple(parse_records(text)) for commit, text in notes.items()}
    results = []
    for entry in entries:
        registration, _ = parse_message(entry.message)
        every = parse_records(entry.runs)
        # An amended commit keeps its note where git was told so; its results are another's.
        records = tuple(record for record in every if record.is_of(entry.commit))
        foreign = tuple(record for record in every if not record.is_of(entry.commit))
        baseline = parsed.get(entry.parents[0], ()) if entry.parents else ()
        if registration is not None:
            # Two projects may measure the same baseline commit, each by its own command.
            baseline = tuple(r for r in baseline if r.project == registration.project)
        gated = [record for record in records if not record.explore]
        judgement = None
        if registration and gated:
            spreads = parse_spreads(entry.runs) if registration.by_examples else []
            judgement = judge_records(registration, baseline, gated, spreads)
        newer = count_newer(entry.runs)
        results.append(Result(entry, registration, records, baseline, judgement, foreign, newer))
    return results


def judge_records(
    registration: Registration,
    baseline: Iterable[Record],
    records: Iterable[Record],
    spreads: Iterable[ExampleSpread] = (),
) -> Judgement:
    """Judge one experiment by the rule that its registration froze."""
    from gitexp.rules.record import inputs_of, pair
    from gitexp.rules.verdict import Examples, Judgement, Verdict, judge

    baseline = list(baseline)
    metric = registration.criterion.metric
    paired, failed = pair(registration.registered_seeds(), baseline, records, metric)
    exact: frozenset[str] | None = None
    if not registration.seeded:
        exact = exact_metrics(baseline, metric)
        if exact is None:
            paired = []
        elif metric not in exact:
            return Judgement(Verdict.INCONCLUSIVE, "not deterministic", 0, 0, None)
    guards = {
        guard.metric: _pairs_on(paired, guard.metric)
        for guard in registration.guards
        # A single run shows a guard only if it would show the same again.
        if exact is None or guard.metric in exact
    }
    known = {(spread.pairs, spread.inputs): spread for spread in spreads}
    examples = {
        count: Examples(spread.count, spread.variance)
        for count in (registration.repeats if known else ())
        if (spread := known.get((count, inputs_of(paired[:count]))))
    }
    return judge(
        design_of(registration),
        _pairs_on(paired, metric),
        failed,
        guards=guards,
        examples=examples,
    )


def as_explored(judgement: Judgement, why: str) -> Judgement:
    """Whatever it would have been, runs past the gate are EXPLORATORY."""
    from gitexp.rules.verdict import Verdict

    if not why or judgement.verdict is None:
        return judgement

    return replace(judgement, verdict=Verdict.EXPLORATORY, reason=f"not gated: {why}")


def design_of(registration: Registration) -> Design:
    """What a registration asks of the runs."""
    from gitexp.rules.verdict import Design

    return Design(
        criterion=registration.criterion,
        looks=registration.repeats,
        level=registration.level,
        widening=registration.widening,
        guards=registration.guards,
        seeded=registration.seeded,
        by_examples=registration.by_examples,
    )


def exact_metrics(baseline: Iterable[Record], metric: str) -> frozenset[str] | None:
    """Metrics that came out alike when a trainer without seeds was repeated; None before it was."""
    from gitexp.rules.record import PROOF, first_good

    runs = list(baseline)
    conditions = {record.condition for record in runs}
    twice = [
        found
        for condition in conditions
        if len(found := first_good(runs, PROOF, metric, [condition])) == len(PROOF)
    ]
    if not twice:
        return None
    return frozenset.intersection(
        *(
            frozenset(dict(both[PROOF[0]].metrics.items() & both[PROOF[1]].metrics.items()))
            for both in twice
        )
    )


def _pairs_on(paired: Iterable[tuple[Record, Record]], metric: str) -> list[Pair]:
    from gitexp.rules.verdict import Pair

    return [
        Pair(mine.seed, partner.metrics[metric], mine.metrics[metric])
        for partner, mine in paired
        if metric in partner.metrics and metric in mine.metrics
    ]


def place_of_next(results: Iterable[Result], metric: str, settings: Settings) -> Place:
    """Campaign, place and level of the next experiment on a metric."""
    standings = [standing for result in results if (standing := result.standing())]
    return next_place(standings, metric, planned=settings.planned, budget=settings.error_budget)
