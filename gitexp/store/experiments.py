"""Read experiments: their refs, commits and records, in two git processes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from gitexp.errors import UsageError
from gitexp.rules.documents.code_commit import stands_on
from gitexp.store.experiment_refs import own_ref, rank
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import one_a_line, split_fields, split_lines
from gitexp.store.notes import read_notes
from gitexp.store.older_branches import older_than_gitexp, registers
from gitexp.store.refs import ARCHIVE, HEADS, REMOTES, RUNS

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


class Named:
    """Whatever has the ref of an experiment."""

    __slots__ = ()
    ref: str

    @property
    def name(self) -> str:
        """The experiment's name, wherever its ref is."""
        return self.ref.rpartition("/")[2]

    @property
    def archived(self) -> bool:
        """Whether it is in the archive."""
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
    def base(self) -> str:
        """The baseline commit that it stands on, as it says; empty without a parent."""
        return stands_on(self.parents, self.message)[0]

    @property
    def code(self) -> str:
        """The code commit that it stands on, as it says; empty where there is none."""
        return stands_on(self.parents, self.message)[1]

    def fields(self) -> list[str]:
        """Return the fields of its commit, as `of` takes them."""
        return [self.author, self.time, self.message, *self.parents]

    @classmethod
    def of(cls, ref: str, commit: str, fields: Sequence[str]) -> Self:
        """Build an entry from its ref and the fields of its commit."""
        author, time, message, *parents = fields
        return cls(ref, commit, tuple(parents), author, time, message)


# None but the last of the fields, the message, can have a line break.
_FORMAT = "%H%n%P%n%an%n%cI%n%B"


def read_experiments(repository: Repository, name: str | None = None) -> list[Entry]:
    """Read all experiments (or one) with their records, newest first, in two git processes.

    A branch of this clone hides an archived one of the same name, and both a remote's. A branch
    whose name cannot be an experiment's is somebody's own and hides none, and so is one from before
    gitexp, unless it is asked for by name.
    """
    # git takes a pattern without wildcards for a folder of refs, so its first letter is made one.
    which = "*" if name is None else f"[{name[0]}]{name[1:]}"
    globs = [f"{HEADS}{which}", f"{REMOTES}*/exp/{which}", f"{ARCHIVE}{which}"]
    listed = repository.git.log(
        "-z", "--no-walk", *(f"--glob={glob}" for glob in globs), "--decorate=full",
        *(f"--decorate-refs={glob}" for glob in globs), f"--format=%D%n{_FORMAT}",
    )  # fmt: skip
    found: dict[str, Entry] = {}
    for text in split_fields(listed):
        refs, _, rest = text.partition("\n")
        entry = _parse(rest)
        entry = replace(entry, ref=own_ref(refs.split(", "), entry.message, entry.commit))
        if not entry.ref:
            continue
        known = found.get(entry.name)
        if known is None or rank(entry.ref) < rank(known.ref):
            found[entry.name] = entry
    older = older_than_gitexp(
        repository,
        (
            entry.commit
            for entry in found.values()
            if name is None and entry.parents and not registers(entry.message)
        ),
    )
    found = {name: entry for name, entry in found.items() if entry.commit not in older}
    # git orders commits of the same second by where their refs are, which differs between clones.
    ordered = sorted(found.values(), key=lambda entry: (-timestamp(entry.time), entry.name))
    return _with_runs(repository, ordered)


def _parse(text: str) -> Entry:
    commit, parents, author, time, message = text.split("\n", 4)
    return Entry("", commit, tuple(parents.split()), author, time, message)


def _read(repository: Repository, commits: Iterable[str], *options: str) -> list[Entry]:
    """Read commits without their notes, in one git process; none of them gets a ref."""
    asked = one_a_line(commits)
    if not asked:
        return []
    # git heeds the options that come before the ids alone.
    words = ("-z", "--no-walk=unsorted", *options, f"--format={_FORMAT}", "--stdin")
    return [_parse(text) for text in split_fields(repository.git.log(*words, stdin=asked))]


def _with_runs(repository: Repository, entries: Sequence[Entry]) -> list[Entry]:
    notes = read_notes(repository, RUNS, [entry.commit for entry in entries])
    return [replace(entry, runs=notes.get(entry.commit, "")) for entry in entries]


def timestamp(time: str) -> float:
    """Return the seconds since 1970 of a time as git gives it (ISO 8601), 0 if it is impossible.

    Anybody can write a commit of the year 10000, or in a time zone 100 hours east.
    """
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def read_commits(repository: Repository, refs: Sequence[tuple[str, str]]) -> list[Entry]:
    """Read the commits that refs name without their notes, in one git process.

    Refs that do not name a commit, as one of the archive may, are left out.
    """
    found = {entry.commit: entry for entry in _read(repository, (commit for _, commit in refs))}
    named = ((ref, found[commit]) for ref, commit in refs if commit in found)
    return [replace(one, ref=ref, message=one.message.rstrip("\n")) for ref, one in named]


def read_range(repository: Repository, commits: str) -> dict[str, str]:
    """Read the commits of a range such as `main..`, each with the experiment it registers or "".

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
        raise UsageError(f"{commits!r} is not a range of commits: {failure.message}") from None
    return {line[: line.index(" ")]: line.partition(" ")[2] for line in split_lines(out)}


def read_noted(repository: Repository, commits: Iterable[str]) -> list[Entry]:
    """Read commits, which need not have a ref, with their records, in two git processes.

    Those that are not in this clone are left out.
    """
    return _with_runs(repository, _read(repository, commits, "--ignore-missing"))


def unreached(repository: Repository, commits: Iterable[str], *held: str) -> set[str]:
    """Return the commits that cannot be reached from what `held` names, without missing ones.

    `held` are arguments of git rev-list: commits, or options such as `--branches`.
    """
    asked = dict.fromkeys(commits)
    if not asked:
        return set()
    words = ("rev-list", "--ignore-missing", "--stdin", "--not", *held)
    return asked.keys() & repository.git.text(*words, stdin=one_a_line(asked)).split()
