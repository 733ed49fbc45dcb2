"""Notes written so that no concurrent writer loses a line.

`git notes add` reads, edits and writes its ref without comparing: of 400 concurrent writes 67
survived, and all reported success. Here one writer at a time, under a lock, stores what all of them
want to write, and the ref moves only from the value that was read (docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, StoreBusy
from gitexp.store.aside import (
    Intent,
    files_aside,
    folder_aside,
    make_durable,
    put_aside,
    put_aside_anywhere,
    read_aside,
)
from gitexp.store.damaged_refs import broken_refs, restore_ref
from gitexp.store.git import ZERO
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import decode
from gitexp.store.reader import Reader
from gitexp.store.refs import KEPT, RUNS
from gitexp.store.writers_lock import _LOCK, DURABLE, move_refs, persist, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.store.git import Git
    from gitexp.store.repository import Repository


_NAP = 0.003  # seconds between looks at the lock
# Who wrote the commit that all notes begin with, and when: the same everywhere.
_NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "gitexp", "EMAIL": "gitexp@localhost", "DATE": "@0 +0000"}.items()
}


def begin_notes(repository: Repository, ref: str) -> bool:
    """Make a notes ref that holds nothing, unless it is there; returns whether it was made.

    About a missing one that it was told to show, git warns at every `git log`.
    """
    if repository.git.resolve(ref) is not None:
        return False
    repository.git.run("update-ref", "-m", "gitexp", ref, beginning(repository.git), ZERO)
    return True


def forget_empty_notes(repository: Repository, ref: str) -> None:
    """Remove a notes ref that nothing was written to."""
    git = repository.git
    if git.resolve(ref) == (begun := beginning(git)):
        git.run("update-ref", "-d", ref, begun)


def beginning(git: Git) -> str:
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


def append_lines(repository: Repository, ref: str, lines: Mapping[str, Iterable[str]]) -> None:
    """Append lines to the notes of commits; lines already there are not written twice.

    Raises:
        StoreBusy, NotReady: see `write`.
    """
    write(repository, [Intent(ref, commit, tuple(new)) for commit, new in lines.items()])


def replace_notes(repository: Repository, ref: str, notes: Mapping[str, str]) -> None:
    """Set the notes of commits to the given texts (the verdict view, always derivable again).

    Raises:
        StoreBusy, NotReady: see `write`.
    """
    texts = [(commit, tuple(text.split("\n"))) for commit, text in notes.items()]
    write(repository, [Intent(ref, commit, lines, whole=True) for commit, lines in texts])


def write(repository: Repository, intents: Sequence[Intent]) -> None:
    """Write notes of any refs in one step, and whatever else waits to be written.

    Raises:
        StoreBusy: a ref stayed contended or locked, or the disk is full. Nothing is half-written,
            and what was to be stored is kept aside, where the message says.
        NotReady: the repository cannot be written; likewise.
    """
    intents = [intent for intent in intents if intent.lines]
    if not intents:
        return
    own = None
    with suppress(OSError):
        own = put_aside(repository, intents)
    try:
        # Whoever holds the lock may store it for us, and has read it back when the file goes.
        while own is None or own.exists():
            with writing(repository, wait=own is None) as lock:
                if lock is not None:
                    _write_all(repository, intents if own is None else [], lock)
                    return
            time.sleep(_NAP)
    except GitexpError as error:
        if own is not None:
            make_durable(own)
            message = f"{error.message}\nwhat was to be stored is kept in {own}"
            hint = "the next gitexp command stores it"
        elif elsewhere := put_aside_anywhere(intents):
            message = f"{error.message}\nwhat was to be stored is kept in {elsewhere}"
            hint = f"then: mv {elsewhere} {folder_aside(repository)} && gitexp doctor --fix"
        else:
            lost = "\n".join(line for intent in intents for line in intent.lines)
            message = f"{error.message}\nwhat was to be stored could be kept nowhere:\n{lost}"
            hint = ""
        kind = NotReady if isinstance(error, NotReady) else StoreBusy
        raise kind(message, "\n".join(filter(None, (error.hint, hint)))) from None


def store_aside(repository: Repository) -> None:
    """Store what earlier commands had to keep aside.

    Raises:
        StoreBusy, NotReady: it still cannot be stored, and stays where it is.
    """
    if files_aside(repository):
        with writing(repository) as lock:
            if lock is not None:
                _write_all(repository, [], lock)


def mend_refs(repository: Repository) -> None:
    """Set right what a crash or a kill left behind, before anybody reads.

    Damaged refs are put back where they stood, locks of a git that died with its command go, and
    what waits is stored. What cannot be stored now waits on: commands that write say so.

    Raises:
        NotReady: nothing says where one of the refs stood.
    """
    if broken := broken_refs(repository):
        with writing(repository):
            for ref in broken:
                restore_ref(repository, ref)
    with suppress(GitexpError, OSError):
        if files_aside(repository) or (repository.local / _LOCK).stat().st_size:
            with writing(repository, wait=False) as lock:
                if lock is not None:
                    _write_all(repository, [], lock, attempts=1)


def _write_all(
    repository: Repository, intents: Sequence[Intent], lock: int, attempts: int = 0
) -> None:
    """Write what waits in files, and further intents."""
    files = {path: read_aside(path) for path in files_aside(repository)}
    waiting = [intent for found in files.values() for intent in found or ()]
    if waiting or intents:
        _write_surely(repository, [*waiting, *intents], lock, attempts)
    for path, found in files.items():
        if found is not None:
            path.unlink(missing_ok=True)


def _write_surely(
    repository: Repository, intents: Sequence[Intent], lock: int, attempts: int
) -> None:
    def act() -> None:
        if not _write_once(repository, intents, lock):
            said = "what was written is not there, so another writer overwrote it"
            raise GitFailed(["notes"], 1, said)

    persist(act, attempts)


def _write_once(repository: Repository, intents: Sequence[Intent], lock: int) -> bool:
    """Write intents as one commit a ref and read them back; False where they are not there."""
    from gitexp.store.objects import NotesTree, Pack  # loads OpenSSL

    # Of two views of one commit the later one counts.
    intents = list({(i.ref, i.commit, () if i.whole else i.lines): i for i in intents}.values())
    refs = dict.fromkeys(intent.ref for intent in intents)
    digits = len(intents[0].commit)
    pack, moves = Pack(digits), []
    with Reader(repository.git) as reader:
        for ref in refs:
            notes, changed = NotesTree(reader, ref, digits), False
            for intent in (intent for intent in intents if intent.ref == ref):
                old = notes.note(intent.commit)
                new = intent.applied(old)
                if new == old:
                    continue
                changed = True
                notes.set_note(intent.commit, new, pack)
                if ref == RUNS and not old and reader.read(intent.commit) is not None:
                    moves.append(f"update {KEPT}{intent.commit} {intent.commit}")
            if changed:
                parent = notes.commit or beginning(repository.git)
                tip = pack.add("commit", commit_of(repository, notes.write(pack), [parent]))
                moves.append(f"update {ref} {tip} {notes.commit or ZERO}")
        if not moves:
            return True
        repository.git.run(*DURABLE, "unpack-objects", "-q", stdin=bytes(pack), hold=(lock,))
        move_refs(repository, moves, lock)
        found = {ref: NotesTree(reader, ref, digits) for ref in refs}
        return all(i.applied(note := found[i.ref].note(i.commit)) == note for i in intents)


def commit_of(repository: Repository, tree: str, parents: Iterable[str]) -> bytes:
    """Write a commit of a notes ref, by whom `git notes` would name.

    Where git knows no author, gitexp is: a result is worth more than a name.
    """
    now = f"{int(time.time())} {time.strftime('%z')}"
    people = [f"{role} {_person(repository, role)} {now}" for role in ("author", "committer")]
    before = [f"parent {parent}" for parent in parents]
    text = "\n".join([f"tree {tree}", *before, *people, "", "Notes added by gitexp\n"])
    return text.encode(errors="surrogateescape")


def _person(repository: Repository, role: str) -> str:
    given = repository.git.environment
    name, email = (
        next(
            word
            for value in (
                given.get(f"GIT_{role}_{what}".upper()), repository.setting(f"{role}.{what}"),
                repository.setting(f"user.{what}"), given.get("EMAIL") if what == "email" else "",
                fallback,
            )
            # What git takes for the end of a name cannot be part of one.
            if (word := re.sub(r"[<>\n\0]", "", value or "").strip())
        )
        for what, fallback in (("name", "gitexp"), ("email", "gitexp@localhost"))
    )  # fmt: skip
    return f"{name} <{email}>"
