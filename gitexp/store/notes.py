"""Results as git notes that no concurrent writer loses.

`git notes add` reads, edits and writes its ref without comparing: of 400 concurrent writes 67
survived, and all reported success. Here a note is built on a scratch ref under a lock, and the
real ref moves only from the value that was read (docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from gitexp.errors import StoreBusy
from gitexp.store.git import ZERO, GitFailed, decode
from gitexp.store.local import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitexp.store.git import Git, Repository

_T = TypeVar("_T")

VERDICTS = "refs/notes/gitexp"
RUNS = "refs/notes/gitexp-runs"
BULK = "refs/notes/gitexp-data"
LOGS = "refs/notes/gitexp-logs"
SCRATCH = "refs/notes/gitexp-scratch"

# Under the lock only a writer that is not gitexp (a fetch, a bare `git notes`) can get between
# reading the ref and moving it. Twenty tries with growing pauses last about ten seconds.
_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0

# Who wrote the commit that all notes begin with, and when: the same everywhere.
_NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "gitexp", "EMAIL": "gitexp@localhost", "DATE": "@0 +0000"}.items()
}
DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")


def read_notes(repository: Repository, ref: str, commits: Sequence[str]) -> dict[str, str]:
    """Notes of the given commits under one ref, as text; commits without one are left out."""
    if not commits:
        return {}
    return {commit: text for commit, text in _read(repository, ref, commits) if text.strip()}


def _read(repository: Repository, ref: str, commits: Sequence[str]) -> list[tuple[str, str]]:
    """Ids of commits with the text of their notes, in the order asked for."""
    done = repository.git.run(
        "log", "--no-walk=unsorted", "--stdin", f"--notes={ref}", "-z", "--encoding=UTF-8",
        "--no-show-signature", "--no-color", "--format=%H%n%N",
        stdin="".join(f"{commit}\n" for commit in dict.fromkeys(commits)).encode(),
    )  # fmt: skip
    entries = (entry.partition("\n") for entry in decode(done.stdout).split("\0"))
    return [(commit, text.strip("\n")) for commit, _, text in entries if commit]


def begin_notes(repository: Repository, ref: str) -> bool:
    """Make a notes ref that holds nothing, unless it is there; returns whether it was made.

    About a missing one that it was told to show, git warns at every `git log`.
    """
    if repository.git.resolve(ref) is not None:
        return False
    repository.git.run("update-ref", "-m", "gitexp", ref, _beginning(repository.git), ZERO)
    return True


def forget_empty_notes(repository: Repository, ref: str) -> None:
    """Remove a notes ref that nothing was written to."""
    git = repository.git
    if git.resolve(ref) == (begun := _beginning(git)):
        git.run("update-ref", "-d", ref, begun)


def _beginning(git: Git) -> str:
    """Commit with which every clone's notes begin.

    It is one and the same, so that a clone that has written nothing takes over another's notes by
    a plain fetch.
    """
    tree = decode(git.run("hash-object", "-w", "-t", "tree", "--stdin", stdin=b"").stdout).strip()
    done = git.run(
        "-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-m", "gitexp's notes", tree,
        environment=_NOBODY,
    )  # fmt: skip
    return decode(done.stdout).strip()


def list_notes(repository: Repository, ref: str) -> dict[str, str]:
    """Every object with a note under a ref, with the id of the note's blob; one git process."""
    lines = repository.git.text("notes", f"--ref={ref}", "list").splitlines()
    return {noted: blob for blob, noted in (line.split() for line in lines)}


def find_lines(repository: Repository, ref: str, text: str) -> str:
    """Lines with a fixed text in any note under a ref, commits without a say; one git process."""
    done = repository.git.run(
        "grep", "-h", "--text", "--no-color", "--no-line-number", "--no-column", "--no-textconv",
        "--no-recurse-submodules", "--fixed-strings", "-e", text, ref, "--",
        allow=(1, 128),
    )  # fmt: skip
    # 128: there is no such ref yet.
    return decode(done.stdout)


def append_lines(repository: Repository, ref: str, lines: Mapping[str, Iterable[str]]) -> None:
    """Append lines to the notes of commits; lines already there are not written twice.

    Raises:
        StoreBusy: the ref stayed contended or locked; nothing was written.
    """

    def grown(commit: str, old: str) -> str:
        # Not splitlines: that also cuts at what a line of another tool may well contain (U+2028).
        known = old.split("\n") if old else []
        grown = [*known, *(line for line in lines[commit] if line not in known)]
        if '"redacted"' in old:
            from gitexp.rules.redaction import merge_lines

            # What was taken out does not come back, not even by a run that says it again.
            grown = merge_lines(*grown)
        return "\n".join(grown) + "\n"

    _edit(repository, ref, tuple(lines), grown)


def replace_notes(repository: Repository, ref: str, notes: Mapping[str, str]) -> None:
    """Set the notes of commits to the given texts (the verdict view, always derivable again).

    Raises:
        StoreBusy: the ref stayed contended or locked; nothing was written.
    """
    _edit(repository, ref, tuple(notes), lambda commit, _old: notes[commit])


