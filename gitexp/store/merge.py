"""All notes of a ref at once: read by one process, merged line by line, written by one process.

`git notes merge` takes over what the other side deleted and knows no tombstones, and `git notes
add` is a process a note. So notes are merged here, and git fast-import writes what came of it
(docs/decisions/0010-sharing.md).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitexp.rules.redaction import merge_lines
from gitexp.store.git import decode
from gitexp.store.notes import DURABLE, SCRATCH, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.store.git import Repository

_NOTED = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

# A note to be written: its text, or the id of a blob that git has already; None removes it.
Written = str | bytes | None


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes that a commit of a notes ref holds.

    `blobs` and `paths` say for each commit that is noted where its text is. `commit` and `tree` are
    empty where the ref is not there.
    """

    commit: str = ""
    tree: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)


def read_all(repository: Repository, revision: str) -> Notes:
    """Read which notes there are; three git processes."""
    git = repository.git
    commit = git.resolve(revision)
    if commit is None:
        return Notes()
    tree = git.text("rev-parse", f"{commit}^{{tree}}")
    blobs, paths = {}, {}
    for entry in decode(git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout).split("\0"):
        header, _, path = entry.partition("\t")
        noted = path.replace("/", "")
        # git keeps what else lies there, and so do we; it is no note.
        if _NOTED.fullmatch(noted) and header.split(" ")[1] == "blob":
            blobs[noted], paths[noted] = header.split(" ")[2], path
    return Notes(commit, tree, blobs, paths)


def read_texts(repository: Repository, notes: Notes, noted: Iterable[str]) -> dict[str, str]:
    """Texts of the notes on the given commits; those without one are left out. One process."""
    there = [commit for commit in noted if commit in notes.blobs]
    contents = repository.git.objects([notes.blobs[commit] for commit in there])
    return {c: decode(text or b"") for c, text in zip(there, contents, strict=True)}


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging another side's notes with ours gives; `after` is the commit that holds it.

    `came` and `went` are the lines that we lacked and that they lacked, by the commit noted: all of
    them where the merge counted, else those of notes that both sides have. `ours_stained` and
    `theirs_stained` say of a side that it still has what was redacted.
    """

    ours: Notes
    theirs: Notes
    after: str
    came: Mapping[str, set[str]]
    went: Mapping[str, set[str]]
    ours_stained: bool = False
    theirs_stained: bool = False


def merge(
    repository: Repository,
    ref: str,
    theirs: Notes,
    more: Mapping[str, Sequence[str]],
    *,
    count: bool = False,
    write: bool = True,
) -> Merged:
    """Merge another side's notes, and `more` lines, with ours; no ref moves.

    A side that still has what was redacted does not become a parent, so that its past is not passed
    on. To be called under the lock of the notes.
    """
    ours = read_all(repository, ref)
    if ours.commit == theirs.commit and not more:
        return Merged(ours, theirs, ours.commit, {}, {})
    differing = {c for c, blob in ours.blobs.items() if theirs.blobs.get(c) != blob} | more.keys()
    differing |= theirs.blobs.keys() - ours.blobs.keys()
    # Notes that one side alone has go over as they are; there may be gigabytes of bulk.
    both = ours.blobs.keys() & theirs.blobs.keys()
    read = sorted(c for c in differing if count or c in both or c in more)
    mine, others = read_texts(repository, ours, read), read_texts(repository, theirs, read)
    base, other = (ours, theirs) if len(ours.blobs) >= len(theirs.blobs) else (theirs, ours)
    changes: dict[str, Written] = {
        c: other.blobs[c] for c in differing - {*read} if c not in base.blobs
    }
    came: dict[str, set[str]] = {}
    went: dict[str, set[str]] = {}
    stained = [False, False]
    for commit in read:
        texts = mine.get(commit, ""), others.get(commit, "")
        lines = merge_lines(*texts, *more.get(commit, ()))
        had = [_lines(text) for text in texts]
        stained = [old or not has <= {*lines} for old, has in zip(stained, had, strict=True)]
        came[commit] = {*lines} - had[0]
        went[commit] = {*lines} - had[1] - {*more.get(commit, ())}
        due: Written = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
        for side, has in ((theirs, had[1]), (ours, had[0])):
            if has == {*lines} and (commit not in both or base is side):
                due = side.blobs[commit]  # to the byte, whatever the order of its lines
        if due != base.blobs.get(commit):
            changes[commit] = due
    clean = [
        s.commit for s, bad in zip((ours, theirs), stained, strict=True) if s.commit and not bad
    ]
    parents = _heads(repository, clean)
    after = ""
    if write:
        after = write_all(repository, base, changes, parents)
    return Merged(ours, theirs, after, _filled(came), _filled(went), *stained)


def _lines(text: str) -> set[str]:
    return {line for line in text.split("\n") if line.strip()}


def _filled(lines: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {commit: found for commit, found in lines.items() if found}


def _heads(repository: Repository, commits: Sequence[str]) -> list[str]:
    """Those of (at most two) commits that are not part of the other's past."""
    if len(commits) < 2:
        return [*commits]
    one, two = commits
    if repository.git.succeeds("merge-base", "--is-ancestor", one, two):
        return [two]
    if repository.git.succeeds("merge-base", "--is-ancestor", two, one):
        return [one]
    return [one, two]


