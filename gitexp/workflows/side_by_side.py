"""Put experiments side by side: what they changed, what that did, and how else they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gitexp.errors import UsageError
from gitexp.lab.log.log import Row, log, row_of
from gitexp.lab.log.results import project_of
from gitexp.lab.log.seed_runs import seed_runs
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project
from gitexp.lab.tables.runs import parameters_of
from gitexp.rules.documents.conditions import version_of
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.plan.run_scores import half_width
from gitexp.rules.verdict import effects, figures
from gitexp.rules.verdict.words import guard_line
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result

_MACHINE = ("host", "os", "arch", "cpu", "cpus", "gpus", "gpu_driver")


class Group(StrEnum):
    """What a line of the comparison is about."""

    EXPERIMENT = "experiment"
    METRIC = "metric"
    GUARD = "guard"
    PARAMETER = "parameter"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, in words, with a value for each experiment; None where there is none."""

    group: Group
    what: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Experiments in the order in which they were named, and what differs between them.

    `curved` says whether all of them logged something step by step.
    """

    experiments: tuple[Row, ...]
    differences: tuple[Difference, ...]
    curved: bool

    @property
    def names(self) -> list[str]:
        """Names of the experiments."""
        return [row.result.name for row in self.experiments]


def side_by_side(project: Project, names: Sequence[str]) -> SideBySide:
    """Compare experiments, of whatever project.

    Raises:
        UsageError: there is no such experiment, or only one.
    """
    found = {
        commit: ref for ref, commit in (find_experiment(project.repository, name) for name in names)
    }
    if len(found) < 2:
        raise UsageError(
            "these are names of one experiment, and it takes two to compare",
            f"gitexp show {names[0]}",
        )
    rows = tuple(_rows(project, found))
    bulk = read_notes(project.repository, BULK, list(found))
    texts = [bulk.get(row.commit, "") for row in rows]
    parameters = [
        {key: spell(value) for key, value in parameters_of(text).items()} for text in texts
    ]
    told = {
        Group.EXPERIMENT: [dict(_about(row)) for row in rows],
        Group.METRIC: [
            # A script that prints its config reports every number in it, too.
            {name: value for name, value in _metrics(row.result) if name not in own}
            for row, own in zip(rows, parameters, strict=True)
        ],
        Group.GUARD: [dict(_guards(row.result)) for row in rows],
        Group.PARAMETER: parameters,
        Group.ENVIRONMENT: [_environment(text) for text in texts],
    }
    ran = [row.result.ran > 0 for row in rows]
    apart = [
        one
        for group, cells in told.items()
        for one in differences(group, cells, [group is Group.EXPERIMENT or it for it in ran])
    ]
    curved = all(Kind.SERIES.mark in text for text in texts)
    return SideBySide(rows, tuple(apart), curved)


def _rows(project: Project, found: Mapping[str, str]) -> Iterator[Row]:
    """Read experiments, given as refs by commit; the log of each project is read once."""
    logs: dict[str, list[Row]] = {}
    for commit, ref in found.items():
        own = project_of(project, ref, commit)
        if own.folder not in logs:
            logs[own.folder] = log(own)
        yield row_of(logs[own.folder], ref, commit)


def differences(
    group: Group, cells: Sequence[Mapping[str, str]], known: Sequence[bool]
) -> Iterator[Difference]:
    """Lines whose cells differ, in the order in which they come up.

    That nothing is known of an experiment, because it has no runs, is not a difference.
    """
    for what in dict.fromkeys(what for each in cells for what in each):
        values = tuple(each.get(what) or None for each in cells)
        if len({value for value, is_known in zip(values, known, strict=True) if is_known}) > 1:
            yield Difference(group, what, values)


def _about(row: Row) -> Iterator[tuple[str, str]]:
    result, registration, judgement = row.result, row.result.registration, row.result.judgement
    if registration is not None:
        yield "change", registration.change.brief
        yield "criterion", str(registration.criterion)
    yield "baseline", result.base[:8]
    yield "code", result.code[:8]
    yield "state", row.state
    yield "verdict", result.verdict or ""
    if judgement is not None:
        yield "pairs", str(judgement.pairs)
        yield (
            "p",
            "" if judgement.p is None else figures.p_value(judgement.p)[2:].removeprefix("= "),
        )


def _metrics(result: Result) -> Iterator[tuple[str, str]]:
    """How metrics moved: its criterion's as in its verdict, others with their 95 % interval."""
    registration, judgement = result.registration, result.judgement
    if registration is None:
        return
    criterion = registration.criterion
    if judgement is not None and judgement.effect is not None:
        yield criterion.metric, effects.measured(criterion, judgement)
    runs = seed_runs(result)
    for metric in dict.fromkeys(name for run in runs.experiment.values() for name in run.metrics):
        values = runs.differences(metric)
        if values and metric != criterion.metric:
            mean = sum(values) / len(values)
            half = half_width(values, registration.widening)
            yield metric, figures.within(mean, half, sign=True)


def _guards(result: Result) -> Iterator[tuple[str, str]]:
    outcomes = result.judgement.guards if result.judgement else ()
    judged = {str(one.guard): guard_line(one).removeprefix(f"{one.guard}: ") for one in outcomes}
    for guard in result.registration.guards if result.registration else ():
        yield str(guard), judged.get(str(guard), "not judged")


def _environment(bulk: str) -> dict[str, str]:
    """Where its runs ran and what they imported; several values where runs differ."""
    found: dict[str, dict[str, None]] = {}
    for line in read_contents(bulk, Kind.ENVIRONMENT):
        machine = line.get("machine", {})
        facts: dict[str, Any] = {"python": line.get("python"), "threads": line.get("threads")}
        facts |= {"command": line.get("command"), "accelerators": line.get("accelerators")}
        facts |= {name: machine.get(name) for name in _MACHINE}
        facts |= {name: version_of(told) for name, told in line.get("packages", {}).items()}
        facts |= {f"data {name}": told[:12] for name, told in line.get("data", {}).items()}
        for name, fact in facts.items():
            if fact or fact == 0:
                found.setdefault(name, {})[_spelled(fact)] = None
    return {name: ", ".join(values) for name, values in found.items()}


def _spelled(fact: object) -> str:
    return ", ".join(map(str, fact)) if isinstance(fact, list) else str(fact)
