"""Read notes: those of some commits, the ids of all, or the lines that have a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.store.git_output import decode
from gitexp.store.objects import NotesTree
from gitexp.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.store.repository import Repository


def read_notes(repository: Repository, ref: str, commits: Sequence[str]) -> dict[str, str]:
    """Read the notes of commits under one ref, as text; commits without a note are left out."""
    if not commits:
        return {}
    done = repository.git.run(
        "log", "--no-walk=unsorted", "--stdin", f"--notes={ref}", "-z", "--encoding=UTF-8",
        "--no-show-signature", "--no-color", "--format=%H%n%N",
        stdin="".join(f"{commit}\n" for commit in dict.fromkeys(commits)).encode(),
    )  # fmt: skip
    entries = (entry.partition("\n") for entry in decode(done.stdout).split("\0"))
    return {commit: text.strip("\n") for commit, _, text in entries if text.strip()}


def list_notes(repository: Repository, ref: str) -> dict[str, str]:
    """List every object that has a note under a ref, with the note's blob; one git process."""
    lines = repository.git.text("notes", f"--ref={ref}", "list").splitlines()
    return {noted: blob for blob, noted in (line.split() for line in lines)}


def find_notes(repository: Repository, ref: str, commits: Iterable[str]) -> dict[str, str]:
    """Find the blobs of the notes of some commits, without listing all notes.

    Commits without a note are left out.
    """
    found = {}
    with Reader(repository.git) as reader:
        tree: NotesTree | None = None
        for commit in commits:
            tree = tree or NotesTree(reader, ref, len(commit))
            if blob := tree.blob(commit):
                found[commit] = blob
    return found


def find_lines(repository: Repository, ref: str, text: str) -> str:
    """Find the lines with a text in any note under a ref, whatever commit; one git process."""
    done = repository.git.run(
        "grep", "-h", "--text", "--no-color", "--no-line-number", "--no-column", "--no-textconv",
        "--no-recurse-submodules", "--fixed-strings", "-e", text, ref, "--",
        allow=(1, 128),
    )  # fmt: skip
    # 128: the ref does not exist yet.
    return decode(done.stdout)
