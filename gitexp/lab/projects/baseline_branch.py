"""The branch that experiments start from."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gitexp.errors import NotReady
from gitexp.lab.projects.project_folder import read_work_tree_table
from gitexp.store.borrowed import lacking
from gitexp.store.damaged_refs import last_named
from gitexp.store.repository import Repository


def baseline_key(prefix: str) -> str:
    """Return the key in git's configuration for a project's baseline branch in this clone."""
    return f"gitexp.{prefix.rstrip('/')}.baseline" if prefix else "gitexp.baseline"


def find_baseline(repository: Repository, prefix: str) -> tuple[str, str]:
    """Return the name and the tip of a project's baseline branch.

    This clone's configuration comes first, then the settings in the work tree. A server has no work
    tree; there HEAD names the branch.
    """
    named = repository.setting(baseline_key(prefix)) or repository.setting("gitexp.baseline")
    candidates = [named] if named else ["main", "master"]
    if not named:
        first: object
        if repository.top is None:
            first = repository.head_branch()
        else:
            table = read_work_tree_table(repository.top / prefix)
            first = table[1].get("baseline") if table else None
        if isinstance(first, str):
            candidates = [*dict.fromkeys([first, *candidates])]
    for name in candidates:
        if tip := resolve_branch(repository, name):
            return name, tip
    raise no_baseline(repository, candidates)


def no_baseline(repository: Repository, candidates: Sequence[str]) -> NotReady:
    """Say why none of the branches that may be the baseline has a commit."""
    if away := lacking(repository):
        return away
    if lost := repository.branches(f"refs/heads/{name}" for name in candidates):
        ref, commit = next(iter(lost.items()))
        return NotReady(
            f"{ref} names {commit[:10]}, and git has lost that commit",
            "if it was pushed, fetch it again: git fetch --refetch\n"
            "see what else is lost: gitexp doctor",
        )
    for name in candidates:
        if commit := last_named(repository, f"refs/heads/{name}"):
            return NotReady(
                f"the branch {name} is gone, and git did not delete it: its reflog says that"
                f" it was {commit[:10]}",
                f"git branch {shlex.quote(name)} {commit[:10]}\n"
                "see what else is lost: gitexp doctor",
            )
    if repository.top is not None and repository.git.resolve("HEAD") is None:
        return NotReady(
            "this repository has no commits yet, and an experiment needs a baseline",
            "git add -A && git commit -m 'baseline' && gitexp init",
        )
    here, hint = (
        repository.head_branch(),
        "name it for this clone: git config gitexp.baseline BRANCH",
    )
    if here is not None and not here.startswith("exp/") and here not in candidates:
        hint = f"if it was renamed: git config gitexp.baseline {shlex.quote(here)}\nelse {hint}"
    return NotReady(f"there is no baseline branch: {' and '.join(candidates)} not found", hint)


def resolve_branch(repository: Repository, name: str) -> str | None:
    """Return the tip of a branch in this clone, else on the remote that git would choose."""
    if tip := repository.git.resolve(f"refs/heads/{name}"):
        return tip
    remotes = repository.git.text("remote").splitlines()
    followed = repository.setting(f"branch.{name}.remote")
    for remote in sorted(remotes, key=lambda remote: (remote != followed, remote)):
        if tip := repository.git.resolve(f"refs/remotes/{remote}/{name}"):
            return tip
    return None
