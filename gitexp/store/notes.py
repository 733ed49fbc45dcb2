"""Results as git notes that no concurrent writer loses.

`git notes add` reads, edits and writes its ref without comparing: of 400 concurrent writes 67
survived, and all reported success. Here a note is built on a scratch ref under a lock, and the
real ref moves only from the value that was read (docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

from gitexp.errors import StoreBusy
from gitexp.store.git import ZERO, GitFailed, decode
from gitexp.store.local import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitexp.store.git import Repository

VERDICTS = "refs/notes/gitexp"
RUNS = "refs/notes/gitexp-runs"
BULK = "refs/notes/gitexp-data"
_SCRATCH = "refs/notes/gitexp-scratch"

# Under the lock only a writer that is not gitexp (a fetch, a bare `git notes`) can get between
# reading the ref and moving it. Twenty tries with growing pauses last about ten seconds.
_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0

_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")


def read_notes(repository: Repository, ref: str, commits: Sequence[str]) -> dict[str, str]:
    """Notes of the given commits under one ref, as text; commits without one are left out."""
    if not commits:
        return {}
    done = repository.git.run(
        "log", "--no-walk=unsorted", "--stdin", f"--notes={ref}", "-z", "--encoding=UTF-8",
        "--no-show-signature", "--no-color", "--format=%H%n%N",
        stdin="".join(f"{commit}\n" for commit in dict.fromkeys(commits)).encode(),
    )  # fmt: skip
    notes = {}
    for entry in decode(done.stdout).split("\0"):
        commit, _, text = entry.partition("\n")
        if text.strip():
            notes[commit] = text.strip("\n")
    return notes


def append_lines(repository: Repository, ref: str, lines: Mapping[str, Iterable[str]]) -> None:
    """Append lines to the notes of commits; lines already there are not written twice.

    Raises:
        StoreBusy: the ref stayed contended or locked; nothing was written.
    """

    def grown(commit: str, old: str) -> str:
        known = old.splitlines()
        return "\n".join([*known, *(line for line in lines[commit] if line not in known)]) + "\n"

    _edit(repository, ref, tuple(lines), grown)


def replace_notes(repository: Repository, ref: str, notes: Mapping[str, str]) -> None:
    """Set the notes of commits to the given texts (the verdict view, always derivable again).

    Raises:
        StoreBusy: the ref stayed contended or locked; nothing was written.
    """
    _edit(repository, ref, tuple(notes), lambda commit, _old: notes[commit])


def _edit(
    repository: Repository,
    ref: str,
    commits: Sequence[str],
    edited: Callable[[str, str], str],
) -> None:
    if not commits:
        return
    said = ""
    with locked(repository.local / "notes.lock"):
        for attempt in range(_ATTEMPTS):
            try:
                _edit_once(repository, ref, commits, edited)
            except GitFailed as failure:
                said = failure.stderr.strip()
                # Jitter keeps two contenders from meeting again at the next try.
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311
            else:
                return
    raise StoreBusy(
        f"{ref} could not be written in {_ATTEMPTS} tries: {said}",
        "if no other git command is running, remove the stale lock file that it names and run"
        " the same command again",
    )


def _edit_once(
    repository: Repository,
    ref: str,
    commits: Sequence[str],
    edited: Callable[[str, str], str],
) -> None:
    git = repository.git
    environment = _identity(repository)
    done = git.run("rev-parse", "--verify", "--quiet", ref, allow=(1,))
    before = decode(done.stdout).strip()
    scratch = f"{_SCRATCH}/{os.getpid()}"
    old = read_notes(repository, ref, commits) if before else {}
    try:
        # A killed writer may have left a scratch ref under a process id that came round again.
        git.run("update-ref", *((scratch, before) if before else ("-d", scratch)))
        for commit in commits:
            text = edited(commit, old.get(commit, ""))
            if text.rstrip("\n") == old.get(commit, ""):
                continue
            blob = decode(
                git.run(*_DURABLE, "hash-object", "-w", "--stdin", stdin=text.encode()).stdout
            ).strip()
            # -C takes the blob as it is: -m and -F would strip blank lines.
            git.run(
                *_DURABLE, "notes", f"--ref={scratch}", "add", "-f", "-C", blob, commit,
                environment=environment,
            )  # fmt: skip
        after = git.resolve(scratch)
        if after and after != before:
            git.run(*_DURABLE, "update-ref", "-m", "gitexp", ref, after, before or ZERO)
    finally:
        git.run("update-ref", "-d", scratch, allow=(1, 128))


def _identity(repository: Repository) -> dict[str, str]:
    """Name the notes' own commits where git knows no author: a result is worth more than a name."""
    known = repository.config
    return {
        variable: fallback
        for variable, key, fallback in (
            ("GIT_AUTHOR_NAME", "user.name", "gitexp"),
            ("GIT_COMMITTER_NAME", "user.name", "gitexp"),
            ("GIT_AUTHOR_EMAIL", "user.email", "gitexp@localhost"),
            ("GIT_COMMITTER_EMAIL", "user.email", "gitexp@localhost"),
        )
        if key not in known and variable not in repository.git.environment
    }
