"""One run on this machine: a checkout, the command, and a record of what happened."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitexp.engine.checkout import Checkout
    from gitexp.engine.job import Conduct
    from gitexp.engine.launch import Launch
    from gitexp.engine.loaded import Loaded
    from gitexp.engine.outcome import Reported
    from gitexp.engine.process import Finished
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository

_DATA = "data.json"  # hashes of data files, remembered in this clone


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


class _Prepared(NamedTuple):
    """A run before its command starts: where its project is, and what its links lead to.

    `hashed` are the parameters without secrets; `probe` is the folder that its processes report to.
    """

    root: Path
    place: Path
    linked: tuple[Path, ...]
    parameters: dict[str, Any]
    hashed: dict[str, object]
    launch: Launch
    probe: Path


class _Ended(NamedTuple):
    """A run whose command has ended: when that began, and the hashes of its data from before."""

    finished: Finished
    start: str
    since: float  # seconds since 1970
    data: dict[str, str]
    watch: Watch


def _run_job(
    repository: Repository, prefix: str, settings: Settings, job: Job, conduct: Conduct
) -> RunResult:
    with take_checkout(repository, job.commit) as checkout:
        run = _prepare(repository, prefix, settings, job, checkout)
        held = conduct._replace(hold=(checkout.lock, *conduct.hold))
        ended = _carry_out(repository, settings, job, held, run)
        loaded = read_probe(
            run.probe, checkout=run.root, forbidden=(*user_trees(repository), run.root.parent),
            linked=run.linked, since=ended.since,
        )  # fmt: skip
        reported = _read_reported(repository, settings, job, run, ended, loaded)
        unkept = keep_files(run.root, run.place, job.folder, settings.keep)
        places = (run.root, *run.linked)
        environment = describe(
            repository, prefix, settings, loaded, run.launch, places, ended.since
        )
    environment |= {"data": ended.data}
    if reported.source:
        environment["sources"] = {job.metric: reported.source}
    environment["condition"] = conduct.condition(environment)
    folder = str(job.folder.relative_to(repository.local))
    record = make_record(job, prefix, folder, environment, ended.start, ended.finished, reported)
    record, surplus = shorten(record, job.metric)
    parameters = stamped(Kind.PARAMETERS, {"values": run.hashed})
    bulk = [environment, parameters, *surplus, *_bulk_lines(job, record, reported, run)]
    shutil.rmtree(run.probe, ignore_errors=True)
    warning = (
        reported.warning
        or unkept
        or checkout.warning
        or _about_inert(environment)
        or (ended.watch.rules.unused() if job.sample == 1 and not reported.failure else "")
    )
    log = log_line(job, record.condition, run.launch.variables | run.parameters)
    last = last_lines(job.folder) if record.failure else ""
    return RunResult(record, tuple(bulk), log, last, warning)


def _prepare(
    repository: Repository, prefix: str, settings: Settings, job: Job, checkout: Checkout
) -> _Prepared:
    """Make a checkout ready for a run, and find out how to start it."""
    root, place, probe = checkout.path, checkout.path / prefix, job.folder / "probe"
    sources = [tree / prefix for tree in user_trees(repository)]
    linked = link_inputs(root, place, sources, settings.link)
    remove_results(root, place, settings)
    parameters = write_seed(place, settings, job.seed)
    # Before the run: a clone's salt that cannot be made should not cost hours of training.
    hashed = hash_secrets(parameters, salt(repository.local))
    launch = prepare_launch(repository, prefix, settings, job, checkout, probe)
    return _Prepared(root, place, linked, parameters, hashed, launch, probe)


def _carry_out(
    repository: Repository, settings: Settings, job: Job, conduct: Conduct, run: _Prepared
) -> _Ended:
    """Run the command when it is its turn.

    Raises:
        Interrupted: it was told to stop before the command ended.
    """
    watched = [*settings.data, *settings.link]
    outputs = [job.folder / name for name in ("stdout.log", "stderr.log")]
    with conduct.turn:
        data = fingerprint(run.place, watched, repository.local / _DATA)
        if conduct.stop.is_set():
            raise Interrupted
        make_folder(run.probe)  # not sooner: a folder counts as an attempt
        start = now()
        conduct.begin(start)
        since = time.time()
        watch = Watch(settings, job.folder)
        finished = execute(
            run.launch.words,
            cwd=run.place,
            env=run.launch.variables,
            stdout=outputs[0],
            stderr=outputs[1],
            watchdog=conduct.watchdog,
            timeout=settings.timeout,
            watch=watch,
            stop=conduct.stop,
            hold_fds=conduct.hold,
        )
        for path in outputs:
            share(path)
        if finished.interrupted or _ends_with_its_job(finished, conduct.stop):
            raise Interrupted(finished.duration)
    halted = finished.halted or watch.last_look()
    return _Ended(finished._replace(halted=halted), start, since, data, watch)


def _read_reported(
    repository: Repository,
    settings: Settings,
    job: Job,
    run: _Prepared,
    ended: _Ended,
    loaded: Loaded,
) -> Reported:
    """What a run reported; it counts as failed, too, where its data changed meanwhile."""
    reported = read_reported(settings, job, ended.finished, loaded, run.root, run.place)
    # It may quote a line of the output, and it is shared.
    failure = hide_secrets(reported.failure, run.launch.variables | run.parameters)
    if not failure and ended.data != fingerprint(run.place, ended.data, repository.local / _DATA):
        said = "R2: declared data changed while it ran"
        return reported._replace(failure=said, ended=Ended.RULE)
    return reported._replace(failure=failure)


def _bulk_lines(
    job: Job, record: Record, reported: Reported, run: _Prepared
) -> Iterator[dict[str, Any]]:
    """What is stored of a run beside its record: files, series, outcomes."""
    of: dict[str, Any] = {"seed": job.seed, "attempt": job.attempt, "condition": record.condition}
    yield from artifact_lines(job.folder / ARTIFACTS, of, (run.place, run.root, job.folder))
    yield from series_lines(of, read_curves(job.folder / LOGGED), job.metric)
    if reported.outcomes:
        yield outcomes_line(reported.outcomes, **of)


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
