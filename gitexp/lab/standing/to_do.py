"""What waits for the owner of this clone: to be approved, accepted, tested again or shared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

from gitexp.lab.log.missing_results import sync_command
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.baseline_branch import baseline_key
from gitexp.lab.projects.project import Project
from gitexp.lab.queues.queue import QueueStage
from gitexp.lab.standing.outdated import made_again, measured_gain
from gitexp.lab.trust.code_trust import untrusted_below
from gitexp.lab.trust.trust import is_trusted, settings_approved
from gitexp.rules.plan.state import State
from gitexp.rules.text import counted, visible
from gitexp.store.unsynced import unshared, unsynced

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.lab.log.result import Result
    from gitexp.lab.queues.queue_progress import QueueProgress


class WaitKind(StrEnum):
    """What somebody has to decide or to do, the most urgent first."""

    INIT = "init"
    SETTINGS = "settings"
    QUEUE = "queue"
    UNSYNCED = "unsynced"
    CONFIRMED = "confirmed"
    OUTDATED = "outdated"
    CODE = "code"
    REFUSED = "refused"
    STALE = "stale"
    FAILED = "failed"
    UNSHARED = "unshared"


class WaitJson(TypedDict):
    """What waits for you, in words, with the experiments that it is about and what to do."""

    kind: WaitKind
    said: str
    experiments: list[str]
    command: str


@dataclass(frozen=True, slots=True)
class Wait:
    """What waits, which experiments it is about, what to do first, and why as a part of a sentence.

    Where one of the experiments is the current one, it comes first.
    """

    kind: WaitKind
    said: str
    command: str
    why: str
    names: tuple[str, ...] = ()

    def as_json(self) -> WaitJson:
        """Return it as `gitexp status --json` prints it."""
        return {
            "kind": self.kind,
            "said": self.said,
            "experiments": [*self.names],
            "command": self.command,
        }


def waits(
    project: Project, rows: Sequence[Row], current: Row | None, queues: Iterable[QueueProgress]
) -> list[Wait]:
    """Find what waits, the most urgent first; `rows` are the whole log."""
    return [
        *_about_clone(project),
        *_about_queues(queues),
        *_about_experiments(project, rows, current),
        *_about_results(project),
    ]


def _about_clone(project: Project) -> Iterator[Wait]:
    if not project.repository.setting(baseline_key(project.prefix)):
        said = "this clone has no hooks yet"
        if not settings_approved(project):
            said += ", and has approved no settings"
        yield Wait(WaitKind.INIT, said, "gitexp init", said)
    elif not is_trusted(project):
        what = "protected files" if settings_approved(project) else "the settings"
        said = f"{what} changed, and you have not approved them"
        yield Wait(WaitKind.SETTINGS, said, "gitexp trust", said)


def _about_queues(queues: Iterable[QueueProgress]) -> Iterator[Wait]:
    if any(one.stage is QueueStage.INTERRUPTED for one in queues):
        said = "a queue was interrupted"
        yield Wait(WaitKind.QUEUE, said, "gitexp run --resume", said)


def _about_experiments(
    project: Project, rows: Sequence[Row], current: Row | None
) -> Iterator[Wait]:
    def in_state(state: State) -> list[Row]:
        found = [row for row in rows if row.state is state]
        return sorted(found, key=lambda row: row is not current)

    if missing := in_state(State.UNSYNCED):
        remotes = unsynced(project.repository)
        remote = next((remotes[row.commit] for row in missing if row.commit in remotes), "")
        said = f"may have results on {visible(remote)} that are not here"
        why = f"{visible(remote)} may have results that are not here"
        yield from _wait(WaitKind.UNSYNCED, missing, said, why, lambda _: sync_command(remote))
    yield from _about_confirmed(project, rows, current)
    planned = in_state(State.PLANNED)
    below = untrusted_below(project, [row.result for row in planned]).values()
    with_code = {name for names in below for name in names}
    yield from _wait(
        WaitKind.CODE, [row for row in planned if row.result.name in with_code],
        "planned with code that was not made in this clone",
        "its code was not made in this clone; read it",
        lambda row: f"gitexp trust {row.result.name}",
    )  # fmt: skip
    yield from _wait(
        WaitKind.REFUSED, in_state(State.REFUSED), "refused, because the code is not neutral",
        "its code is not neutral: edit it there, then: gitexp start --again",
        lambda row: _way_to_edit(project, row.result.name),
    )  # fmt: skip
    stale = in_state(State.STALE)
    yield from _wait(
        WaitKind.STALE, stale, "planned on an older baseline",
        f"{counted(len(stale), 'experiment')} planned on an older baseline",
        lambda row: f"gitexp retest {'--planned' if len(stale) > 1 else row.result.name}",
    )  # fmt: skip
    yield from _wait(
        WaitKind.FAILED, in_state(State.FAILED), "failed",
        "a run failed; see why, then run it again",
        lambda row: f"gitexp show {row.result.name}",
    )  # fmt: skip


def _about_confirmed(project: Project, rows: Sequence[Row], current: Row | None) -> Iterator[Wait]:
    """Of several values of one key, only one can be accepted: the best comes first."""
    confirmed = sorted(
        (row for row in rows if row.state is State.DONE and row.result.confirmed),
        key=lambda row: (row is not current, -_gain(project, row.result)),
    )
    if not confirmed:
        return
    alike = {project.tip, *same_runs(project, project.settings, project.tip)}
    yield from _wait(
        WaitKind.CONFIRMED, [row for row in confirmed if row.result.base in alike],
        "confirmed and not accepted", "it is confirmed",
        lambda row: f"gitexp accept {row.result.name}",
    )  # fmt: skip
    outdated = [row for row in confirmed if row.result.base not in alike]
    newer = _made_again(project, outdated, rows)
    yield from _wait(
        WaitKind.OUTDATED, [row for row in outdated if row.commit not in newer],
        "confirmed on an older baseline",
        "confirmed, but the baseline has changed since",
        lambda row: f"gitexp retest {row.result.name}",
    )  # fmt: skip


def _wait(
    kind: WaitKind, found: Sequence[Row], said: str, why: str, command: Callable[[Row], str]
) -> Iterator[Wait]:
    """What waits for these experiments, if there are any; `command` is about the first of them."""
    if found:
        names = tuple(row.result.name for row in found)
        yield Wait(kind, f"{len(found):,} {said}", command(found[0]), why, names)


def _gain(project: Project, result: Result) -> float:
    """Gain in the unit of the project's metric; 0 on another metric."""
    registration = result.registration
    if registration is None or registration.criterion.metric != project.settings.metric:
        return 0.0
    return measured_gain(result) or 0.0


def _made_again(project: Project, outdated: Sequence[Row], rows: Sequence[Row]) -> set[str]:
    """Commits of those whose change a later experiment makes, as where they were carried on."""
    if not outdated:
        return set()
    return made_again(project, [row.result for row in outdated], [row.result for row in rows])


def _way_to_edit(project: Project, name: str) -> str:
    if project.repository.head_branch() == f"exp/{name}":
        return "gitexp start --again"
    return f"git switch exp/{name}"


def _about_results(project: Project) -> Iterator[Wait]:
    for remote in unshared(project.repository):
        said = f"results that {visible(remote)} does not have"
        yield Wait(WaitKind.UNSHARED, said, sync_command(remote), said)
