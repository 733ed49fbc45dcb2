"""What a crash or a killed command left behind: damaged refs, locks, checkouts."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from gitexp.engine.checkout import checkouts, free_checkout, is_sound, is_used, lost_entries
from gitexp.lab.health.problem import Problem
from gitexp.rules.text import counted, duration, list_commits
from gitexp.store.borrowed import lacking
from gitexp.store.damaged_objects import damaged_objects, set_aside
from gitexp.store.damaged_refs import broken_refs, restore_ref, vanished_refs
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import decode
from gitexp.store.lost_objects import lost_notes, lost_refs, restore_lost, restore_notes
from gitexp.store.refs import ARCHIVE, HEADS, KEPT, NOTES
from gitexp.store.repository import Repository
from gitexp.store.work_tree import finish_advance, read_advance
from gitexp.store.writers_lock import move_refs, packing_locks, writing

# git holds a lock for milliseconds, or for minutes while it packs a huge repository: a lock of
# a minute is odd, and one of an hour was left behind.
_ODD, _DEAD = 60.0, 3600.0  # seconds


def check_damage(repository: Repository) -> Iterator[Problem]:
    """Find refs that git cannot read."""
    done = repository.git.run(
        "for-each-ref", "--format=%(refname)", HEADS, ARCHIVE, KEPT, "refs/notes/gitexp*"
    )
    named = re.findall(r"ignoring broken ref (\S+)", decode(done.stderr))
    for ref in dict.fromkeys([*broken_refs(repository), *named]):
        yield Problem(
            "D3",
            f"{ref} is damaged, and git reads it as if it were not there",
            "restore it from its reflog: gitexp doctor --fix",
            partial(_restore, repository, ref),
        )
    for ref, commit in vanished_refs(repository).items():
        yield Problem(
            "D3",
            f"{ref} is gone, and git did not delete it: its reflog says that it was {commit[:10]}",
            "restore it from its reflog: gitexp doctor --fix",
            partial(_point, repository, ref, commit),
        )


def check_files(repository: Repository) -> Iterator[Problem]:
    """Find objects that a power cut left empty or half-written."""
    if damaged := damaged_objects(repository):
        names = [f"{path.parent.name}{path.name}" for path in damaged]
        yield Problem(
            "D3",
            f"{counted(len(damaged), 'object')} of git {'is' if len(damaged) == 1 else 'are'}"
            f" damaged, as after a power cut ({list_commits(names, 3)})",
            "set aside what cannot be read, and restore the rest: gitexp doctor --fix\n"
            "then fetch what is missing, if it was pushed: git fetch --refetch && gitexp sync",
            partial(set_aside, repository, damaged),
        )


def check_objects(repository: Repository) -> Iterator[Problem]:
    """Find refs and notes whose objects git has lost.

    While objects are away that the clone borrows, no ref is touched for the want of them.
    """
    away = lacking(repository)
    if away is not None:
        yield Problem("D3", away.message, away.hint)
        return
    for ref, commit in lost_refs(repository).items():
        yield Problem(
            "D3",
            f"{ref} names {commit[:10]}, and git has lost that commit or a part of it",
            "restore the newest state that is left, here or on a remote: gitexp doctor --fix\n"
            "then fetch and measure what is missing: gitexp sync; gitexp run",
            partial(restore_lost, repository, ref),
        )
    for ref in NOTES:
        # A ref that could not be restored has just been named.
        with suppress(GitFailed):
            if lost := lost_notes(repository, ref):
                yield Problem(
                    "D3",
                    f"git has lost {counted(len(lost), 'note')} of {ref} ({list_commits(lost, 3)})",
                    "take what they last were, as far as it is left: gitexp doctor --fix\n"
                    "then fetch and measure what is missing: gitexp sync; gitexp run",
                    partial(restore_notes, repository, ref),
                )


def _restore(repository: Repository, ref: str) -> None:
    with writing(repository):
        restore_ref(repository, ref)


def _point(repository: Repository, ref: str, commit: str) -> None:
    with writing(repository) as lock:
        move_refs(repository, [f"create {ref} {commit}"], lock, reason="gitexp: restore")


def check_checkouts(repository: Repository) -> Iterator[Problem]:
    """Find checkouts for runs that no longer belong to this clone."""
    for path in checkouts(repository):
        if not is_sound(repository, path) and not is_used(repository, path):
            yield Problem(
                "D15",
                f"{path} is not a checkout of this clone, and no run uses it",
                "remove it: gitexp doctor --fix",
                partial(free_checkout, repository, path),
            )
    for admin in lost_entries(repository):
        yield Problem(
            "D15",
            f"git lists a checkout that is gone, damaged or of another clone: {admin}",
            "forget it: gitexp doctor --fix",
            partial(shutil.rmtree, admin),
        )


def check_locks(repository: Repository) -> Iterator[Problem]:
    """Find locks that a git command left behind."""
    common = repository.common
    folders = [common / HEADS, common / ARCHIVE, common / KEPT]
    paths = [path for folder in folders for path in folder.glob("*.lock")]
    for lock in (common / "index.lock", *common.glob("worktrees/*/index.lock")):
        if advance := read_advance(lock):
            yield Problem(
                "D16",
                f"a command was killed while it moved {advance.ref} in {advance.work_tree}, whose"
                " files have not all followed",
                "let them follow: gitexp doctor --fix",
                partial(finish_advance, repository, lock),
            )
    paths += [*(common / "refs/notes").glob("gitexp*.lock"), *packing_locks(repository)]
    for path in paths:
        with suppress(OSError):
            age = time.time() - path.stat().st_mtime
            if age > _ODD:
                yield Problem(
                    "D16",
                    f"a git command left its lock behind, or has been running for {duration(age)}:"
                    f" {path}",
                    f"if no git command is running: rm {shlex.quote(str(path))}",
                    partial(path.unlink, missing_ok=True) if age > _DEAD else None,
                )
