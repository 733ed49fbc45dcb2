"""The remote that a clone shares its experiments with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gitexp.errors import NotReady, UsageError
from gitexp.rules.text import visible
from gitexp.store.repository import Repository


def choose_remote(
    repository: Repository,
    baseline: str,
    named: str | None = None,
    ask: Callable[[Sequence[str]], str] | None = None,
) -> str:
    """Choose a remote as git would: the named one, the upstream of the baseline, or the only one.

    `ask` lets somebody choose among several; None if nobody can be asked.

    Raises:
        UsageError: there is no such remote.
        NotReady: there is no remote, or there are several and nobody to ask.
    """
    remotes = repository.git.text("remote").splitlines()
    listed = ", ".join(remotes)
    if named is None:
        followed = repository.setting(f"branch.{baseline}.remote")
        named = followed if followed in remotes else remotes[0] if len(remotes) == 1 else None
    if named is None and remotes and ask is not None:
        named = ask(remotes)
    if named is None:
        if not remotes:
            raise NotReady("this clone has no remote", "add one: git remote add NAME URL")
        raise NotReady(
            f"which remote? {baseline} has no upstream, and there are {listed}",
            f"name one, or set it once: git branch --set-upstream-to=REMOTE/{baseline} {baseline}",
        )
    if named not in remotes:
        raise UsageError(
            f"there is no remote {visible(named)}" + (f", only {listed}" if remotes else ""),
            "add it first: git remote add NAME URL",
        )
    return named
