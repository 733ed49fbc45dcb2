"""Experiments as refs and commits: made without touching any work tree, read in one sweep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name, names_commit
from gitexp.store.git import ZERO, GitFailed, decode, unsigned
from gitexp.store.notes import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.store.git import Repository

HEADS = "refs/heads/exp/"
ARCHIVE = "refs/gitexp/archive/"
_REMOTES = "refs/remotes/"


class Named:
    """What has the ref of an experiment."""

    __slots__ = ()
    ref: str

    @property
    def name(self) -> str:
        """The experiment's name, wherever its ref lives."""
        return self.ref.rpartition("/")[2]

    @property
    def archived(self) -> bool:
        """Whether it was moved out of the branches."""
        return self.ref.startswith(ARCHIVE)


@dataclass(frozen=True, slots=True)
class Entry(Named):
    """One experiment as git stores it; `time` is ISO 8601, `runs` the text of its note."""

    ref: str
    commit: str
    parents: tuple[str, ...]
    author: str
    time: str
    message: str
    runs: str = ""

    @property
    def parent(self) -> str:
        """The first parent, empty where there is none."""
        return self.parents[0] if self.parents else ""

    def fields(self) -> list[str]:
        """What its commit says, as `of` takes it."""
        return [self.author, self.time, self.message, *self.parents]

    @classmethod
    def of(cls, ref: str, commit: str, fields: Sequence[str]) -> Self:
        """Put an entry together from its ref and the fields of its commit."""
        author, time, message, *parents = fields
        return cls(ref, commit, tuple(parents), author, time, message)


# None of the first five can hold a line break; a message and an author's name can hold all else.
_FIELDS = "%P%n%an%n%cI%n%B"
_FORMAT = f"%D%n%H%n{_FIELDS}%x01%N"


def read_experiments(repository: Repository, name: str | None = None) -> list[Entry]:
    """Read all experiments (or one) with their records, newest first, in one git process.

    A branch of this clone hides an archived one of the same name, and both a remote's. A branch
    whose name cannot be an experiment's is somebody's own and hides none.
    """
    # git takes a pattern without wildcards for a folder of refs, so one letter becomes a class.
    which = "*" if name is None else f"[{name[0]}]{name[1:]}"
    globs = [f"{HEADS}{which}", f"{_REMOTES}*/exp/{which}", f"{ARCHIVE}{which}"]
    done = repository.git.run(
        "log", "--no-walk", *(f"--glob={glob}" for glob in globs), f"--notes={RUNS}", "-z",
        "--decorate=full", *(f"--decorate-refs={glob}" for glob in globs), "--encoding=UTF-8",
        "--no-color", "--no-show-signature", f"--format={_FORMAT}",
    )  # fmt: skip
    found: dict[str, Entry] = {}
    for text in decode(done.stdout).split("\0"):
        if not text.strip("\n"):
            continue
        # Records escape control characters, so the last mark is the one between message and note.
        head, _, runs = text.lstrip("\n").rpartition("\x01")
        refs, commit, parents, author, time, message = head.split("\n", 5)
        ref = own_ref(refs.split(", "), message, commit)
        if not ref:
            continue
        entry = Entry(ref, commit, tuple(parents.split()), author, time, message, runs.strip("\n"))
        known = found.get(entry.name)
        if known is None or rank(entry.ref) < rank(known.ref):
            found[entry.name] = entry
    # git orders what was committed in one second by where its refs lie, which differs from clone to
    # clone.
    return sorted(found.values(), key=lambda entry: (-second(entry.time), entry.name))


def second(time: str) -> float:
    """Seconds since 1970 of a time as git gives it, ISO 8601; 0 where no calendar has it.

    Anybody can write a commit of the year 10000, or one hundred hours east.
    """
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def own_ref(refs: Sequence[str], message: str, commit: str) -> str:
    """Choose the ref by which a commit is known: the one that it names itself, if any does."""
    known = [ref for ref in refs if is_experiments(ref)]
    if len(known) > 1:
        registered = split_message(message)[1].get("Experiment", "")

        def place(ref: str) -> tuple[bool, int]:
            return not names_commit(ref.rpartition("/")[2], registered, commit), rank(ref)

        known.sort(key=place)
    return known[0] if known else ""


