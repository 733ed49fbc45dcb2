"""Run an experiment: gate, the baseline's missing seeds, the experiment's, verdict, note."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from gitexp.engine.local import Done, Interrupted, Job, condition_of, run_job
from gitexp.engine.process import Keeper
from gitexp.errors import CommandFailed, NotReady
from gitexp.rules import words
from gitexp.rules.record import Record, canonical, first_good, pair, parse_records
from gitexp.store.local import locked
from gitexp.store.notes import BULK, RUNS, VERDICTS, append_lines, read_notes, replace_notes
from gitexp.workflows.ancestors import same_runs
from gitexp.workflows.check import check
from gitexp.workflows.results import judge_records, read_results
from gitexp.workflows.start import first_fresh_seed
from gitexp.workflows.trust import demand_trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitexp.rules.registration import Registration
    from gitexp.rules.settings import Settings
    from gitexp.rules.verdict import Judgement
    from gitexp.store.git import Repository
    from gitexp.workflows.project import Project

_NAP = 0.2  # seconds between looks at a claim that another gitexp holds


class Watcher(Protocol):
    """What a view may show while runs go on; called from several threads."""

    def said(self, text: str) -> None:
        """Show one line of news."""

    def started(self, label: str, job: Job) -> None:
        """Show that a run has begun; its folder fills with output."""

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Show a run's end; None where it was interrupted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An experiment's answer after `run`."""

    name: str
    commit: str
    registration: Registration
    judgement: Judgement
    ran: int
    note: str


def run(project: Project, name: str | None, *, jobs: int, watcher: Watcher) -> Answer:
    """Run what is missing, look by look, and write the verdict as a note.

    Raises:
        Refused: the gate says no; nothing was executed.
        NotReady: the settings are not approved in this clone.
        CommandFailed: a run failed; it is recorded, and the next attempt is free to succeed.
    """
    report = check(project, name)
    report.demand()
    registration, commit = report.registration, report.entry.commit
    assert registration is not None  # noqa: S101 - a report without findings has one
    demand_trust(project.repository, report.settings, project.settings_path)
    base = report.entry.parents[0]
    bench = _Bench(project, report.settings, registration.criterion.metric, jobs, watcher)
    seeds = registration.registered_seeds()
    with bench:
        bench.adopt(base, seeds)
        judgement = bench.judge(registration, base, commit)
        try:
            while judgement.verdict is None or judgement.reason == "repeats failed":
                due = seeds[: judgement.due or _first_undecided(registration, judgement)]
                bench.measure(f"baseline {project.baseline}", base, due)
                bench.measure(f"exp/{report.name}", commit, due)
                bench.match(f"baseline {project.baseline}", base, commit, due)
                judgement = bench.judge(registration, base, commit)
        except CommandFailed:
            judgement = bench.judge(registration, base, commit)
            if judgement.verdict is not None:
                _write_view(project.repository, commit, registration, judgement)
            raise
    note = _write_view(project.repository, commit, registration, judgement)
    return Answer(report.name, commit, registration, judgement, bench.ran, note)


def _first_undecided(registration: Registration, judgement: Judgement) -> int:
    """Pairs wanted by the look at which a failed repeat stopped the experiment."""
    return next(look for look in registration.repeats if look > judgement.pairs)


def _write_view(
    repository: Repository, commit: str, registration: Registration, judgement: Judgement
) -> str:
    text = words.note(registration, judgement)
    if read_notes(repository, VERDICTS, [commit]).get(commit, "") != text.strip("\n"):
        replace_notes(repository, VERDICTS, {commit: text})
    return text


def measure_baseline(project: Project, *, jobs: int, watcher: Watcher) -> list[Record]:
    """Run the baseline's repeats at the tip of its branch; returns one record a seed.

    Raises:
        NotReady: the settings are not approved in this clone.
        CommandFailed: a run failed.
    """
    settings = project.settings
    demand_trust(project.repository, settings, project.settings_path)
    first = first_fresh_seed(project, read_results(project.repository))
    seeds = range(first, first + settings.repeats[-1])
    bench = _Bench(project, settings, settings.metric, jobs, watcher)
    with bench:
        bench.adopt(project.tip, seeds)
        bench.measure(f"baseline {project.baseline}", project.tip, seeds)
        good = first_good(bench.records(project.tip), seeds, settings.metric)
    return [good[seed] for seed in seeds]


