"""Where runs happen: missing seeds, claims, conditions, records stored as they come."""

from __future__ import annotations

import contextlib
import math
import shlex
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Protocol, Self

from gitexp.engine.condition import condition_of, moved
from gitexp.engine.job import Interrupted, Job, RunResult
from gitexp.engine.present import present_environment
from gitexp.engine.process import Keeper
from gitexp.engine.run import run_job
from gitexp.errors import CommandFailed, GitexpError, NotReady, StoreBusy
from gitexp.lab.ancestors import same_runs
from gitexp.lab.verdicts import judge_records
from gitexp.rules.documents.example_spread import ExampleSpread, parse_spreads
from gitexp.rules.documents.lines import Kind, canonical, count_newer, read_contents, say_newer
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.text import duration
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.pairs import first_good, inputs_of, pair
from gitexp.store.archive import tidy
from gitexp.store.aside import Intent
from gitexp.store.local import locked
from gitexp.store.note_writing import append_lines, store_aside, write
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, LOGS, RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitexp.lab.project import Project
    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement

LONG = 30 * 60  # seconds of runs that are not begun without being asked for
_SAME_UNIT = 0.01  # relative; how far a reported score may be from the one that outcomes give
_NAP = 0.2  # seconds between looks at a claim that another gitexp holds


class Watcher(Protocol):
    """What a view may show while runs go on; called from several threads."""

    def said(self, text: str) -> None:
        """Show one line of news."""

    def agrees(self, question: str) -> bool:
        """Ask whether to go on with something expensive; False where nobody is there to ask."""

    def started(self, label: str, job: Job) -> None:
        """Show that a run has begun; its folder fills with output."""

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Show a run's end; None where it was interrupted."""


