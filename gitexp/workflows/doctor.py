"""What is wrong with gitexp's part of a repository, and how to fix it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitexp.errors import GitexpError
from gitexp.lab.health.git_settings import (
    check_display,
    check_fetches,
    check_merging,
    check_rewriting,
)
from gitexp.lab.health.growth import check_growth
from gitexp.lab.health.left_behind import (
    check_checkouts,
    check_damage,
    check_files,
    check_locks,
    check_objects,
)
from gitexp.lab.health.notes import check_aside, check_commits, check_notes
from gitexp.lab.health.problem import Problem
from gitexp.lab.health.setup import (
    check_cache,
    check_code,
    check_hooks,
    check_locking,
    check_settings,
    check_shallow,
    check_signing,
    check_writable,
)
from gitexp.lab.progress import counted_off
from gitexp.store.git_errors import GitFailed
from gitexp.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Examined:
    """A problem in this clone.

    `mended` says whether it was fixed just now, and `failure` why it could not be.
    """

    id: str
    message: str
    hint: str
    advice: bool
    fixable: bool
    mended: bool
    failure: str | None

    @property
    def wrong(self) -> bool:
        """Whether something is still wrong, and not only worth knowing."""
        return not self.mended and not self.advice


def doctor(directory: Path, *, fix: bool) -> list[Examined]:
    """Examine everything; with `fix`, fix what is safe to fix.

    Raises:
        NotReady: there is no repository.
    """
    repository = Repository.discover(directory)
    examined = []
    # One after the other: what was fixed is not found again by the next check. A damaged checkout
    # stops git from listing refs.
    checks = (
        check_writable, check_locking, check_cache, check_signing, check_hooks, check_checkouts,
        check_files, check_damage, check_objects, check_settings, check_code, check_display,
        check_fetches, check_rewriting, check_merging, check_aside, check_notes, check_commits,
        check_locks, check_growth, check_shallow,
    )  # fmt: skip
    for check in counted_off("examining", checks, len(checks)):
        try:
            problems = list(check(repository))
        except GitFailed as error:  # what another check has named may be in the way
            hint = error.hint or "look again once the rest is fixed: gitexp doctor"
            problems = [Problem("D3", f"not everything can be examined: {error}", hint)]
        found = [_examined(problem, fix=fix) for problem in problems]
        if any(one.mended for one in found):
            # Read afresh: a repository reads its settings once.
            again = check(Repository.discover(directory))
            found = looked_at_again(found, {problem.message for problem in again})
        examined += found
    return examined


def looked_at_again(examined: Sequence[Examined], left: Container[str]) -> list[Examined]:
    """Take back that a problem was fixed where it is still there (`left` are messages)."""
    return [
        replace(one, mended=False, failure="it was tried, and nothing changed")
        if one.mended and one.message in left
        else one
        for one in examined
    ]


def _examined(problem: Problem, *, fix: bool) -> Examined:
    failure = None
    if fix and problem.fix is not None:
        try:
            problem.fix()
        except (GitexpError, OSError) as error:
            failure = str(error)
    return Examined(
        problem.id, problem.message, problem.hint, problem.advice,
        fixable=problem.fix is not None, failure=failure,
        mended=fix and problem.fix is not None and failure is None,
    )  # fmt: skip
