"""Results as git notes that no concurrent writer loses.

`git notes add` reads, edits and writes its ref without comparing: of 400 concurrent writes 67
survived, and all reported success. Here one writer at a time, under a lock, stores what all of them
want to write, and the ref moves only from the value that was read (docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import os
import re
import shlex
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

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
from gitexp.store.cache import remove_cache
from gitexp.store.git import ZERO, GitFailed, Reader, decode
from gitexp.store.local import locked, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitexp.store.git import Git, Repository

_T = TypeVar("_T")

VERDICTS = "refs/notes/gitexp"
RUNS = "refs/notes/gitexp-runs"
BULK = "refs/notes/gitexp-data"
LOGS = "refs/notes/gitexp-logs"
KEPT = "refs/gitexp/kept/"  # commits with records, kept alive whatever becomes of their branch
_NOTES = (VERDICTS, RUNS, BULK, LOGS)
_PACKING = "pack-refs"  # stands in the lock where no ref moves, but all are packed

# Under the lock only a writer that is not gitexp (a fetch, a bare `git notes`) can get between
# reading the ref and moving it. Twenty tries with growing pauses last about ten seconds.
_ATTEMPTS = 20
_LONGEST_PAUSE = 1.0
_MOST = 1 << 16  # bytes that are kept of what a writer is about to move
_LOCK = "notes.lock"  # holds what its holder moves just now
_NAP = 0.003  # seconds between looks at the lock
_SURE = 1.0  # seconds after which a lock file that git has not filled is nobody's any more

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


def list_notes(repository: Repository, ref: str) -> dict[str, str]:
    """Every object with a note under a ref, with the id of the note's blob; one git process."""
    lines = repository.git.text("notes", f"--ref={ref}", "list").splitlines()
    return {noted: blob for blob, noted in (line.split() for line in lines)}


def find_notes(repository: Repository, ref: str, commits: Iterable[str]) -> dict[str, str]:
    """Ids of the notes of some commits, without listing all; a commit that has none is left out."""
    from gitexp.store.objects import NotesTree

    found = {}
    with Reader(repository.git) as reader:
        tree: NotesTree | None = None
        for commit in commits:
            tree = tree or NotesTree(reader, ref, len(commit))
            if blob := tree.blob(commit):
                found[commit] = blob
    return found


@dataclass(frozen=True, slots=True)
class Cut:
    """An edit, in a notes' commit, after which a note lacked lines that it had before.

    `noted` is what the note is about, `before` and `after` its blobs; None where it was removed.
    """

    edit: str
    noted: str
    before: str
    after: str | None


def find_cuts(repository: Repository, ref: str) -> list[Cut]:
    """Edits that took or changed lines of a note, newest first; one git process.

    A note that only moved, as git sorts many into folders, has the same blob before and after.
    """
    done = repository.git.run(
        "log", "-m", "--raw", "--numstat", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
        "--no-textconv", "--no-notes", "--no-color", "--no-show-signature", "--format=%x02%H",
        ref, "--", allow=(128,),
    )  # fmt: skip
    cuts = []
    for text in decode(done.stdout).split("\x02")[1:]:
        edit, _, listed = text.partition("\0")
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        cut: set[str] = set()
        fields = iter(listed.lstrip("\n").split("\0"))
        for field in fields:
            if field.startswith(":"):
                _, _, old, new, status = field.split(" ")
                noted = next(fields).replace("/", "")
                if status != "A":
                    before[noted] = old
                if status != "D":
                    after[noted] = new
            elif field.strip():
                _, taken, path = field.split("\t")
                if taken != "0":
                    cut.add(path.replace("/", ""))
        cuts += [
            Cut(edit, noted, before[noted], after.get(noted))
            for noted in sorted(cut & before.keys())
            if before[noted] != after.get(noted)
        ]
    return cuts


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


@contextmanager
def writing(repository: Repository, *, wait: bool = True) -> Iterator[int | None]:
    """Keep every other writer of this clone out; yields the lock, or None where it is taken.

    Where the writer before was killed, the locks that its git left behind are removed. A ref that
    a crash of the machine left empty points to what its reflog says.

    Raises:
        NotReady: the lock file cannot be opened.
    """
    with locked(repository.local / _LOCK, wait=wait) as lock:
        if lock is not None:
            if before := os.pread(lock, _MOST, 0):
                _clear(repository, before.decode(errors="replace"), lock)
                os.ftruncate(lock, 0)
            for ref in _broken(repository, _NOTES):
                restore_ref(repository, ref)
        yield lock


def move_refs(
    repository: Repository, moves: Sequence[str], lock: int, *, durable: bool = True
) -> None:
    """Carry out lines for `git update-ref --stdin`, all or none, under `writing`.

    What can be had again need not be `durable`: each ref that is takes 4 ms.
    """
    text = "".join(f"{move}\n" for move in moves)
    surely = DURABLE if durable else ()
    with _announced(repository, text, lock):
        # Notes and branches get a reflog, in a bare repository too. What keeps a commit alive says
        # where it stands by its name: a hundred thousand files would say nothing more.
        repository.git.run(
            *surely, "-c", "core.logAllRefUpdates=true", "update-ref", "-m", "gitexp", "--stdin",
            stdin=text.encode(), hold=(lock,),
        )  # fmt: skip


def pack_refs(repository: Repository, lock: int) -> None:
    """Put all refs into one file, under `writing`."""
    with _announced(repository, _PACKING, lock):
        repository.git.run("pack-refs", "--all", hold=(lock,))


