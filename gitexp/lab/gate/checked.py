"""What the gate says about experiments: one, or several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.demand import demand
from gitexp.rules.finding import Finding, refusals
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.errors import NotReady
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.experiments import Entry


class Checked(NamedTuple):
    """What the gate says about one experiment.

    `base` is the baseline commit that it stands on, `code` the code commit between the two or
    empty; `project` is the project that it belongs to, with the settings of the baseline commit.
    """

    entry: Entry
    project: Project
    base: str
    change: Change | None
    registration: Registration | None
    findings: tuple[Finding, ...]
    code: str = ""

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.entry.name

    @property
    def settings(self) -> Settings:
        """The settings of the experiment's own baseline, by which it runs."""
        return self.project.settings

    @property
    def ok(self) -> bool:
        """Whether the experiment may run."""
        return not refusals(self.findings)

    def demand(self) -> None:
        """Raise Refused with every finding unless the experiment may run."""
        broken = counted(len(refusals(self.findings)), "rule")
        demand(self.findings, f"exp/{self.name}: refused, {broken} broken")


class Uncheckable(NamedTuple):
    """One of several experiments, without a baseline to compare it with; it may not run."""

    entry: Entry
    error: NotReady

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.entry.name

    @property
    def ok(self) -> bool:
        """Always False."""
        return False

    @property
    def change(self) -> None:
        """Unknown."""
        return

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The one thing that is wrong with it."""
        return (Finding("B3", self.error.message, self.error.hint),)


class CheckedMany(NamedTuple):
    """Experiments checked together.

    `others` counts commits of a range that are not experiments; `baseline` says what is wrong with
    commits of a baseline branch itself.
    """

    reports: tuple[Checked | Uncheckable, ...]
    others: int = 0
    baseline: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every one of them may run."""
        return not refusals(self.baseline) and all(report.ok for report in self.reports)