def is_experiments(ref: str) -> bool:
    """Whether a ref has the name of an experiment's."""
    inside = ref.removeprefix(HEADS).removeprefix(ARCHIVE)
    if ref.startswith(_REMOTES):
        inside = ref.rpartition("/exp/")[2]
    return is_name(inside)


def rank(ref: str) -> int:
    """Which of several refs counts: this clone's branch, its archive, a remote's branch."""
    return 0 if ref.startswith(HEADS) else 1 if ref.startswith(ARCHIVE) else 2


def read_commits(repository: Repository, refs: Sequence[tuple[str, str]]) -> list[Entry]:
    """Read the commits that refs name without their notes, in one git process.

    What is no commit, as a ref of the archive may be, is left out.
    """
    if not refs:
        return []
    out = repository.git.run(
        "log", "--no-walk=unsorted", "--stdin", "-z", "--encoding=UTF-8", "--no-color",
        "--no-show-signature", "--no-notes", f"--format=%H%n{_FIELDS}",
        stdin="".join(f"{commit}\n" for _, commit in refs).encode(),
    ).stdout  # fmt: skip
    found = dict(text.split("\n", 1) for text in decode(out).split("\0") if text)
    entries = []
    for ref, commit in refs:
        if commit not in found:
            continue
        parents, author, time, message = found[commit].split("\n", 3)
        message = message.rstrip("\n")
        entries.append(Entry(ref, commit, tuple(parents.split()), author, time, message))
    return entries


def read_range(repository: Repository, commits: str) -> dict[str, str]:
    """Commits of a range as git writes it (`main..`), each with the experiment it registers or "".

    Raises:
        UsageError: git knows no such range.
    """
    try:
        out = repository.git.text(
            "-c", "trailer.separators=:", "log", "--no-color", "--no-show-signature", "--no-notes",
            "--format=%H %(trailers:key=Experiment,valueonly,separator=%x20)",
            "--end-of-options", commits, "--",
        )  # fmt: skip
    except GitFailed as failure:
        raise UsageError(f"{commits!r} is no range of commits: {failure.message}") from None
    return {line[: line.index(" ")]: line.partition(" ")[2] for line in out.splitlines()}


def read_noted(repository: Repository, commits: Iterable[str]) -> list[Entry]:
    """Read commits that no experiment's ref may name with their records, in one git process.

    Those that are not in this clone are left out.
    """
    asked = "".join(f"{commit}\n" for commit in commits)
    if not asked:
        return []
    done = repository.git.run(
        "log", "--no-walk=unsorted", "--ignore-missing", "--stdin", f"--notes={RUNS}", "-z",
        "--encoding=UTF-8", "--no-color", "--no-show-signature", f"--format=%H%n{_FIELDS}%x01%N",
        stdin=asked.encode(),
    )  # fmt: skip
    found = []
    for text in decode(done.stdout).split("\0"):
        if text.strip("\n"):
            head, _, runs = text.lstrip("\n").rpartition("\x01")
            commit, parents, author, time, message = head.split("\n", 4)
            found.append(
                Entry("", commit, tuple(parents.split()), author, time, message, runs.strip("\n"))
            )
    return found


def unreached(repository: Repository, commits: Iterable[str], *held: str) -> set[str]:
    """Those of the commits that are not reached from what `held` names; missing ones are left out.

    `held` are arguments of git rev-list: commits, or options such as `--branches`.
    """
    asked = dict.fromkeys(commits)
    if not asked:
        return set()
    done = repository.git.run(
        "rev-list", "--ignore-missing", "--stdin", "--not", *held,
        stdin="".join(f"{commit}\n" for commit in asked).encode(),
    )  # fmt: skip
    return asked.keys() & decode(done.stdout).split()


def find_ref(repository: Repository, name: str) -> tuple[str, str] | None:
    """Full ref and commit of an experiment by its name: branch, archive, remote branch."""
    refs = repository.branches([f"{HEADS}{name}", f"{ARCHIVE}{name}", f"refs/remotes/*/exp/{name}"])
    return min(refs.items(), key=lambda item: rank(item[0]), default=None)


def find_refs(repository: Repository) -> dict[str, tuple[str, str]]:
    """Full ref and commit of every experiment by its name; a name counts once, as in find_ref."""
    found: dict[str, tuple[str, str]] = {}
    refs = repository.branches([HEADS, ARCHIVE, "refs/remotes/*/exp/*"])
    for ref, commit in sorted(refs.items(), key=lambda item: rank(item[0])):
        if is_experiments(ref):
            found.setdefault(ref.rpartition("/")[2], (ref, commit))
    return found


