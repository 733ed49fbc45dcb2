"""Read or write all notes of a ref at once, with one process."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitexp.store.commits import write_blob
from gitexp.store.git_output import decode
from gitexp.store.kept_pack import keep
from gitexp.store.note_commits import begin, commit_of
from gitexp.store.objects import NotesTree
from gitexp.store.pack import Pack
from gitexp.store.repository import Repository

_NOTED = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# A note to write: its text, or the id of a blob that git already has.
NoteContent = str | bytes


@dataclass(frozen=True, slots=True)
class NotesSnapshot:
    """The notes in a commit of a notes ref.

    `blobs` has the blob of each note, by the commit that it is about. `commit` and `tree` are empty
    if the ref does not exist.
    """

    commit: str = ""
    tree: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)


def read_all(repository: Repository, revision: str) -> NotesSnapshot:
    """Read which notes there are; three git processes.

    Several notes of one commit, in folders of different depth, become one, as git shows them.
    """
    git = repository.git
    commit = git.resolve(revision)
    if commit is None:
        return NotesSnapshot()
    tree = git.text("rev-parse", f"{commit}^{{tree}}")
    found = defaultdict[str, list[str]](list)
    for entry in decode(git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout).split("\0"):
        header, _, path = entry.partition("\t")
        noted = path.replace("/", "")
        # Whatever else is there is not a note; git keeps it, and so do we.
        if _NOTED.fullmatch(noted) and header.split(" ")[1] == "blob":
            found[noted].append(header.split(" ")[2])
    blobs = {noted: _joined(repository, several) for noted, several in found.items()}
    return NotesSnapshot(commit, tree, blobs)


def _joined(repository: Repository, blobs: Sequence[str]) -> str:
    if len(blobs) == 1:
        return blobs[0]
    with repository.git.readers.take() as reader:
        texts = list(reader.read_notes(blobs, sys.maxsize))
    there = [text for text in texts if text is not None]
    if len(there) < len(blobs):
        return blobs[texts.index(None)]  # what is missed by whoever reads it
    return write_blob(repository, b"\n".join(there))


def read_texts(
    repository: Repository, notes: NotesSnapshot, noted: Iterable[str]
) -> dict[str, str]:
    """Read the notes of commits, one process; commits without a note are left out."""
    there = [commit for commit in noted if commit in notes.blobs]
    with repository.git.readers.take() as reader:
        contents = reader.read_notes([notes.blobs[commit] for commit in there], sys.maxsize)
        return {c: decode(text or b"") for c, text in zip(there, contents, strict=True)}


def write_all(
    repository: Repository,
    base: NotesSnapshot,
    changes: Mapping[str, NoteContent],
    parents: Sequence[str],
    subject: str,
) -> str:
    """Make a commit with the notes of `base`, some of them changed; returns its id.

    One process, however many notes there are, or none if a parent has just these notes. Without
    parents, the history starts over with the commit that all notes begin with. The commits that
    the notes are about need not be in this clone. No gc takes the commit until `free_kept`.
    """
    git = repository.git
    if not changes and len(parents) == 1:
        if parents[0] == base.commit:
            return base.commit
        if git.text("rev-parse", f"{parents[0]}^{{tree}}") == base.tree:
            return parents[0]
    if not changes and not parents and not base.commit:
        return ""
    digits = repository.digits
    pack = Pack(digits)
    with git.readers.take() as reader:
        notes = NotesTree(reader, base.commit or "0" * digits, digits)
        for commit, due in changes.items():
            if isinstance(due, str):
                notes.set_blob(commit, due)
            else:
                notes.set_note(commit, due, pack)
        tree = notes.write(pack)
        tip = pack.add("commit", commit_of(repository, tree, parents or [begin(pack)], subject))
    keep(repository, pack)
    return tip
