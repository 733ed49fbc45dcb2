"""The one command that goes on from here, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError
from gitexp.lab.projects.project import Project
from gitexp.lab.queues.queue import QueueStage
from gitexp.lab.standing.to_do import Wait, WaitKind
from gitexp.rules.plan.state import State

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.lab.queues.queue_progress import QueueProgress


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next thing to do: a command, and why."""

    command: str
    why: str


def next_step(
    project: Project,
    rows: Sequence[Row],
    current: Row | None,
    waits: Sequence[Wait],
    queues: Sequence[QueueProgress],
    *,
    best: str,
    is_measured: bool,
) -> NextStep:
    """Choose the command; `best` is the planned experiment to run first, "" if none is.

    The experiment that you are at comes before all others.
    """
    return next(
        chain(
            _about(waits, WaitKind.INIT, WaitKind.SETTINGS, WaitKind.QUEUE),
            _about_queues(queues),
            () if current is None else _about_current(project, rows, current, waits, best),
            _about(waits, WaitKind.UNSYNCED, WaitKind.CONFIRMED),
            _about_all(project, rows, best),
            _about(waits, WaitKind.OUTDATED, WaitKind.REFUSED, WaitKind.STALE),
            () if is_measured else _about_baseline(rows),
        ),
        NextStep('gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"', "nothing is planned"),
    )


def _about(waits: Sequence[Wait], *kinds: WaitKind) -> Iterator[NextStep]:
    return (NextStep(wait.command, wait.why) for wait in waits if wait.kind in kinds)


def _about_queues(queues: Sequence[QueueProgress]) -> Iterator[NextStep]:
    if any(one.stage is QueueStage.RUNS for one in queues):
        yield NextStep("gitexp run --wait", "a queue is running")


def _about_current(
    project: Project, rows: Sequence[Row], current: Row, waits: Sequence[Wait], best: str
) -> Iterator[NextStep]:
    name = current.result.name
    if current.state is State.PLANNED:
        why = "it is planned" if best in {"", name} else "you started it last, or are on its branch"
        yield _about_planned(project, rows, name, why)
    yield from (NextStep(wait.command, wait.why) for wait in waits if name in wait.names)


def _about_all(project: Project, rows: Sequence[Row], best: str) -> Iterator[NextStep]:
    planned = [row.result.name for row in rows if row.state is State.PLANNED]
    if planned:
        why = f"the best of {len(planned)} planned" if len(planned) > 1 else "it is planned"
        yield _about_planned(project, rows, best or planned[0], why)
    if running := [row.result.name for row in rows if row.state is State.RUNNING]:
        yield NextStep(f"gitexp show {running[0]}", "it is running")


def _about_baseline(rows: Sequence[Row]) -> Iterator[NextStep]:
    if any(row.state is State.ACCEPTED for row in rows):
        yield NextStep("gitexp run --baseline", "the new baseline is not measured yet")


def _about_planned(project: Project, rows: Sequence[Row], name: str, why: str) -> NextStep:
    # Only what is planned has to pass the gate: its rules take a third of a start.
    from gitexp.lab.gate import check
    from gitexp.lab.trust.code_trust import untrusted_code

    try:
        report = check(project.repository, name, [row.result for row in rows])
    except GitexpError:
        report = None
    if report is None or not report.ok:
        return NextStep(f"gitexp check {name}", "it is planned, and a rule refuses to run it")
    if untrusted_code(report):
        return NextStep(f"gitexp trust {name}", "its code was not made in this clone; read it")
    return NextStep(f"gitexp run {name}", why)
