"""Report where a project stands: goals, ladder, verdicts, predictions, what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from gitexp.lab.code.brought_code import CodeSize, measure_code
from gitexp.lab.log.calibration import calibrated
from gitexp.lab.log.ladder import LadderStep
from gitexp.lab.log.log import Row, read_log
from gitexp.lab.projects.project import Project
from gitexp.lab.standing.goals import GoalProgress, progress
from gitexp.lab.standing.headline import Headline, headline
from gitexp.lab.standing.standing import standing
from gitexp.rules.plan.state import State

if TYPE_CHECKING:
    import datetime as dt

    from gitexp.rules.plan.calibration import Calibration
    from gitexp.rules.plan.standing import Standing


class ReportJson(TypedDict):
    """Where a project stands; `steps` of the baseline branch are not experiments.

    `code` says how much each code commit below one of the experiments brings.
    """

    day: str
    baseline: str
    commit: str
    headline: Headline
    goals: Sequence[GoalProgress]
    standing: Standing
    calibration: Calibration | None
    steps: list[LadderStep]
    experiments: list[Row]
    code: Mapping[str, CodeSize]


@dataclass(frozen=True, slots=True)
class Report:
    """A project on one day; `rows` are the whole log, newest first.

    `calibration` compares predictions with results; None if nothing was predicted. `code` has how
    much each code commit brings that an experiment stands on.
    """

    day: dt.date
    baseline: str
    commit: str
    headline: Headline
    rows: Sequence[Row | LadderStep]
    standing: Standing
    calibration: Calibration | None
    code: Mapping[str, CodeSize]

    @property
    def goals(self) -> tuple[GoalProgress, ...]:
        """The goals, and how far they are."""
        return self.headline.goals

    @property
    def experiments(self) -> list[Row]:
        """All experiments, newest first."""
        return [row for row in self.rows if isinstance(row, Row)]

    @property
    def ladder(self) -> list[Row | LadderStep]:
        """The baseline's history, oldest first: accepted experiments and untested steps."""
        return [
            row
            for row in reversed(self.rows)
            if isinstance(row, LadderStep) or row.state is State.ACCEPTED
        ]

    def as_json(self) -> ReportJson:
        """Return the report as `gitexp report --json` prints it."""
        return {
            "day": self.day.isoformat(),
            "baseline": self.baseline,
            "commit": self.commit,
            "headline": self.headline,
            "goals": self.goals,
            "standing": self.standing,
            "calibration": self.calibration,
            "steps": [row for row in self.rows if isinstance(row, LadderStep)],
            "experiments": self.experiments,
            "code": self.code,
        }


def report(project: Project, today: dt.date) -> Report:
    """Gather where the project stands today.

    Raises:
        NotReady: GOALS.toml cannot be read.
    """
    rows = read_log(project)
    experiments = [row for row in rows if isinstance(row, Row)]
    # Where a shallow clone ends, there is nothing to measure from.
    standing_on = {r.code: (r.base, r.code) for row in experiments if (r := row.result).code}
    there = project.repository.git.sizes([c for pair in standing_on.values() for c in pair])
    pairs = [pair for pair in standing_on.values() if there.keys() >= {*pair}]
    return Report(
        day=today,
        baseline=project.baseline,
        commit=project.tip,
        headline=headline(project, experiments, progress(project, today)),
        rows=rows,
        standing=standing(project, experiments),
        calibration=next(iter(calibrated(experiments, project.settings.metric)), None),
        code=dict(
            zip((top for _, top in pairs), measure_code(project.repository, pairs), strict=True)
        ),
    )
