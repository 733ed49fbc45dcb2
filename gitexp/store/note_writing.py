"""Write notes so that no concurrent writer loses a line.

`git notes add` reads, edits and writes its ref without comparing: of 400 concurrent writes 67
survived, and all of them reported success. Here one writer at a time, under a lock, stores what all
of them want to write, and the ref moves only from the value that was read
(docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

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
from gitexp.store.git import ZERO
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import one_a_line
from gitexp.store.kept_pack import kept
from gitexp.store.note_commits import begin, commit_of
from gitexp.store.note_subjects import notes_subject
from gitexp.store.objects import NotesTree
from gitexp.store.pack import Pack
from gitexp.store.refs import KEPT, RUNS
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs, persist, writing

_NAP = 0.003  # seconds between looks at the lock


def append_lines(repository: Repository, ref: str, lines: Mapping[str, Iterable[str]]) -> None:
    """Append lines to the notes of commits; a line that is already there is not repeated.

    Raises:
        StoreBusy, NotReady: see `write`.
    """
    write(repository, [Intent(ref, commit, tuple(new)) for commit, new in lines.items()])


def replace_notes(repository: Repository, ref: str, notes: Mapping[str, str]) -> None:
    """Set the notes of commits to the given texts, for notes that can be computed again.

    Raises:
        StoreBusy, NotReady: see `write`.
    """
    texts = [(commit, tuple(text.split("\n"))) for commit, text in notes.items()]
    write(repository, [Intent(ref, commit, lines, whole=True) for commit, lines in texts])


def write(repository: Repository, intents: Sequence[Intent], pauses: Iterable[float] = ()) -> None:
    """Write notes under any refs in one step, along with whatever else waits to be written.

    What fails is tried again after each of these `pauses`, in seconds.

    Raises:
        StoreBusy: a ref stayed contended or locked, or the disk is full. Nothing is half-written;
            the message says where the results are kept in the meantime.
        NotReady: the repository cannot be written; the same holds.
    """
    intents = [intent for intent in intents if intent.lines]
    if not intents:
        return
    own, left = None, iter(pauses)
    while True:
        if own is None:
            with suppress(OSError):
                own = put_aside(repository, intents)
        try:
            _store(repository, intents, own)
        except GitexpError as error:
            pause = next(left, None)
            if pause is None:
                raise _kept_elsewhere(repository, intents, own, error) from None
            time.sleep(pause)
        else:
            return


def _store(repository: Repository, intents: Sequence[Intent], own: Path | None) -> None:
    """Store intents, or see somebody store the file of `own` in which they wait."""
    # Whoever holds the lock may do it for us. Our file is removed after that is verified.
    while own is None or own.exists():
        with writing(repository, wait=own is None) as lock:
            if lock is not None:
                store_waiting(repository, intents if own is None else [], lock)
                return
        time.sleep(_NAP)


def _kept_elsewhere(
    repository: Repository, intents: Sequence[Intent], own: Path | None, error: GitexpError
) -> GitexpError:
    """The error with where the results are that could not be stored."""
    if own is not None:
        make_durable(own)
        message = f"{error.message}\nthe result is kept in {own}"
        hint = "the next gitexp command stores it"
    elif elsewhere := put_aside_anywhere(intents):
        message = f"{error.message}\nthe result is kept in {elsewhere}"
        hint = f"then: mv {elsewhere} {folder_aside(repository)} && gitexp doctor --fix"
    else:
        lost = "\n".join(line for intent in intents for line in intent.lines)
        message = f"{error.message}\nthe result could not be kept anywhere:\n{lost}"
        hint = ""
    kind = NotReady if isinstance(error, NotReady) else StoreBusy
    return kind(message, "\n".join(filter(None, (error.hint, hint))))


def store_aside(repository: Repository) -> None:
    """Store what earlier commands could not store.

    Raises:
        StoreBusy, NotReady: it still cannot be stored, and stays where it is.
    """
    if files_aside(repository):
        with writing(repository) as lock:
            store_waiting(repository, [], lock)


def store_waiting(
    repository: Repository, intents: Sequence[Intent], lock: int, attempts: int = 0
) -> None:
    """Store what waits in files, and further intents, under `writing`."""
    files = {path: read_aside(path) for path in files_aside(repository)}
    waiting = [intent for found in files.values() for intent in found or ()]
    if waiting or intents:
        every = [*waiting, *intents]
        persist(lambda: _write_once(repository, every, lock), attempts)
    for path, found in files.items():
        if found is not None:
            path.unlink(missing_ok=True)


def _write_once(repository: Repository, intents: Sequence[Intent], lock: int) -> None:
    """Write intents as one commit per ref and read them back.

    Raises:
        GitFailed: they are not there, or a ref has moved.
    """
    digits = len(intents[0].commit)
    pack = Pack(digits)
    # Their refs move first: a run that is in the notes alone would neither be sent nor made again.
    runs = {one.ref: pack.add("blob", one_a_line(one.lines)) for one in intents if one.is_run}
    moves = [f"update {ref} {blob}" for ref, blob in runs.items()]
    # Of two verdicts on one commit, the later one counts.
    notes_of = (one for one in intents if not one.is_run)
    intents = list({(i.ref, i.commit, () if i.whole else i.lines): i for i in notes_of}.values())
    refs = dict.fromkeys(intent.ref for intent in intents)
    stored: dict[str, list[str]]
    with repository.git.readers.take() as reader:
        for ref in refs:
            notes, stored = NotesTree(reader, ref, digits), {}
            for intent in (intent for intent in intents if intent.ref == ref):
                old = notes.note(intent.commit)
                new = intent.applied(old)
                if new == old:
                    continue
                stored.setdefault(intent.commit, []).extend(intent.news(old))
                notes.set_note(intent.commit, new, pack)
                if ref == RUNS and not old and reader.read(intent.commit) is not None:
                    moves.append(f"update {KEPT}{intent.commit} {intent.commit}")
            if stored:
                parent, tree = notes.commit or begin(pack), notes.write(pack)
                subject = notes_subject(reader, ref, stored)
                tip = pack.add("commit", commit_of(repository, tree, [parent], subject))
                moves.append(f"update {ref} {tip} {notes.commit or ZERO}")
        if not moves:
            return
        with kept(repository, pack):
            move_refs(repository, moves, lock)
        found = {ref: NotesTree(reader, ref, digits) for ref in refs}
        if any(i.applied(note := found[i.ref].note(i.commit)) != note for i in intents):
            raise GitFailed(["notes"], 1, "another writer overwrote what was written")
