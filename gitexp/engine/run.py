"""One run on this machine: a checkout, the command, and a record of what happened."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

from gitexp.engine.checkout import take_checkout
from gitexp.engine.clock import now
from gitexp.engine.data import fingerprint
from gitexp.engine.host import scheduler
from gitexp.engine.inputs import write_seed
from gitexp.engine.job import Interrupted, Job, RunResult
from gitexp.engine.launch import ARTIFACTS, prepare_launch, user_trees
from gitexp.engine.links import link_inputs
from gitexp.engine.loaded import read_probe
from gitexp.engine.masking import hash_secrets, hide_secrets
from gitexp.engine.metrics import LOGGED
from gitexp.engine.outcome import read_reported
from gitexp.engine.output import artifact_lines, last_lines, log_line, read_curves
from gitexp.engine.process import GRACE, execute
from gitexp.engine.record import describe, make_record, shorten
from gitexp.engine.results import keep_files, remove_results
from gitexp.engine.watch import Watch
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import stamped
from gitexp.rules.documents.outcomes import outcomes_line
from gitexp.rules.documents.series import series_lines
from gitexp.store.local import locked, make_folder, salt, share

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from pathlib import Path

    from gitexp.engine.job import Conduct
    from gitexp.engine.process import Finished
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository


def run_job(
    repository: Repository, prefix: str, settings: Settings, job: Job, conduct: Conduct
) -> RunResult:
    """Run the training command once in its own checkout, and lock the job's folder meanwhile.

    Raises:
        Interrupted: it was told to stop before the command ended.
        NotReady: the checkout could not be prepared.
    """
    busy = busy_lock(job.folder)
    with locked(busy) as lock:
        assert lock is not None  # noqa: S101 - we waited for it
        try:
            held = conduct._replace(hold=(*conduct.hold, lock))
            return _run_job(repository, prefix, settings, job, held)
        finally:
            busy.unlink(missing_ok=True)


def busy_lock(folder: Path) -> Path:
    """Lock that a run holds as long as something may be written to its folder."""
    return folder.with_name(f"{folder.name}.lock")


def _run_job(
    repository: Repository, prefix: str, settings: Settings, job: Job, conduct: Conduct
) -> RunResult:
    probe = job.folder / "probe"
    trees = user_trees(repository)
    with take_checkout(repository, job.commit) as checkout:
        root, place = checkout.path, checkout.path / prefix
        linked = link_inputs(root, place, [tree / prefix for tree in trees], settings.link)
        remove_results(root, place, settings)
        parameters = write_seed(place, settings, job.seed)
        # Before the run: a clone's salt that cannot be made should not cost hours of training.
        hashed = hash_secrets(parameters, salt(repository.local))
        launch = prepare_launch(repository, prefix, settings, job, checkout, probe)
        cache = repository.local / "data.json"
        with conduct.turn:
            data = fingerprint(place, [*settings.data, *settings.link], cache)
            if conduct.stop.is_set():
                raise Interrupted
            make_folder(probe)  # not sooner: a folder counts as an attempt
            start = now()
            conduct.begin(start)
            since = time.time()
            watch = Watch(settings, job.folder)
            finished = execute(
                launch.words,
                cwd=place,
                env=launch.variables,
                stdout=job.folder / "stdout.log",
                stderr=job.folder / "stderr.log",
                watchdog=conduct.watchdog,
                timeout=settings.timeout,
                watch=watch,
                stop=conduct.stop,
                hold_fds=(checkout.lock, *conduct.hold),
            )
            for name in ("stdout.log", "stderr.log"):
                share(job.folder / name)
            if finished.interrupted or _ends_with_its_job(finished, conduct.stop):
                raise Interrupted(finished.duration)
        finished = finished._replace(halted=finished.halted or watch.last_look())
        loaded = read_probe(
            probe, checkout=root, forbidden=(*trees, root.parent), linked=linked, since=since
        )
        reported = read_reported(settings, job, finished, loaded, root, place)
        # It may quote a line of the output, and it is shared.
        failure = hide_secrets(reported.failure, launch.variables | parameters)
        reported = reported._replace(failure=failure)
        if not reported.failure and data != fingerprint(place, data, cache):
            said = "R2: declared data changed while it ran"
            reported = reported._replace(failure=said, ended=Ended.RULE)
        unkept = keep_files(root, place, job.folder, settings.keep)
        environment = describe(repository, prefix, settings, loaded, launch, (root, *linked), since)
        environment |= {"data": data}
        if reported.source:
            environment["sources"] = {job.metric: reported.source}
    environment["condition"] = conduct.condition(environment)
    folder = str(job.folder.relative_to(repository.local))
    record = make_record(job, prefix, folder, environment, start, finished, reported)
    record, surplus = shorten(record, job.metric)
    run: dict[str, Any] = {"seed": job.seed, "attempt": job.attempt, "condition": record.condition}
    made = artifact_lines(job.folder / ARTIFACTS, run, (place, root, job.folder))
    series = series_lines(run, read_curves(job.folder / LOGGED), job.metric)
    bulk = [environment, stamped(Kind.PARAMETERS, {"values": hashed}), *surplus, *made, *series]
    if reported.outcomes:
        bulk.append(outcomes_line(reported.outcomes, **run))
    shutil.rmtree(probe, ignore_errors=True)
    last = last_lines(job.folder) if record.failure else ""
    log = log_line(job, record.condition, launch.variables | parameters)
    warning = (
        reported.warning
        or unkept
        or checkout.warning
        or _about_inert(environment)
        or (watch.rules.unused() if job.sample == 1 and not reported.failure else "")
    )
    return RunResult(record, tuple(bulk), log, last, warning)


def _about_inert(environment: Mapping[str, Any]) -> str:
    files = environment.get("inert")
    if not files:
        return ""
    return (
        f"E1: it loaded {', '.join(files[:5])}, which `inert` in the settings calls without effect;"
        " take it out there"
    )


def _ends_with_its_job(finished: Finished, stop: threading.Event) -> bool:
    """Whether a scheduler ends gitexp, too: its signal reaches every process, in any order."""
    return finished.exit_code == -signal.SIGTERM and bool(scheduler()) and stop.wait(GRACE)
