"""Runs the seeds that have no usable record yet, several at once, and stores each as it ends."""

from __future__ import annotations

import contextlib
import os
import shlex
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Self

from gitexp.engine.host import boot_id, clone_id, host_id, scheduler
from gitexp.engine.job import Interrupted, Job, RunResult
from gitexp.engine.threads import about_threads, share_of_cores
from gitexp.engine.watchdog import Watchdog
from gitexp.errors import CommandFailed, GitexpError, NotReady, StoreBusy, Terminated
from gitexp.lab.agreed_threads import agree_on_threads
from gitexp.lab.claims import claim_of
from gitexp.lab.missing_inputs import about_environment, link_hint, named_in
from gitexp.lab.running import free_folder, run_watched
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.start import Start
from gitexp.rules.text import duration
from gitexp.rules.verdict.attempts import MOST_FAILURES, given_up
from gitexp.store.archive import tidy
from gitexp.store.local import locked
from gitexp.store.note_writing import store_aside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitexp.lab.ledger import Ledger
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.record import Record

LONG = 30 * 60  # seconds of runs that are not started without asking
_NAP = 0.2  # seconds between looks at a claim that another gitexp holds


class Bench:
    """Where runs happen: at most `jobs` at once, and each seed in one gitexp at a time.

    `here` are the conditions that hold today, None while they are not known.
    """

    def __init__(self, ledger: Ledger, jobs: int, watcher: Watcher) -> None:
        self.ledger, self.jobs, self.watcher = ledger, jobs, watcher
        self.here: list[str] | None = None
        self._watchdog = Watchdog()
        self._stop = threading.Event()
        self._stopped: Ended | None = Ended.FREED  # how those end that are stopped, once they are
        self._failed = threading.Event()
        self._batch = os.urandom(6).hex()
        self._lock = threading.Lock()
        self._threads: int | None = None
        self._warned: set[str] = set()  # commits whose odd runs were mentioned

    def __enter__(self) -> Self:
        # Before anything runs: hours of training would be lost if nothing could be stored.
        store_aside(self.ledger.repository)
        self._watchdog.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._watchdog.__exit__(*error)
        tidy(self.ledger.repository)

    def threads(self) -> int:
        """How many threads each run computes with; found out once, from the baseline's records."""
        if self._threads is None:
            fixed = self.ledger.settings.threads or self.ledger.threads()
            self._threads = fixed or agree_on_threads(
                self.ledger.repository, self.ledger.project.prefix, share_of_cores(self.jobs)
            )
            if said := about_threads(self._threads, self.jobs, fixed=bool(fixed)):
                self.watcher.said(said)
        return self._threads

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

        With `ask`, a long batch is only started if somebody agrees.

        Raises:
            NotReady: nobody agreed.
            CommandFailed: the first run that failed; runs that were going on have ended too.
            StoreBusy: a run could not be stored; it is kept aside.
        """
        seeds = list(seeds)
        good = self.ledger.good(commit, seeds, conditions)
        missing = [seed for seed in seeds if seed not in good]
        if not missing:
            return
        self.ledger.read_environments(commit)
        self.threads()
        self._announce(label, commit, len(missing), ask=ask)
        failed = self._run_all(label, commit, missing, conditions)
        self.ledger.read_again()
        if failed:
            raise self._failure(label, *failed[0])

    def repeat(self, label: str, commit: str, seed: int) -> Record:
        """Run a seed again that has a record, to see whether it gives its score again.

        Raises:
            CommandFailed: the run failed.
            StoreBusy: the run could not be stored; it is kept aside.
        """
        self.ledger.read_environments(commit)
        self._failed.clear()
        with ThreadPoolExecutor(1, thread_name_prefix="gitexp-run") as pool:
            try:
                job, result = pool.submit(self._repeat, label, commit, seed).result()
            except BaseException as error:
                self._stopped = _how_stopped(error)
                self._stop.set()
                raise
        if not result.record.ok:
            raise self._failure(label, job, result)
        return result.record

    def _repeat(self, label: str, commit: str, seed: int) -> tuple[Job, RunResult]:
        with self._claimed(label, commit, seed) as claim:
            job = self._job(commit, seed, self.ledger.attempt(commit, seed, []), Purpose.CANARY)
            result = self._attempt(label, job, claim)
        if result is None:
            raise Interrupted
        return job, result

    def _say_aborted(self, commit: str) -> None:
        """Say what a Ctrl-C means for an experiment, so that nobody fears one."""
        ledger = self.ledger
        counts = commit == ledger.experiment and not ledger.why and ledger.settings.rules > 1
        if counts and self._stopped is Ended.ABORT:
            self.watcher.said(
                "the aborted runs are on record as one failure, which alone changes nothing; the"
                " same command goes on"
            )

    def _failure(self, label: str, job: Job, result: RunResult) -> CommandFailed:
        return CommandFailed(
            f"{label}, seed {job.seed}: {result.record.failure}{result.quoted}",
            self._next_steps(job, result),
        )

    def _announce(self, label: str, commit: str, count: int, *, ask: bool) -> None:
        """Say how many runs are to be made and how long they will take."""
        took = [record.duration for record in self.ledger.records(commit) if record.ok]
        seconds = sum(took) / len(took) * count / self.jobs if took else 0
        long = duration(seconds)
        cost = f", about {long}" if took else ""
        self.watcher.said(f"{label} ({commit[:8]}): {count} run{'s'[: count > 1]} to do{cost}")
        if ask and seconds > LONG and not self.watcher.agrees(f"Spend {long} on that?"):
            raise NotReady(
                f"the baseline's runs would take about {long}, and nobody agreed to that",
                "the same command with --yes",
            )

    def _run_all(
        self, label: str, commit: str, seeds: Sequence[int], conditions: Sequence[str] | None
    ) -> list[tuple[Job, RunResult]]:
        """Run seeds, `jobs` at once; returns the runs that failed."""
        failed: list[tuple[Job, RunResult]] = []
        unstored: GitexpError | None = None
        self._failed.clear()
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="gitexp-run") as pool:
            try:
                waiting = {pool.submit(self._run, label, commit, s, conditions) for s in seeds}
                while waiting:
                    ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in ended:
                        try:
                            bad = future.result()
                        except StoreBusy as error:
                            # Kept aside. What is running may end, and is kept aside likewise.
                            unstored = error
                        else:
                            failed += [bad] if bad is not None else []
            except BaseException as error:
                self._stopped = _how_stopped(error)
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                self._say_aborted(commit)
                raise
        if unstored is not None:
            raise unstored
        return failed

    def _run(
        self, label: str, commit: str, seed: int, conditions: Sequence[str] | None
    ) -> tuple[Job, RunResult] | None:
        """Run one seed unless another gitexp has run it by now; returns it if it failed."""
        with self._claimed(label, commit, seed) as claim:
            # Fail fast: after a failure, nothing new starts.
            if self._stop.is_set() or self._failed.is_set():
                return None
            attempt = self.ledger.attempt(commit, seed, conditions)
            if not attempt:
                return None
            job = self._job(commit, seed, attempt)
            try:
                result = self._attempt(label, job, claim)
            except StoreBusy:
                self._failed.set()
                raise
            return None if result is None or result.record.ok else (job, result)

    def _job(self, commit: str, seed: int, attempt: int, purpose: Purpose = Purpose.RUN) -> Job:
        ledger = self.ledger
        runs = ledger.repository.local / "runs" / commit[:12]
        folder, attempt = free_folder(runs, str(seed), attempt)
        why = ledger.why if commit == ledger.experiment else ""
        return Job(
            commit, seed, attempt, ledger.metric, folder, why,
            purpose=purpose, threads=self.threads(),
        )  # fmt: skip

    def _attempt(self, label: str, job: Job, claim: int) -> RunResult | None:
        """Run a job and store its start and its end; None if it was stopped."""
        ledger = self.ledger
        started: list[Start] = []

        def begin(time: str) -> None:
            started.append(self._start(job, time))
            ledger.begin(started[0])

        try:
            result = run_watched(
                ledger.repository, ledger.project.prefix, ledger.settings, label, job,
                self.watcher, watchdog=self._watchdog, stop=self._stop,
                condition=self._name_condition, begin=begin, hold=(claim,),
            )  # fmt: skip
        except Interrupted as stopped:
            # Who stops a run that had not begun has seen nothing.
            ended = self._stopped if stopped.seconds else Ended.FREED
            if started and ended is not None:
                ledger.end(started[0].ended_early(ended, stopped.seconds))
            return None
        if not result.record.ok:
            self._failed.set()
        ledger.store(job.commit, result)
        if result.warning and job.commit not in self._warned:
            self._warned.add(job.commit)  # the same script warns about every seed
            self.watcher.said(f"{label}, seed {job.seed}: {result.warning}")
        return result

    def _start(self, job: Job, time: str) -> Start:
        """The line that says that a job begins."""
        repository = self.ledger.repository
        return Start(
            job.commit, job.seed, job.attempt, time,
            host=host_id(), boot=boot_id(), clone=clone_id(repository), batch=self._batch,
            condition=self.here[-1] if self.here else "", scheduler=scheduler(),
            project=self.ledger.project.folder, purpose=job.purpose, explore=job.explore,
        )  # fmt: skip

    def _name_condition(self, described: dict[str, Any]) -> str:
        name = self.ledger.name_condition(described)
        with self._lock:
            if self.here is not None and name not in self.here:
                self.here.append(name)
        return name

    @contextlib.contextmanager
    def _claimed(self, label: str, commit: str, seed: int) -> Iterator[int]:
        """Keep every other gitexp of this clone from running the same seed at the same time."""
        path = claim_of(self.ledger.repository, commit, seed)
        said = False
        while True:
            with locked(path, wait=False) as claim:
                if claim is not None or self._stop.is_set() or self._failed.is_set():
                    yield claim if claim is not None else -1
                    return
            if not said:
                said = True
                self.watcher.said(f"{label}, seed {seed}: another gitexp is running it; waiting")
            time.sleep(_NAP)

    def _way_on(self, job: Job) -> str:
        """What the same command does after a failed run."""
        ledger = self.ledger
        if ledger.settings.rules < 2 or job.commit != ledger.experiment:
            return "the same command tries again; the failed run is recorded"
        if given_up([job.seed], ledger.records(job.commit), ledger.metric):
            return (
                f"seed {job.seed} has failed {MOST_FAILURES} times, which makes the experiment"
                " INCONCLUSIVE; gitexp retest registers its change again"
            )
        return "the same command tries this seed once more; the failed run is recorded"

    def _next_steps(self, job: Job, result: RunResult) -> str:
        """What to do after a failed run, one step a line; commands can be pasted."""
        logs = [shlex.quote(str(job.folder / name)) for name in ("stdout.log", "stderr.log")]
        lines = [
            f"read its whole output: cat {' '.join(logs)}",
            self._way_on(job),
        ]
        metric, settings = self.ledger.metric, self.ledger.settings
        if result.record.failure.startswith("no metric"):
            ways = f"print {metric}=0.93 (93%, 93/100 and 0,93 are not read), or call"
            ways += f" gitexp.log({metric}=0.93)"
            if settings.metrics:
                ways = f"write it to {settings.metrics}, {ways}"
            lines.insert(0, f"let the command report its metric: {ways}")
        if lacking := named_in(self.ledger.repository, result.last_lines):
            again = "; experiments go on with: gitexp retest"
            lines.insert(0, link_hint(lacking) + again)
        if result.record.exit and (hint := about_environment(settings)):
            lines.insert(0, hint)
        if result.record.failure.startswith("R1"):
            lines.insert(0, "import it by a path inside the checkout: an absolute path in sys.path"
                         " or a .pth file leads to your own tree, with its edits; code that git"
                         " ignores (built, generated) belongs in `link`")  # fmt: skip
        return "\n".join(lines)


def _how_stopped(error: BaseException) -> Ended | None:
    """How runs end that are stopped by this; None where the next command can tell better."""
    if isinstance(error, Terminated):
        # The user, or the machine on its way down: then it will have been started again.
        return Ended.SCHEDULER if scheduler() else None
    return Ended.ABORT if isinstance(error, KeyboardInterrupt) else Ended.FREED
