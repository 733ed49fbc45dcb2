"""Make one run that another machine asked for, and send it to the remote.

Whoever asks has checked the experiment and approved what runs. The commit's id pins all of it; what
the task says beside the id is checked again here, so that a task from elsewhere runs nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gitexp.engine.condition import changes_between
from gitexp.engine.devices.giver import nap_of
from gitexp.engine.engine import Came, Order
from gitexp.engine.host_clone import REMOTE, beside_tree, open_host_clone, update
from gitexp.engine.machine import machine
from gitexp.engine.pool import Pool
from gitexp.engine.present import present_environment
from gitexp.errors import NotReady
from gitexp.lab.driving import run_maker
from gitexp.lab.gate import check_refs
from gitexp.lab.gate.checked import Uncheckable
from gitexp.lab.project import Project, settings_at
from gitexp.lab.scheduler import how_stopped
from gitexp.lab.sending import SendingLedger, keep_killed, send_waiting
from gitexp.lab.sharing.incoming import merge_results
from gitexp.lab.unended import end_all_unended
from gitexp.rules.documents.code_commit import is_code_commit
from gitexp.store.experiments import read_commits
from gitexp.store.notes import read_notes
from gitexp.store.refs import HEADS, RUNS
from gitexp.store.shared_runs import read_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitexp.engine.engine import Made, Slot
    from gitexp.lab.run_maker import RunMaker
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.task import Task
    from gitexp.store.repository import Repository

_REACTION = 0.5  # seconds between looks at whether it is to stop
_NAP = 1.0  # seconds between looks at a run that another worker of this machine makes


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of a task: the record that the remote has now; `ran` if this worker made it."""

    ran: bool
    record: Record | None


@dataclass(frozen=True, slots=True)
class _Admitted:
    """What a task may run: the project as its own baseline commit declares it.

    `experiment` is empty for a commit of the baseline.
    """

    project: Project
    base: str
    experiment: str


def work(task: Task, watcher: Watcher, stop: Slot) -> Worked:
    """Make the run of a task, unless it is on record, and send it; `stop` ends it early.

    Raises:
        Refused: the gate refuses the experiment, or the remote refuses its run.
        NotReady: the task asks for what was not approved, or cannot be run or sent from here.
        StoreBusy: the disk is full.
    """
    clone = _up_to_date(task, watcher.said)
    if (known := on_record(clone, task)) is not None:
        return Worked(ran=False, record=known)
    admitted = _admit(clone, task)
    ledger = SendingLedger(
        admitted.project, admitted.project.settings, task.metric, watcher.said,
        experiment=admitted.experiment, code=task.code,
    )  # fmt: skip
    commits = [one for one in (admitted.base, admitted.experiment, task.code) if one]
    ledger.read(*commits)
    ledger.read_environments(*commits)
    ledger.least = task.attempt
    _demand_condition(task, ledger)
    try:
        made = _make(task, ledger, watcher, stop)
    finally:
        send_waiting(clone, REMOTE, watcher.said)
    ran = made.came is Came.RAN and made.result is not None
    record = made.result.record if made.result is not None else on_record(clone, task)
    return Worked(ran, record)


def _up_to_date(task: Task, said: Callable[[str], None]) -> Repository:
    """The clone of the task's remote on this machine, with all that is on record there.

    What waits here, and how attempts ended that were killed here, is sent before anything runs.
    """
    clone = open_host_clone(task)
    end_all_unended(clone)
    theirs = update(clone, task)
    folded = read_runs(clone, theirs.runs)
    merged = merge_results(clone, theirs.notes, folded.lines, logs=False)
    keep_killed(clone, merged[RUNS].went)
    send_waiting(clone, REMOTE, said)
    return clone


def on_record(clone: Repository, task: Task) -> Record | None:
    """The record that answers a task in a condition that it asks for, or that failed."""
    text = read_notes(clone, RUNS, [task.commit]).get(task.commit, "")
    return next(
        (
            record
            for record in task.answers(text)
            if not task.conditions or not record.ok or record.condition in task.conditions
        ),
        None,
    )


def _admit(clone: Repository, task: Task) -> _Admitted:
    """Let a commit run if it is an experiment that the gate lets through, or of the baseline.

    Raises:
        Refused: the gate refuses the experiment.
        NotReady: it is neither, or other settings or code were approved than it brings.
    """
    prefix = f"{task.project}/" if task.project else ""
    tip = clone.git.resolve(f"refs/heads/{task.baseline}") or ""
    if clone.git.resolve(task.commit) is None:
        raise NotReady(
            f"the remote does not have the commit {task.commit[:10]}",
            "share it where you submitted this: gitexp sync",
        )
    seen = beside_tree(clone, task.tree)
    if clone.git.succeeds("merge-base", "--is-ancestor", task.commit, tip):
        base, experiment = task.commit, ""
    elif below := _baseline_below(clone, task.commit, tip):
        _demand_code(task.commit[:10], task.commit, task)
        base, experiment = below, ""
    else:
        return _admit_experiment(clone, seen, task)
    path, settings = settings_at(clone, base, prefix)
    _demand_approved(settings.digest, task)
    return _Admitted(Project(seen, prefix, task.baseline, base, path, settings), base, experiment)


