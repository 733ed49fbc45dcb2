"""Experiments that a command may run, their records, and what they are run with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import UsageError
from gitexp.lab.gate.checked import Uncheckable
from gitexp.lab.measuring.bench import Bench
from gitexp.lab.measuring.environments import Shared
from gitexp.lab.measuring.ledger import Ledger, scope_of
from gitexp.lab.measuring.session import SessionTools
from gitexp.lab.measuring.unended import end_unended
from gitexp.lab.measuring.watcher import Prefixed
from gitexp.lab.trust.code_trust import demand_code_trust
from gitexp.lab.trust.trust import demand_trust
from gitexp.rules.documents.code_commit import BASE, CODE
from gitexp.rules.plan.design import improvised
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.lab.gate.checked import Checked
    from gitexp.lab.measuring.driving import RunOptions
    from gitexp.lab.measuring.run_maker import RunMaker
    from gitexp.lab.projects.project import Project
    from gitexp.lab.workers.remote_cluster import RemoteCluster
    from gitexp.rules.documents.registration import Registration


class Admitted(NamedTuple):
    """An experiment that may run."""

    report: Checked
    registration: Registration

    @property
    def baseline(self) -> tuple[str, str]:
        """What experiments share that have one baseline: the project's folder and a commit."""
        return self.report.project.prefix, self.report.base


def admit(here: Project, report: Checked | Uncheckable, explore: str = "") -> Admitted:
    """Let an experiment run, unless a rule refuses it; `explore` says why it may all the same.

    Raises:
        Refused: the gate refuses it.
        UsageError: the gate does not refuse it, and yet it is to be explored.
        NotReady: it has no baseline, or its settings or its code are not approved in this clone.
    """
    if isinstance(report, Uncheckable):
        raise report.error
    if explore:
        registration = _improvised(report)
    else:
        report.demand()
        assert report.registration is not None  # noqa: S101 - the gate found nothing wrong
        registration = report.registration
    demand_trust(report.project, here, report.name, report.base)
    demand_code_trust(report, explored=bool(explore))
    return Admitted(report, registration)


def demand_ready(on: RemoteCluster, admitted: Sequence[Admitted]) -> None:
    """Make sure that other machines can run experiments, before any of them is asked to.

    Raises:
        NotReady: the remote lacks what they stand on, or is not reached.
    """
    on.meeting.demand_ready(sorted({one.report.base for one in admitted}))


def _improvised(report: Checked) -> Registration:
    """What to measure if the gate is skipped: the message's own design, else the settings'.

    Raises:
        UsageError: the gate has nothing against this experiment.
    """
    if report.ok:
        raise UsageError(
            f"exp/{report.name} passes the gate, so you do not need --explore",
            f"gitexp run {report.name}",
        )
    if report.registration is None:
        return improvised(report.settings, report.name, report.entry.message)
    # An exploration claims nothing of its code.
    said = tuple(one for one in report.registration.extra if one[0] not in {CODE, BASE})
    return report.registration._replace(extra=said)


def read_ledgers(
    admitted: Sequence[Admitted],
    said: Callable[[str], None],
    *,
    why: str = "",
    in_pairs: bool = True,
) -> list[Ledger]:
    """Read what is on record for experiments and their baselines, in a few git processes.

    `why` they run although the gate refuses them. `in_pairs`: where the settings say so, the
    baseline runs beside each of them.
    """
    repository = admitted[0].report.project.repository
    pairs = [(one.report.base, one.report.entry.commit) for one in admitted]
    below = [one.registration.code for one in admitted]
    known = (*(commit for pair in pairs for commit in pair), *below)
    commits = [commit for commit in dict.fromkeys(known) if commit]
    end_unended(repository, commits)
    notes = dict.fromkeys(commits, "") | read_notes(repository, RUNS, commits)
    shared = Shared()
    told: set[str] = set()

    def tell_once(text: str) -> None:
        if text not in told:
            told.add(text)
            said(text)

    ledgers = []
    for one, (base, commit), code in zip(admitted, pairs, below, strict=True):
        project, settings = one.report.project, one.report.settings
        scope = replace(
            scope_of(project, settings, one.registration.criterion.metric),
            experiment=commit,
            beside=base if in_pairs and one.registration.interleaved else "",
            why=why,
            replaces=one.registration.replaces,
        )
        ledger = Ledger(project, settings, scope, tell_once, shared=shared, code=code)
        ledger.take({known: notes[known] for known in (base, commit, code) if known})
        ledgers.append(ledger)
    return ledgers


def tools_of(
    admitted: Sequence[Admitted],
    ledgers: Sequence[Ledger],
    maker: RunMaker,
    jobs: int,
    options: RunOptions,
) -> list[SessionTools]:
    """Give each experiment its tools, with one bench for `jobs` runs for each baseline."""
    watcher = options.watcher
    benches: dict[tuple[str, str], Bench] = {}
    found = []
    for one, ledger in zip(admitted, ledgers, strict=True):
        name = one.report.name
        bench = Bench(one.report.base, jobs, watcher, away=options.away)
        bench = benches.setdefault(one.baseline, bench)
        own = watcher if len(admitted) == 1 else Prefixed(watcher, f"exp/{name}")
        found.append(SessionTools(ledger, bench, maker, own, name))
    return found