@contextmanager
def _announced(repository: Repository, moves: str, lock: int) -> Iterator[None]:
    """Say what git is about to do to whoever has the lock after us, if we are killed meanwhile."""
    with suppress(OSError):
        os.pwrite(lock, moves.encode()[:_MOST], 0)
    try:
        yield
    except GitexpError as error:
        if isinstance(error, GitFailed) and error.code < 0:  # git was killed, and may have left
            _clear(repository, moves, lock)  # its locks
        os.ftruncate(lock, 0)
        raise
    os.ftruncate(lock, 0)


def _clear(repository: Repository, moves: str, lock: int) -> None:
    """Remove the locks of a git of ours that was killed while it moved these refs.

    It held the writers' lock, which has come to us, so it lives no more. Its locks are younger than
    what stands in ours. One of anybody else's git says something else than what was to be written
    here, or is soon gone.
    """
    common, since = repository.common, os.fstat(lock).st_mtime
    due: dict[Path, str | None] = {}  # what a lock file of ours says; None: whatever it says
    for move in moves.splitlines():
        verb, _, rest = move.partition(" ")
        ref, _, values = rest.partition(" ")
        if ref.startswith("refs/"):
            due[common / f"{ref}.lock"] = values.split(" ")[0] if verb != "delete" else ""
        if verb == _PACKING:
            due |= dict.fromkeys((common / "refs").rglob("*.lock"), "")
        if verb in {"delete", _PACKING}:
            due |= dict.fromkeys(packing_locks(repository))
    for path, says in due.items():
        with suppress(OSError):
            made = path.stat().st_mtime
            if says is None or not path.read_bytes():
                time.sleep(max(0.0, _SURE - (time.time() - made)))
            if made >= since and (says is None or path.read_text().strip() in {"", says}):
                path.unlink()


def packing_locks(repository: Repository) -> list[Path]:
    """Files that a git which was killed while it packed refs leaves, and no git writes past."""
    return [repository.common / f"packed-refs.{ending}" for ending in ("lock", "new")]


def broken_refs(repository: Repository) -> list[str]:
    """Refs of gitexp whose file says nothing that git can read.

    git takes such notes for none, and fails where a listing meets such a branch.
    """
    common = repository.common
    folders = [common / "refs/heads/exp", common / "refs/gitexp"]
    folders += (common / "refs/remotes").glob("*/exp")
    refs = [
        os.path.relpath(os.path.join(folder, name), common)  # noqa: PTH118 - half the time
        for top in folders
        for folder, _, names in os.walk(top)
        for name in names
        if not name.startswith(".") and not name.endswith(".lock")
    ]
    return _broken(repository, [*_NOTES, *refs])


def _broken(repository: Repository, refs: Iterable[str]) -> list[str]:
    found = []
    for ref in refs:
        with suppress(OSError), open(f"{repository.common}/{ref}", "rb") as file:  # noqa: PTH123
            if not re.fullmatch(rb"ref:.*|[0-9a-f]{40}|[0-9a-f]{64}", file.read().strip()):
                found.append(ref)
    return found


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


def restore_ref(repository: Repository, ref: str) -> None:
    """Point a damaged ref to the last place that is known of it; under `writing`.

    What was fetched and can be again, and what `gitexp log` finds by itself, is removed instead.

    Raises:
        NotReady: nothing says where it stood.
    """
    if not _broken(repository, [ref]):
        return  # somebody else has put it back
    path, values = repository.common / ref, []
    with suppress(OSError):
        moves = (repository.common / "logs" / ref).read_bytes().splitlines()
        values = [move.split(b" ")[1].decode() for move in reversed(moves) if b" " in move]
    with suppress(OSError):
        packed = (repository.common / "packed-refs").read_text(errors="replace").splitlines()
        values += [line.split(" ")[0] for line in packed if line.endswith(f" {ref}")]
    if ref.startswith(KEPT):
        values.append(ref.removeprefix(KEPT))
    for value in dict.fromkeys(values):
        if repository.git.succeeds("ls-tree", "-r", "-t", value):
            write_atomically(path, f"{value}\n".encode())
            return
    if not ref.startswith(("refs/heads/", "refs/notes/")):
        path.unlink()
        return
    raise NotReady(
        f"{path} is damaged, and nothing here says where {ref} stood",
        f"rm {shlex.quote(str(path))}, then fetch {ref} from where it was pushed to",
    )


def drop_past(repository: Repository, ref: str) -> None:
    """Forget where a notes ref has been, so that what was redacted is not kept alive by that."""
    remove_cache(repository.local)
    repository.git.run("reflog", "expire", "--expire=all", ref, allow=(1, 128))


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


def persist(act: Callable[[], _T], attempts: int = 0) -> _T:
    """Do something under `writing`, and again where a writer that knows no lock came between.

    Raises:
        StoreBusy: the notes stayed contended or locked; nothing was written.
    """
    said = ""
    for attempt in range(attempts or _ATTEMPTS):
        try:
            return act()
        except GitFailed as failure:
            said = failure.stderr.strip()
        import random

        # Jitter keeps two contenders from meeting again at the next try.
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311
    raise contended(said)


def contended(said: str) -> StoreBusy:
    """Name whoever is in the way: a lock file and its age, or what git said."""
    found = re.search(r"Unable to create '(.+?)': File exists", said)
    if found is None:
        return StoreBusy(
            f"results could not be stored in {_ATTEMPTS} tries: {said}",
            "run the same command again",
        )
    path = Path(found[1])
    age = ""
    with suppress(OSError):
        from gitexp.rules.verdict.words import span

        age = f", for {span(time.time() - path.stat().st_mtime)}"
    return StoreBusy(
        f"another git command has locked what is to be written{age}, or left its lock behind:"
        f"\n{path}",
        f"if no git command is running: rm {shlex.quote(str(path))}",
    )


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
