"""What a worker may run: commits that somebody approved, where they could be paired."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from gitexp.engine.clock import now
from gitexp.engine.condition import changes_between
from gitexp.engine.host_clone import beside_tree
from gitexp.engine.machine import machine
from gitexp.engine.present import present_environment
from gitexp.errors import NotReady
from gitexp.lab.gate import check_refs
from gitexp.lab.gate.checked import Uncheckable
from gitexp.lab.projects.project import Project, settings_at
from gitexp.rules.documents.code_commit import is_code_commit
from gitexp.rules.documents.record import SKEW
from gitexp.rules.text import duration
from gitexp.store.experiments import read_commits, timestamp
from gitexp.store.refs import HEADS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.task import Task


@dataclass(frozen=True, slots=True)
class Commissioned:
    """What a task may run: the project as its own baseline commit declares it.

    `experiment` is empty for a commit of the baseline, unless that is run for an experiment alone,
    whose pairs are `interleaved`.
    """

    project: Project
    base: str
    experiment: str
    interleaved: bool = False


def admit_task(clone: Repository, task: Task) -> Commissioned:
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
    if task.experiment:
        pair = _admit_experiment(clone, seen, replace(task, commit=task.experiment))
        others = {part.commit for part in task.parts} - {pair.experiment}
        if not pair.interleaved or others != {pair.base}:
            raise NotReady(
                f"{', '.join(other[:10] for other in others)} and {pair.experiment[:10]} are not a"
                " baseline and an experiment whose runs follow each other"
            )
        return pair
    if clone.git.succeeds("merge-base", "--is-ancestor", task.commit, tip):
        base, experiment = task.commit, ""
    elif below := _baseline_below(clone, task.commit, tip):
        _demand_code(task.commit[:10], task.commit, task)
        base, experiment = below, ""
    else:
        return _admit_experiment(clone, seen, task)
    path, settings = settings_at(clone, base, prefix)
    _demand_approved(settings.digest, task)
    return Commissioned(
        Project(seen, prefix, task.baseline, base, path, settings), base, experiment
    )


def _admit_experiment(clone: Repository, seen: Repository, task: Task) -> Commissioned:
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
    _demand_clock(report.name, report.entry.time)
    project = report.project
    here = Project(
        seen, project.prefix, project.baseline, report.base, project.settings_path, report.settings
    )
    interleaved = report.registration is not None and report.registration.interleaved
    return Commissioned(here, report.base, task.commit, interleaved)


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


def _demand_clock(name: str, registered: str) -> None:
    """Run nothing that would look as if it had been run before it was registered."""
    behind = timestamp(registered) - timestamp(now())
    if behind > SKEW:
        raise NotReady(
            f"by the clock of this machine, exp/{name} will be registered in {duration(behind)}, so"
            " its runs would look as if they had come first",
            "set the clocks of this machine and of the one where it was registered",
        )


def _demand_approved(digest: str, task: Task) -> None:
    if digest != task.settings:
        raise NotReady(
            f"the settings of {task.commit[:10]} are not those that were approved where this run"
            f" was submitted ({digest[:10]}, not {task.settings[:10]}), so nothing is run",
            "look at them there, and approve them: gitexp trust",
        )


def demand_condition(task: Task, ledger: Ledger) -> None:
    """Run nothing that could not be paired, as far as that can be known before it has run.

    Raises:
        NotReady: this machine differs from the condition that the task needs.
    """
    settings, project = ledger.settings, ledger.project
    here = [str(name) for name in cast("list[object]", machine()["gpus"])]
    for name in task.beside:
        there = ledger.environments.of(name).get("accelerators") or []
        if not {*there} <= {*here}:
            raise NotReady(
                f"its partner ran on {', '.join(there)}, and this machine has"
                f" {', '.join(here) or 'no accelerator'}: the two runs of a pair need the same",
                "let the settings ask for one kind of accelerator",
            )
    known = {name: ledger.environments.of(name) for name in task.conditions}
    known = {name: one for name, one in known.items() if one}
    if not known:
        return
    present = present_environment(
        ledger.repository, project.prefix, settings, task.threads, known.values()
    )
    if present is None:
        return
    present["data"] = {}  # the run itself finds out
    changes = [changes_between(one, present) for one in known.values()]
    if all(changes):
        raise NotReady(
            f"this machine differs from where its partner ran: {', '.join(changes[-1])}",
            "the two runs of a pair share their condition: make the environments the same",
        )