def write_all(
    repository: Repository, base: Notes, changes: Mapping[str, Written], parents: Sequence[str]
) -> str:
    """Make a commit that holds the notes of `base`, some of them changed; returns its id.

    One process, however many there are; none where a parent holds just that. Notes on commits that
    this clone lacks are written like all others.
    """
    git = repository.git
    if not changes and len(parents) == 1:
        if parents[0] == base.commit:
            return base.commit
        if git.text("rev-parse", f"{parents[0]}^{{tree}}") == base.tree:
            return parents[0]
    if not changes and not parents and not base.commit:
        return ""
    who = git.run("var", "GIT_COMMITTER_IDENT", environment=identity(repository)).stdout.strip()
    scratch = f"{SCRATCH}/{os.getpid()}"
    out = [b"commit %s\ncommitter %s\n" % (scratch.encode(), who), _data(b"gitexp")]
    for word, parent in zip(("from", "merge"), parents, strict=False):
        out.append(f"{word} {parent}\n".encode())
    out.append(b"deleteall\n" if not base.tree else f'M 040000 {base.tree} ""\n'.encode())
    folders = {path[: at.start()] for path in base.paths.values() for at in re.finditer("/", path)}
    for commit, due in sorted(changes.items()):
        path = base.paths.get(commit) or _path(commit, folders)
        if due is None:
            out.append(f"D {path}\n".encode())
        elif isinstance(due, str):
            out.append(f"M 100644 {due} {path}\n".encode())
        else:
            out += [f"M 100644 inline {path}\n".encode(), _data(due)]
    out.append(b"done\n")
    git.run("update-ref", "-d", scratch, allow=(1, 128))
    git.run(*DURABLE, "fast-import", "--quiet", "--done", "--date-format=raw", stdin=b"".join(out))
    return git.text("rev-parse", "--verify", scratch)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _path(commit: str, folders: set[str]) -> str:
    """Where a new note belongs among notes that git has sorted into folders of two digits."""
    path, rest = "", commit
    while f"{path}{rest[:2]}" in folders:
        path, rest = f"{path}{rest[:2]}/", rest[2:]
    return path + rest


def move(repository: Repository, moves: Mapping[str, tuple[str, str]]) -> None:
    """Move refs from old commits to new ones ("" for none), all or none of them.

    Raises:
        GitFailed: one of them is no longer where it was, or is locked.
    """
    lines = [f"update {ref} {new} {old}\n" for ref, (old, new) in moves.items() if new != old]
    lines.append(f"delete {SCRATCH}/{os.getpid()}\n")
    repository.git.run(
        *DURABLE, "update-ref", "-m", "gitexp", "--stdin", stdin="".join(lines).encode()
    )