def _admit_experiment(clone: Repository, seen: Repository, task: Task) -> _Admitted:
    branches = clone.branches([HEADS])
    ref = next((ref for ref, commit in branches.items() if commit == task.commit), "")
    if not ref:
        raise NotReady(
            f"{task.commit[:10]} is neither on {task.baseline} nor an experiment of the remote",
            "share it where you submitted this: gitexp sync",
        )
    [report] = check_refs(clone, [(ref, task.commit)])
    if isinstance(report, Uncheckable):
        raise report.error
    report.demand()
    _demand_approved(report.settings.digest, task)
    _demand_code(f"exp/{report.name}", report.code, task)
    project = report.project
    here = Project(
        seen, project.prefix, project.baseline, report.base, project.settings_path, report.settings
    )
    return _Admitted(here, report.base, task.commit)


def _baseline_below(clone: Repository, commit: str, tip: str) -> str:
    """Baseline commit that a code commit stands on; empty if this is not a code commit."""
    [entry] = read_commits(clone, [("", commit)])
    if not is_code_commit(entry.message) or len(entry.parents) != 1:
        return ""
    [below] = entry.parents
    return below if clone.git.succeeds("merge-base", "--is-ancestor", below, tip) else ""


def _demand_code(name: str, code: str, task: Task) -> None:
    if code != task.code:
        raise NotReady(
            f"{name} brings code ({code[:10] or 'none'}) that whoever asked for this run has not"
            f" approved ({task.code[:10] or 'none'})"
        )


def _demand_approved(digest: str, task: Task) -> None:
    if digest != task.settings:
        raise NotReady(
            f"the settings of {task.commit[:10]} are not those that were approved where this run"
            f" was submitted ({digest[:10]}, not {task.settings[:10]}), so nothing is run",
            "look at them there, and approve them: gitexp trust",
        )


def _demand_condition(task: Task, ledger: SendingLedger) -> None:
    """Run nothing that could not be paired, as far as that can be known before it has run.

    Raises:
        NotReady: this machine differs from the condition that the task needs.
    """
    settings, project = ledger.settings, ledger.project
    here = [str(name) for name in cast("list[object]", machine()["gpus"])]
    for name in task.beside:
        there = ledger.environment(name).get("accelerators") or []
        if not {*there} <= {*here}:
            raise NotReady(
                f"its partner ran on {', '.join(there)}, and this machine has"
                f" {', '.join(here) or 'no accelerator'}: the two runs of a pair need the same",
                "let the settings ask for one kind of accelerator",
            )
    known = {name: ledger.environment(name) for name in task.conditions}
    known = {name: one for name, one in known.items() if one}
    if not known:
        return
    now = present_environment(
        ledger.repository, project.prefix, settings, task.threads, known.values()
    )
    if now is None:
        return
    now["data"] = {}  # the run itself finds out
    changes = [changes_between(one, now) for one in known.values()]
    if all(changes):
        raise NotReady(
            f"this machine differs from where its partner ran: {', '.join(changes[-1])}",
            "the two runs of a pair share their condition: make the environments the same",
        )


def _make(task: Task, ledger: SendingLedger, watcher: Watcher, stop: Slot) -> Made:
    """Make the run in a thread, as any run is made, so that a signal can stop it well."""
    order = Order(
        ledger.project.prefix, task.commit, task.seed, task.commit[:10], task.metric,
        task.threads, task.purpose, task.conditions or None, share=task.share,
    )  # fmt: skip
    with run_maker(ledger.repository, watcher) as maker:

        def make(order: Order, slot: Slot) -> Made:
            return _when_possible(task, ledger, maker, order, slot)

        with Pool(1, make) as pool:
            pool.submit(order)
            try:
                while not (ended := pool.poll(_REACTION)):
                    if stop.is_set():
                        pool.cancel(order, stop.how)
            except BaseException as error:
                pool.stop_all(how_stopped(error))
                raise
    [done] = ended
    if done.error is not None:
        raise done.error
    assert done.made is not None  # noqa: S101 - it ended without an error
    return done.made


def _when_possible(
    task: Task, ledger: SendingLedger, maker: RunMaker, order: Order, slot: Slot
) -> Made:
    """Make the run once a device is free; where another worker here makes it, wait for that one."""
    while True:
        made = maker.make(order, ledger, slot, "", lambda _: lambda _: None)
        if made.came is Came.BUSY:
            nap = _NAP
        elif made.came is Came.NO_DEVICE:
            nap = nap_of(ledger.settings)
        else:
            return made
        if slot.wait(nap) or on_record(ledger.repository, task) is not None:
            return made