class _Bench:
    """Where runs happen: at most `jobs` at once, each seed by one gitexp at a time."""

    def __init__(
        self, project: Project, settings: Settings, metric: str, jobs: int, watcher: Watcher
    ) -> None:
        self.project, self.repository = project, project.repository
        self.settings, self.metric = settings, metric
        self.jobs, self.watcher = jobs, watcher
        self.ran = 0
        self._keeper = Keeper()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Any]] = {}  # environments by condition, oldest first
        self._bulk: dict[str, set[str]] = {}  # bulk lines by commit

    def __enter__(self) -> Self:
        self._keeper.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._keeper.__exit__(*error)

    def records(self, commit: str) -> list[Record]:
        """Records of a commit as they stand now."""
        return parse_records(read_notes(self.repository, RUNS, [commit]).get(commit, ""))

    def judge(self, registration: Registration, base: str, commit: str) -> Judgement:
        """Judge an experiment by the records as they stand now."""
        notes = read_notes(self.repository, RUNS, [base, commit])
        return judge_records(
            registration, parse_records(notes.get(base, "")), parse_records(notes.get(commit, ""))
        )

    def measure(
        self, label: str, commit: str, seeds: Iterable[int], conditions: Sequence[str] = ()
    ) -> None:
        """Run the seeds that have no usable record yet, in any (or one of these) conditions.

        Raises:
            CommandFailed: the first run that failed; runs that were going on have ended too.
        """
        records = self.records(commit)
        missing = [s for s in seeds if s not in first_good(records, seeds, self.metric, conditions)]
        if not missing:
            return
        self._learn(commit)
        took = [record.duration for record in records if record.ok]
        cost = f", about {_span(sum(took) / len(took) * len(missing) / self.jobs)}" if took else ""
        runs = f"{len(missing)} run{'s' if len(missing) > 1 else ''}"
        self.watcher.said(f"{label} ({commit[:8]}): {runs} to do{cost}")
        failed: list[tuple[Job, Done]] = []
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="gitexp-run") as pool:
            waiting = {pool.submit(self._one, label, commit, s, conditions) for s in missing}
            try:
                while waiting:
                    ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in ended:
                        if not future.cancelled() and (bad := future.result()) is not None:
                            failed.append(bad)
                    if failed:
                        # Fail fast: what has not begun does not begin.
                        waiting = {f for f in waiting if not f.cancel()}
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        if failed:
            job, done = failed[0]
            raise CommandFailed(
                f"{label}, seed {job.seed}: {done.record.failure}"
                + (f"\n{_indented(done.last_lines)}" if done.last_lines else ""),
                f"the whole output is in {job.folder}; the failed run is recorded, and the same"
                " command tries again",
            )

    def match(self, label: str, base: str, commit: str, seeds: Sequence[int]) -> None:
        """Re-run baseline seeds whose records stand in another condition than the experiment's."""
        records, baseline = self.records(commit), self.records(base)
        measured = first_good(records, seeds, self.metric)
        pairs, _ = pair(seeds, baseline, records, self.metric)
        alone = [
            s
            for s in seeds[len(pairs) :]
            if s in measured
            and s not in first_good(baseline, [s], self.metric, [measured[s].condition])
        ]
        for condition in dict.fromkeys(measured[s].condition for s in alone):
            mine = [s for s in alone if measured[s].condition == condition]
            self.watcher.said(
                f"{label}: {self._moved(base, condition)}; its seeds are run again, because pairs"
                " must share their condition"
            )
            self.measure(label, base, mine, [condition])
            good = first_good(self.records(base), mine, self.metric, [condition])
            if len(good) < len(mine):
                raise NotReady(
                    "baseline and experiment do not run in the same condition:"
                    f" {self._moved(base, condition)}",
                    "make the environment the same for both (python and package versions), and run"
                    " again",
                )

    def _moved(self, base: str, condition: str) -> str:
        """Say what differs between a condition and the one that the baseline was measured in."""
        self._learn(base)
        now = self._known.get(condition, {})
        then = next(
            (
                known
                for record in reversed(self.records(base))
                if record.condition != condition and (known := self._known.get(record.condition))
            ),
            {},
        )
        said = [
            f"{name} {then.get(name)} -> {now.get(name)}"
            for name in ("python", "implementation", "accelerators")
            if then.get(name) != now.get(name)
        ]
        old, new = then.get("packages") or {}, now.get("packages") or {}
        said += [
            f"{p} {old[p]} -> {new[p]}" for p in sorted(old.keys() & new.keys()) if old[p] != new[p]
        ]
        return f"the environment has moved ({', '.join(said) or 'unknown'})"

    def _learn(self, commit: str) -> None:
        """Read the environments and bulk lines that a commit has already."""
        if commit in self._bulk:
            return
        text = read_notes(self.repository, BULK, [commit]).get(commit, "")
        self._bulk[commit] = set(text.splitlines())
        for line in text.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                content = json.loads(line)
                if content["kind"] == "environment":
                    self._known.setdefault(content["condition"], content)

    def _one(
        self, label: str, commit: str, seed: int, conditions: Sequence[str]
    ) -> tuple[Job, Done] | None:
        """Run one seed unless somebody has done so meanwhile; returns it where it failed."""
        with self._claimed(label, commit, seed) as claim:
            if self._stop.is_set():
                return None
            records = [record for record in self.records(commit) if record.seed == seed]
            if first_good(records, [seed], self.metric, conditions):
                return None
            attempt = 1 + max((record.attempt for record in records), default=0)
            folder = self.repository.local / "runs" / commit[:12] / f"{seed}-{attempt}"
            while folder.exists():
                # An interrupted attempt left its folder, which is somebody's evidence.
                attempt += 1
                folder = folder.with_name(f"{seed}-{attempt}")
            job = Job(commit, seed, attempt, self.metric, folder)
            self.watcher.started(label, job)
            done = None
            try:
                done = run_job(
                    self.repository, self.project.prefix, self.settings, job,
                    keeper=self._keeper, stop=self._stop, condition=self._condition, hold=(claim,),
                )  # fmt: skip
                self._store(commit, done)
            except Interrupted:
                return None
            finally:
                self.watcher.finished(label, job, done.record if done is not None else None)
            return None if done.record.ok else (job, done)

    def _condition(self, described: dict[str, Any]) -> str:
        with self._lock:
            name = condition_of(described, self._known)
            self._known.setdefault(name, described)
            return name

    def _store(self, commit: str, done: Done) -> None:
        with self._lock:
            self.ran += 1
            known = self._bulk[commit]
            bulk = [line for content in done.bulk if (line := canonical(content)) not in known]
            # The environment first: a record that is stored always finds the line it cites.
            if bulk:
                append_lines(self.repository, BULK, {commit: bulk})
                known.update(bulk)
            append_lines(self.repository, RUNS, {commit: [done.record.line()]})

    @contextlib.contextmanager
    def _claimed(self, label: str, commit: str, seed: int) -> Iterator[int]:
        """Keep every other gitexp of this clone from running the same seed meanwhile."""
        path = self.repository.local / "claims" / f"{commit}-{seed}.lock"
        told = False
        while True:
            with locked(path, wait=False) as claim:
                if claim is not None or self._stop.is_set():
                    yield claim if claim is not None else -1
                    return
            if not told:
                told = True
                self.watcher.said(f"{label}, seed {seed}: another gitexp is running it; waiting")
            time.sleep(_NAP)

    def adopt(self, commit: str, seeds: Iterable[int]) -> None:
        """Take over records of ancestors that would run the same: only inert files differ."""
        seeds = list(seeds)
        if len(first_good(self.records(commit), seeds, self.metric)) == len(seeds):
            return
        ancestors = same_runs(self.project, self.settings, commit)
        if not ancestors:
            return
        known = {record.line() for record in self.records(commit)}
        for ref in (BULK, RUNS):
            notes = read_notes(self.repository, ref, ancestors)
            lines = [line for text in notes.values() for line in text.splitlines()]
            lines = [line for line in dict.fromkeys(lines) if line not in known]
            if lines:
                append_lines(self.repository, ref, {commit: lines})


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())
