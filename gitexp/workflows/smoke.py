"""Run an experiment on a part of the data and nothing else: does it work at all?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.code_trust import demand_code_trust
from gitexp.lab.gate import check
from gitexp.lab.ledger import Ledger
from gitexp.lab.small_first import small_first
from gitexp.lab.trust import demand_trust
from gitexp.store.note_writing import store_aside

if TYPE_CHECKING:
    from gitexp.lab.project import Project
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.record import Record


@dataclass(frozen=True, slots=True)
class Smoke:
    """An experiment's runs on parts of the data, the smallest first."""

    name: str
    commit: str
    metric: str
    records: tuple[Record, ...]


def smoke(project: Project, name: str | None, *, watcher: Watcher) -> Smoke:
    """Run an experiment on the samples that the settings of its baseline commit name.

    Raises:
        Refused: the gate refuses it; nothing was executed.
        NotReady: the settings name no sample, or they or the code are not approved in this clone.
        CommandFailed: a run failed; it is on record.
    """
    here = project
    report = check(here.repository, name)
    report.demand()
    project = report.project
    assert report.registration is not None  # noqa: S101 - the gate found nothing wrong
    if not report.settings.sample:
        raise NotReady(
            f"exp/{report.name} runs with settings that have no sample",
            "set sample = 0.1 in the settings on the baseline branch, and let the command use"
            " {sample}, GITEXP_SAMPLE or gitexp.sample(); an experiment runs with the settings of"
            " its own baseline commit",
        )
    demand_trust(project, here, report.name, report.base)
    demand_code_trust(report)
    metric, commit = report.registration.criterion.metric, report.entry.commit
    ledger = Ledger(project, report.settings, metric, watcher.said, experiment=commit)
    store_aside(project.repository)
    ledger.read(report.base, commit)
    label = f"exp/{report.name}"
    ran = small_first(ledger, label, report.base, commit, watcher)
    return Smoke(report.name, commit, metric, tuple(ran))