def drop_past(repository: Repository, ref: str) -> None:
    """Forget where a notes ref has been, so that what was redacted is not kept alive by that."""
    repository.git.run("reflog", "expire", "--expire=all", ref, allow=(1, 128))


def _edit(
    repository: Repository,
    ref: str,
    commits: Sequence[str],
    edited: Callable[[str, str], str],
) -> None:
    if commits:
        exclusively(repository, lambda: _edit_once(repository, ref, commits, edited), ref)


def exclusively(repository: Repository, act: Callable[[], _T], what: str) -> _T:
    """Do something under the lock of the notes, again where a writer without locks came between.

    Raises:
        StoreBusy: the ref stayed contended or locked; nothing was written.
    """
    said = ""
    with locked(repository.local / "notes.lock"):
        _sweep(repository)
        for attempt in range(_ATTEMPTS):
            try:
                return act()
            except GitFailed as failure:
                said = failure.stderr.strip()
                import random

                # Jitter keeps two contenders from meeting again at the next try.
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311
    raise StoreBusy(
        f"{what} could not be written in {_ATTEMPTS} tries: {said}",
        "if no other git command is running, remove the stale lock file that it names and run"
        " the same command again",
    )


def _sweep(repository: Repository) -> None:
    """Remove what killed writers left: under the lock nobody else has a scratch ref."""
    folder = repository.common / SCRATCH
    # A ref cannot go before the lock file on it has gone.
    for left in sorted(folder.glob("*"), key=lambda path: path.suffix != ".lock"):
        if left.suffix == ".lock":
            left.unlink(missing_ok=True)
        else:
            repository.git.run("update-ref", "-d", f"{SCRATCH}/{left.name}", allow=(1, 128))


def _edit_once(
    repository: Repository,
    ref: str,
    commits: Sequence[str],
    edited: Callable[[str, str], str],
) -> None:
    git = repository.git
    environment = identity(repository)
    scratch = f"{SCRATCH}/{os.getpid()}"
    try:
        before, old = _snapshot(repository, ref, scratch, commits)
        moves = [f"delete {scratch}"]
        for commit in commits:
            text = edited(commit, old.get(commit, ""))
            if text.rstrip("\n") == old.get(commit, ""):
                continue
            _add(git, scratch, commit, text, environment)
            moves = [f"update {ref} {scratch} {before}", f"delete {scratch}"]
        git.run(
            *DURABLE, "update-ref", "-m", "gitexp", "--stdin",
            stdin="".join(f"{move}\n" for move in moves).encode(),
        )  # fmt: skip
    except BaseException:
        git.run("update-ref", "-d", scratch, allow=(1, 128))
        raise


def _add(git: Git, ref: str, commit: str, text: str, environment: Mapping[str, str]) -> None:
    content: bytes | None = text.encode(errors="surrogateescape")
    given = ("-F", "-")
    # -F strips blank lines and trailing space. Our own lines have none; what another tool wrote
    # beside them goes in as a blob, one process more, and stays as it is.
    if text != "".join(f"{line.rstrip()}\n" for line in text.split("\n") if line.strip()):
        done = git.run(*DURABLE, "hash-object", "-w", "--stdin", stdin=content)
        given, content = ("-C", decode(done.stdout).strip()), None
    git.run(
        *DURABLE, "notes", f"--ref={ref}", "add", "-f", *given, commit,
        stdin=content, environment=environment,
    )  # fmt: skip


def _snapshot(
    repository: Repository, ref: str, scratch: str, commits: Sequence[str]
) -> tuple[str, dict[str, str]]:
    """Point the scratch ref at the notes as they are now; returns their id and what they say.

    What is read and edited afterwards is under a name of our own and cannot move in between.
    """
    git = repository.git
    if git.run("update-ref", scratch, ref, allow=(1, 128)).returncode:
        if git.resolve(ref) is None:
            git.run("update-ref", scratch, _beginning(git))
            return ZERO, {}
        git.run("update-ref", scratch, ref)
    [(before, _), *notes] = _read(repository, scratch, [scratch, *commits])
    return before, dict(notes)


def identity(repository: Repository) -> dict[str, str]:
    """Name the notes' own commits where git knows no author: a result is worth more than a name."""
    given = repository.git.environment
    return {
        variable: fallback
        for variable, key, fallback in (
            ("GIT_AUTHOR_NAME", "user.name", "gitexp"),
            ("GIT_COMMITTER_NAME", "user.name", "gitexp"),
            ("GIT_AUTHOR_EMAIL", "user.email", "gitexp@localhost"),
            ("GIT_COMMITTER_EMAIL", "user.email", "gitexp@localhost"),
        )
        # An empty name counts as none, but git takes an empty variable for a name all the same.
        if not given.get(variable) and (variable in given or not repository.setting(key))
    }