def names_taken(repository: Repository) -> set[str]:
    """Names of every experiment that this clone knows, archived and remote ones included."""
    refs = repository.branches([HEADS, ARCHIVE, "refs/remotes/*/exp/*"])
    return {ref.rpartition("/")[2] for ref in refs}


def commit_file(repository: Repository, base: str, path: str, content: bytes, message: str) -> str:
    """Make a commit on `base` in which one file has new content; returns its id.

    A file that is not there yet is added, to a folder that is.

    Works on objects alone: no index, no work tree, the same cost in a tree of 50 files and 50,000.
    Author, committer and signing are what `git commit` would use.
    """
    git = repository.git
    blob = _written(git.run("hash-object", "-w", "--stdin", stdin=content).stdout)
    child, mode = blob, ""
    parts = path.split("/")
    for depth in range(len(parts) - 1, -1, -1):
        folder = "/".join(parts[:depth])
        listed = git.run("ls-tree", "-z", "--full-tree", f"{base}:{folder}", allow=(128,))
        entries = []
        for entry in listed.stdout.split(b"\0"):
            header, _, name = entry.partition(b"\t")
            if decode(name) == parts[depth]:
                mode, kind, _ = decode(header).split(" ")
                entry = f"{mode} {kind} {child}\t".encode() + name  # noqa: PLW2901
            entries.append(entry)
        if not mode:
            if depth < len(parts) - 1 or listed.returncode:
                raise NotReady(f"{path} is not in {base[:10]}")
            mode = "100644"
            entries = [entry for entry in entries if entry]
            entries.append(f"{mode} blob {child}\t{parts[depth]}".encode())
        # The other entries come from a tree that git has; a partial clone may lack what they name.
        child = _written(git.run("mktree", "-z", "--missing", stdin=b"\0".join(entries)).stdout)
    return commit_tree(repository, child, [base], message)


def commit_tree(repository: Repository, tree: str, parents: Sequence[str], message: str) -> str:
    """Make a commit as `git commit` would: same author, committer, and signature."""
    # commit-tree ignores commit.gpgsign unless it is told.
    signing = repository.git.text("config", "--type=bool", "commit.gpgsign", allow=(1,)) == "true"
    try:
        done = repository.git.run(
            "-c", "i18n.commitEncoding=UTF-8", "commit-tree", *(["-S"] if signing else []),
            *(word for parent in parents for word in ("-p", parent)), "-F", "-", tree,
            stdin=message.encode(errors="surrogateescape"),
        )  # fmt: skip
    except GitFailed as failure:
        # A signing program that gives no reason leaves git without words too.
        raise unsigned(failure.stderr) if signing else failure from None
    return _written(done.stdout)


def _written(out: bytes) -> str:
    return decode(out).strip()


def create_branch(repository: Repository, name: str, commit: str) -> None:
    """Create `exp/<name>`; an existing one is never moved.

    Raises:
        NotReady: the name is taken, or a branch called `exp` leaves no room for `exp/...`.
    """
    try:
        repository.git.run("update-ref", "-m", "gitexp: start", f"{HEADS}{name}", commit, ZERO)
    except GitFailed as failure:
        if "refs/heads/exp'" in failure.stderr:
            raise NotReady(
                "a branch called exp exists, and git cannot hold exp/... beside it",
                "git branch -m exp another-name",
            ) from None
        raise NotReady(
            f"the branch exp/{name} could not be made: {failure.stderr.strip()}",
            "run the same command again",
        ) from None


def replay(repository: Repository, before: bytes, after: bytes, onto: bytes) -> bytes:
    """Apply the edit from `before` to `after` to another version of the file.

    Raises:
        Refused: the two touch the same lines.
    """
    if before == onto:
        return after
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        paths = [Path(folder, name) for name in ("onto", "before", "after")]
        for path, content in zip(paths, (onto, before, after), strict=True):
            path.write_bytes(content)
        done = repository.git.run(
            "merge-file", "-p", "--quiet", *map(str, paths), allow=range(1, 128)
        )
    if done.returncode:
        raise Refused(
            "the edit does not fit the tip of the baseline branch: both changed the same lines",
            hint="make the edit on the baseline's version of the file,"
            ' or say it by key: gitexp start --set KEY=VALUE "HYPOTHESIS"',
        )
    return done.stdout