class Bench:
    """Where runs happen: at most `jobs` at once, each seed by one gitexp at a time."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        metric: str,
        jobs: int,
        watcher: Watcher,
        explore: tuple[str, str] = ("", ""),
    ) -> None:
        self.project, self.repository = project, project.repository
        self.settings, self.metric = settings, metric
        self.jobs, self.watcher = jobs, watcher
        self.ran = 0
        self._experiment, self._why = explore  # its commit, and why it runs ungated, if it does
        self.here: list[str] | None = None  # conditions that hold today, None where unknown
        self._keeper = Keeper()
        self._stop = threading.Event()
        self._failed = threading.Event()
        self._lock = threading.Lock()
        self._records: dict[str, list[Record]] = {}  # by commit, as last read
        self._spreads: dict[str, list[ExampleSpread]] = {}  # likewise
        self._known: dict[str, dict[str, Any]] = {}  # environments by condition, oldest first
        self._bulk: dict[str, set[str]] = {}  # bulk lines by commit
        self._warned: set[str] = set()  # commits of which something odd was said, and what was said

    def __enter__(self) -> Self:
        # Before anything runs: where nothing can be stored, hours of training would wait for it.
        store_aside(self.repository)
        self._keeper.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._keeper.__exit__(*error)
        tidy(self.repository)

    def read(self, *commits: str) -> None:
        """Read the records of commits as they stand now, in one git process."""
        notes = read_notes(self.repository, RUNS, commits)
        for commit in commits:
            text = notes.get(commit, "")
            self._records[commit] = self._parsed(text, commit)
            self._spreads[commit] = parse_spreads(text)
            if (newer := say_newer(count_newer(text))) and newer not in self._warned:
                self._warned.add(newer)
                self.watcher.said(f"{commit[:8]}: {newer}, and may hold what is run here again")

    def _parsed(self, text: str, commit: str) -> list[Record]:
        """Records of this project that count here: ungated ones only past the gate again.

        A baseline's may come from a commit that runs alike, an experiment's are its own alone.
        """
        return [
            record
            for record in parse_records(text)
            if record.project == self.project.folder
            and (self._why or not record.explore)
            and (commit != self._experiment or record.is_of(commit))
        ]

    def records(self, commit: str) -> list[Record]:
        """Records of a commit as last read: at the beginning, and after anything was run."""
        if commit not in self._records:
            self.read(commit)
        return self._records[commit]

    def judge(self, registration: Registration, base: str, commit: str) -> Judgement:
        """Judge an experiment by the records as last read."""
        spreads = self._spreads.get(commit, ())
        return judge_records(registration, self.records(base), self.records(commit), spreads)

    def measure(
        self,
        label: str,
        commit: str,
        seeds: Iterable[int],
        conditions: Sequence[str] | None = None,
        *,
        ask: bool = False,
    ) -> None:
        """Run the seeds that have no usable record yet, in any (or one of these) conditions.

        Raises:
            CommandFailed: the first run that failed; runs that were going on have ended too.
        """
        records = self.records(commit)
        missing = [s for s in seeds if s not in first_good(records, seeds, self.metric, conditions)]
        if not missing:
            return
        self.learn(commit)
        took = [record.duration for record in records if record.ok]
        seconds = sum(took) / len(took) * len(missing) / self.jobs if took else 0
        cost = f", about {duration(seconds)}" if took else ""
        runs = f"{len(missing)} run{'s' if len(missing) > 1 else ''}"
        self.watcher.said(f"{label} ({commit[:8]}): {runs} to do{cost}")
        long = duration(seconds)
        if ask and seconds > LONG and not self.watcher.agrees(f"Spend {long} on that?"):
            raise NotReady(
                f"the baseline's runs would take about {long}, and nobody agreed to that",
                "the same command with --yes",
            )
        failed: list[tuple[Job, RunResult]] = []
        unstored: GitexpError | None = None
        self._failed.clear()
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="gitexp-run") as pool:
            try:
                waiting = {pool.submit(self._one, label, commit, s, conditions) for s in missing}
                while waiting:
                    ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in ended:
                        try:
                            bad = future.result()
                        except StoreBusy as error:
                            # Kept aside. What runs already may end, and is kept likewise.
                            unstored = error
                        else:
                            failed += [bad] if bad is not None else []
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        if unstored is not None:
            raise unstored
        self.read(*self._records)
        if failed:
            job, done = failed[0]
            raise CommandFailed(
                f"{label}, seed {job.seed}: {done.record.failure}"
                + (f"\n{_indented(done.last_lines)}" if done.last_lines else ""),
                self._way_on(job, done),
            )

    def _way_on(self, job: Job, done: RunResult) -> str:
        """What to do after a failed run, in lines that can be pasted where they are commands."""
        logs = [shlex.quote(str(job.folder / name)) for name in ("stdout.log", "stderr.log")]
        lines = [
            f"read all that it said: cat {' '.join(logs)}",
            "then the same command tries again; the failed run is recorded",
        ]
        if done.record.failure.startswith("no metric"):
            ways = f"print {self.metric}=VALUE, or call gitexp.log({self.metric}=VALUE)"
            if self.settings.metrics:
                ways = f"write it to {self.settings.metrics}, {ways}"
            lines.insert(0, f"let the command tell its metric: {ways}")
        if done.record.failure.startswith("R1"):
            lines.insert(0, "import it by a path inside the checkout: what is named absolutely, in"
                         " sys.path or a .pth file, is your own tree, edits and all")  # fmt: skip
        return "\n".join(lines)

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

    def weigh(self, registration: Registration, base: str, commit: str) -> None:
        """Compute what the examples say, for each look whose runs are there, and store it.

        Raises:
            NotReady: outcomes are missing, or the two arms share no example.
        """
        if not registration.by_examples:
            return
        criterion = registration.criterion
        seeds = registration.registered_seeds()
        pairs, _ = pair(seeds, self.records(base), self.records(commit), criterion.metric)
        done = {(spread.pairs, spread.inputs) for spread in self._spreads[commit]}
        lines = []
        for count in registration.repeats:
            inputs = inputs_of(pairs[:count])
            if count > len(pairs) or (count, inputs) in done:
                continue
            both = self._outcomes(base, [r for r, _ in pairs[:count]])
            mine = self._outcomes(commit, [r for _, r in pairs[:count]])
            _demand_unit(criterion, mine[0], pairs[0][1].metrics[criterion.metric])
            variance, n = weigh_examples(criterion, both, mine)
            lines.append(ExampleSpread(count, inputs, n, variance).line())
        if lines:
            append_lines(self.repository, RUNS, {commit: lines})
            self.read(commit)

    def _outcomes(self, commit: str, records: Sequence[Record]) -> list[Outcomes]:
        """Outcomes that runs stored.

        Raises:
            NotReady: they are not there.
        """
        wanted = [(record.seed, record.attempt, record.condition) for record in records]
        text = read_notes(self.repository, BULK, [commit]).get(commit, "")
        found = parse_outcomes(text, set(wanted))
        for key in wanted:
            if key not in found:
                raise NotReady(
                    f"the outcomes of seed {key[0]} of {commit[:8]} are not here, and the criterion"
                    " is judged by examples",
                    "if they were measured elsewhere: gitexp sync",
                )
        return [found[key] for key in wanted]

    def _moved(self, base: str, condition: str) -> str:
        """Say what differs between a condition and the one that the baseline was measured in."""
        self.learn(base)
        now = self._known.get(condition, {})
        other = (r.condition for r in reversed(self.records(base)) if r.condition != condition)
        return _moved_words(self._known.get(next(other, ""), {}), now)

    def measure_partners(self, label: str, base: str, commit: str, seeds: Sequence[int]) -> None:
        """Run the baseline's seeds that the experiment's next runs will be paired with.

        A record made in another condition is no partner for a run that is made today.
        """
        done = first_good(self.records(commit), seeds, self.metric) if commit else {}
        due = [seed for seed in seeds if seed not in done]
        if self.here is None and due:
            self.here = self._conditions_here(label, base)
        self.measure(label, base, due, self.here, ask=True)

    def _conditions_here(self, label: str, base: str) -> list[str] | None:
        """Conditions of the baseline's records that hold today; None where that cannot be told."""
        self.learn(base)
        used = dict.fromkeys(record.condition for record in self.records(base) if record.ok)
        known = {name: self._known[name] for name in used if name in self._known}
        packages = {package for other in known.values() for package in other.get("packages") or {}}
        if not known:
            return None
        now = present_environment(
            self.repository, self.project.prefix, self.settings, sorted(packages)
        )
        if now is None:
            return None
        here = [name for name, then in known.items() if not moved(then, now)]
        if not here:
            then = list(known.values())[-1]
            self.watcher.said(f"{label}: {_moved_words(then, now)}; its seeds are run again")
        return here

    def learn(self, *commits: str) -> None:
        """Read the environments and bulk lines that commits have already."""
        if self._bulk.keys() >= {*commits}:
            return
        # With those of the other commits at hand, which are wanted soon: one git process for all.
        new = [
            commit
            for commit in dict.fromkeys([*self._records, *commits])
            if commit not in self._bulk
        ]
        notes = read_notes(self.repository, BULK, new)
        for commit in new:
            text = notes.get(commit, "")
            self._bulk[commit] = set(text.splitlines())
            for content in read_contents(text, Kind.ENVIRONMENT):
                if isinstance(condition := content.get("condition"), str):
                    self._known.setdefault(condition, content)

    def _one(
        self, label: str, commit: str, seed: int, conditions: Sequence[str] | None
    ) -> tuple[Job, RunResult] | None:
        """Run one seed unless somebody has done so meanwhile; returns it where it failed."""
        with self._claimed(label, commit, seed) as claim:
            # Fail fast: after a failure, what has not begun does not begin.
            if self._stop.is_set() or self._failed.is_set():
                return None
            # Read anew: whoever held the claim before may have run this very seed.
            text = read_notes(self.repository, RUNS, [commit]).get(commit, "")
            if first_good(self._parsed(text, commit), [seed], self.metric, conditions):
                return None
            attempts = [record.attempt for record in parse_records(text) if record.seed == seed]
            attempt = 1 + max(attempts, default=0)
            folder = self.repository.local / "runs" / commit[:12] / f"{seed}-{attempt}"
            while folder.exists():
                # An interrupted attempt left its folder, which is somebody's evidence.
                attempt += 1
                folder = folder.with_name(f"{seed}-{attempt}")
            why = self._why if commit == self._experiment else ""
            job = Job(commit, seed, attempt, self.metric, folder, why)
            self.watcher.started(label, job)
            done = None
            try:
                done = run_job(
                    self.repository, self.project.prefix, self.settings, job,
                    keeper=self._keeper, stop=self._stop, condition=self._condition, hold=(claim,),
                )  # fmt: skip
                if not done.record.ok:
                    self._failed.set()
                self._store(commit, done)
            except Interrupted:
                return None
            except StoreBusy:
                self._failed.set()
                raise
            finally:
                self.watcher.finished(label, job, done.record if done is not None else None)
            if done.warning and commit not in self._warned:
                self._warned.add(commit)  # the same script says the same of every seed
                self.watcher.said(f"{label}, seed {seed}: {done.warning}")
            return None if done.record.ok else (job, done)

    def _condition(self, described: dict[str, Any]) -> str:
        with self._lock:
            name = condition_of(described, self._known)
            self._known.setdefault(name, described)
            if self.here is not None and name not in self.here:
                self.here.append(name)
            return name

    def _store(self, commit: str, done: RunResult) -> None:
        with self._lock:
            self.ran += 1
            known = self._bulk[commit]
            bulk = [line for content in done.bulk if (line := canonical(content)) not in known]
            # In one step: a record that is stored always finds the line it cites.
            write(
                self.repository,
                [
                    Intent(BULK, commit, tuple(bulk)),
                    Intent(RUNS, commit, (done.record.line(),)),
                    Intent(LOGS, commit, (canonical(done.log),)),
                ],
            )
            known.update(bulk)

    @contextlib.contextmanager
    def _claimed(self, label: str, commit: str, seed: int) -> Iterator[int]:
        """Keep every other gitexp of this clone from running the same seed meanwhile."""
        path = self.repository.local / "claims" / f"{commit}-{seed}.lock"
        told = False
        while True:
            with locked(path, wait=False) as claim:
                if claim is not None or self._stop.is_set() or self._failed.is_set():
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
            # What is inert here may well alter another project's runs.
            lines = [
                line
                for line in dict.fromkeys(lines)
                if line not in known
                and all(r.project == self.project.folder for r in parse_records(line))
            ]
            if lines:
                append_lines(self.repository, ref, {commit: lines})
        self.read(commit)


