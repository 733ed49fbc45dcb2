"""Run an experiment on a part of the data and nothing else: does it work at all?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.gate import check
from gitexp.lab.measuring.admitted import Admitted, admit, demand_ready, read_ledgers, tools_of
from gitexp.lab.measuring.driving import RunOptions, drive, run_maker
from gitexp.lab.measuring.smoke_session import SmokeSession
from gitexp.lab.projects.project import Project

if TYPE_CHECKING:
    from gitexp.lab.workers.remote_cluster import RemoteCluster
    from gitexp.rules.documents.record import Record


@dataclass(frozen=True, slots=True)
class Smoke:
    """An experiment's runs on parts of the data, the smallest first."""

    name: str
    commit: str
    metric: str
    records: tuple[Record, ...]


def smoke(project: Project, name: str | None, options: RunOptions) -> Smoke:
    """Run an experiment on the samples that the settings of its baseline commit name, one by one.

    Raises:
        Refused: the gate refuses it; nothing was executed.
        NotReady: the settings name no sample, or they or the code are not approved in this clone.
        CommandFailed: a run failed; it is on record.
    """
    found = demand_smokable(project, name, options.on)
    report = found.report
    with run_maker(report.project.repository, options) as maker:
        ledgers = read_ledgers([found], options.watcher.said, in_pairs=False)
        [tools] = tools_of([found], ledgers, maker, 1, options)
        session = SmokeSession(tools, report.settings.sample)
        drive(report.project.repository, [session], options)
    if session.error is not None:
        raise session.error
    metric = found.registration.criterion.metric
    return Smoke(report.name, report.entry.commit, metric, tuple(session.records))


def demand_smokable(project: Project, name: str | None, on: RemoteCluster | None) -> Admitted:
    """Make the checks of `smoke` and run nothing.

    Raises:
        Refused: the gate refuses it.
        NotReady: the settings name no sample, or they or the code are not approved in this clone;
            or the remote of other machines is not ready.
    """
    found = admit(project, check(project.repository, name))
    report = found.report
    if not report.settings.sample:
        raise NotReady(
            f"exp/{report.name} runs with settings that have no sample",
            "set sample = 0.1 in the settings on the baseline branch, and let the command use"
            " {sample}, GITEXP_SAMPLE or gitexp.sample(); an experiment runs with the settings of"
            " its own baseline commit",
        )
    if on is not None:
        demand_ready(on, [found])
    return found
