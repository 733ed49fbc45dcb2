"""Archive experiments: out of `git branch`, still in the log. And restore them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gitexp.errors import NotReady, UsageError
from gitexp.lab.log.remarks import remark
from gitexp.lab.log.results import read_results
from gitexp.lab.measuring.claims import claims, is_held
from gitexp.lab.projects.experiment import meant_by
from gitexp.lab.projects.experiment_name import short_name
from gitexp.lab.projects.project import Project
from gitexp.lab.queues.queue import take_out
from gitexp.rules.text import demand_plain
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.archive import archive_refs, restore_refs
from gitexp.store.experiments import timestamp
from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, REMOTES
from gitexp.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Archived:
    """Experiments (name to commit) that were archived, and those that were not, with the reason."""

    moved: dict[str, str]
    left: dict[str, str]


def archive(
    project: Project,
    names: Sequence[str],
    *,
    ruled_out: bool,
    older: timedelta | None,
    why: str = "",
) -> Archived:
    """Archive branches: the named ones, or all that meet both conditions; no queue runs them then.

    `why` is a remark that stays with each of them. It withdraws those that have no verdict.

    Raises:
        UsageError: neither or both were given, or a name is not a branch of this clone.
        NotReady: a named one is checked out, or running; nothing was archived.
    """
    if bool(names) == bool(ruled_out or older is not None):
        raise UsageError(
            "name the experiments, or say which: --ruled-out, --older 90d",
            "gitexp archive --ruled-out",
        )
    demand_plain(why, "--why")
    repository = project.repository
    branches = repository.branches([HEADS])
    if names:
        chosen = {short: branches.get(f"{HEADS}{short}", "") for short in map(short_name, names)}
        _demand_branches(repository, chosen)
    else:
        chosen = _matching(project, ruled_out, older)
    held = repository.checked_out()
    left = {
        name: f"is checked out in {held[f'{HEADS}{name}']}"
        for name in chosen
        if f"{HEADS}{name}" in held
    }
    claimed = claims(repository)
    left |= {
        name: "is running" for name, at in chosen.items() if any(map(is_held, claimed.get(at, ())))
    }
    if names and left:
        raise NotReady(
            "; ".join(f"exp/{name} {why}" for name, why in left.items()) + "; nothing was archived",
            f"wait, or in that checkout: git switch {project.baseline}",
        )
    moved = {name: commit for name, commit in chosen.items() if name not in left}
    if reason := demand_plain(why, "--why"):
        decided = {one.commit for one in read_results(project) if one.verdict or one.explored}
        remark(repository, [*moved.values()], reason, {*moved.values()} - decided)
    archive_refs(repository, moved)
    take_out(repository, moved)
    return Archived(moved, left)


def _demand_branches(repository: Repository, chosen: dict[str, str]) -> None:
    archived = repository.branches([ARCHIVE])
    for name, commit in chosen.items():
        if not commit:
            if f"{ARCHIVE}{name}" in archived:
                raise UsageError(
                    f"exp/{name} is already archived",
                    f"make it a branch again: gitexp archive --restore {name}",
                )
            raise UsageError(
                f"there is no branch exp/{name} in this clone", meant_by(repository, name)
            )


def _matching(project: Project, ruled_out: bool, older: timedelta | None) -> dict[str, str]:
    """Branches of this clone that meet the conditions."""
    before = None if older is None else datetime.now(UTC).timestamp() - older.total_seconds()
    return {
        result.name: result.commit
        for result in read_results(project)
        if result.entry.ref.startswith(HEADS)
        and (not ruled_out or result.verdict is Verdict.RULED_OUT)
        and (before is None or timestamp(result.entry.time) < before)
    }


def restore(project: Project, names: Sequence[str]) -> dict[str, str]:
    """Restore branches of experiments, from the archive or from a remote.

    Returns name to commit.

    Raises:
        UsageError: one of them is a branch already, or unknown; nothing was restored.
    """
    if not names:
        raise UsageError("which experiments?", "list all experiments: gitexp log")
    chosen = {
        short: _commit_without_branch(project.repository, short) for short in map(short_name, names)
    }
    restore_refs(project.repository, chosen)
    return chosen


def _commit_without_branch(repository: Repository, name: str) -> str:
    """Commit of an experiment that is in the archive, or only on a remote."""
    refs = repository.branches(
        [
            f"{HEADS}{name}",
            f"{ARCHIVE}{name}",
            f"{REMOTES}*/exp/{name}",
            f"{FETCHED}*/heads/{name}",
        ]
    )
    if f"{HEADS}{name}" in refs:
        raise UsageError(f"exp/{name} is already a branch", f"gitexp show {name}")
    commit = refs.get(f"{ARCHIVE}{name}") or next(iter(refs.values()), "")
    if not commit:
        raise UsageError(
            f"exp/{name} is neither archived nor on a remote",
            meant_by(repository, name),
        )
    return commit