def _demand_unit(criterion: Criterion, outcomes: Outcomes, reported: float) -> None:
    """Refuse a score that its own examples do not give, such as one in percent of theirs.

    Raises:
        NotReady: they differ by more than rounding.
    """
    from gitexp.statistics.recompute import recompute  # scikit-learn

    told = recompute(criterion.metric, outcomes) if outcomes.complete else None
    if told is not None and not math.isclose(told, reported, rel_tol=_SAME_UNIT, abs_tol=1e-9):
        raise NotReady(
            f"{criterion.metric} was reported as {reported:g}, and the predictions give {told:g}",
            "report the metric that the predictions give; or take `predictions` out of the"
            " settings, and scores are judged",
        )


def weigh_examples(
    criterion: Criterion, baseline: Sequence[Outcomes], candidate: Sequence[Outcomes]
) -> tuple[float, int]:
    """Compute what having tested just these examples adds to a mean difference, and their number.

    Raises:
        NotReady: they do not tell.
    """
    from gitexp.statistics.examples import example_variance  # NumPy

    alone = criterion.scale is Scale.CONSTANT
    try:
        return example_variance(
            criterion.metric, None if alone else baseline, candidate,
            percent=criterion.scale is Scale.PERCENT,
        )  # fmt: skip
    except ValueError as error:
        raise NotReady(
            f"the examples tell nothing: {error}",
            "the runs are kept; registered anew without `predictions` in the settings, scores are"
            " judged",
        ) from None


def _moved_words(then: dict[str, Any], now: dict[str, Any]) -> str:
    return f"the environment has moved ({', '.join(moved(then, now)) or 'unknown'})"


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())
