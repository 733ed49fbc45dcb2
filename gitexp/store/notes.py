"""Read notes: those of some commits, the ids of all, or the lines that have a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING

from gitexp.store.git_output import decode
from gitexp.store.objects import NotesTree
from gitexp.store.repository import Repository
from gitexp.store.sifting import sift

if TYPE_CHECKING:
    from gitexp.store.reader import Reader

_PIECE = 1 << 20  # bytes that are read at a time
_FEW = 100  # commits whose notes are looked up one by one, not in the list of all


def read_notes(repository: Repository, ref: str, commits: Sequence[str]) -> dict[str, str]:
    """Read the notes of commits under one ref, as text; commits without a note are left out."""
    if not commits:
        return {}
    commits = list(dict.fromkeys(commits))
    listed = list_notes(repository, ref) if len(commits) > _FEW else None
    with repository.git.readers.take() as reader:
        blobs = _find(repository, reader, ref, commits) if listed is None else listed
        noted = [commit for commit in commits if commit in blobs]
        found = dict(zip(noted, reader.read_notes([blobs[c] for c in noted]), strict=True))
    texts = {commit: decode(text or b"").strip("\n") for commit, text in found.items()}
    return {commit: text for commit, text in texts.items() if text.strip()}


def list_notes(repository: Repository, ref: str) -> dict[str, str]:
    """List every object that has a note under a ref, with the note's blob; one git process.

    Of an object with several notes, in folders of different depth, git makes one note.
    """
    lines = repository.git.text("notes", f"--ref={ref}", "list").splitlines()
    return {noted: blob for blob, noted in (line.split() for line in lines)}


def find_notes(repository: Repository, ref: str, commits: Iterable[str]) -> dict[str, str]:
    """Find the blobs of the notes of some commits, without listing all notes.

    Commits without a note are left out.
    """
    with repository.git.readers.take() as reader:
        return _find(repository, reader, ref, commits)


def _find(
    repository: Repository, reader: Reader, ref: str, commits: Iterable[str]
) -> dict[str, str]:
    found = {}
    several = set()
    tree: NotesTree | None = None
    for commit in filter(None, commits):  # of a parent that it lacks, a shallow clone knows nothing
        tree = tree or NotesTree(reader, ref, len(commit))
        if blobs := tree.blobs(commit):
            found[commit] = blobs[0]
            if len(blobs) > 1:
                several.add(commit)
    if several:  # nobody hides a note behind another one: git joins them
        listed = list_notes(repository, ref)
        found |= {commit: listed[commit] for commit in several}
    return found


def each_note(
    repository: Repository, ref: str, commits: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Read the notes of commits one after the other, "" where there is none.

    One is in memory at a time: the outcomes of one experiment may take megabytes.
    """
    asked, blobs = [*commits], list_notes(repository, ref)
    contents = repository.git.each(blobs.get(commit, f"{commit}^{{blob}}") for commit in asked)
    for commit, content in zip(asked, contents, strict=True):
        yield commit, decode(content or b"")


def find_lines(repository: Repository, ref: str, text: str) -> str:
    """Find gitexp's lines with a text in any note under a ref, whatever commit; one git process."""
    with repository.git.start(
        "grep", "-h", "--text", "--no-color", "--no-line-number", "--no-column", "--no-textconv",
        "--no-recurse-submodules", "--fixed-strings", "-e", text, ref, "--",
        stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - asked for above
        # Whatever git says: without the ref there are no lines.
        return decode(sift(iter(partial(process.stdout.read, _PIECE), b"")))
