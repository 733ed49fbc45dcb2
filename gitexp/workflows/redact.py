"""Remove a value from everything that gitexp stored, and from the history of its notes.

The lines stay, with the value masked: what was measured cannot be redacted. The notes begin anew,
in commits without parents, because their history is as public as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady, UsageError
from gitexp.lab.verdict_notes import compute_views
from gitexp.rules.documents.name import is_name
from gitexp.rules.documents.redaction import Sought, redact_note, still_holds
from gitexp.rules.documents.tombstones import RESULTS, encoded
from gitexp.store.all_notes import NotesSnapshot, read_all, read_texts, write_all
from gitexp.store.experiment_refs import find_ref
from gitexp.store.experiments import read_experiments
from gitexp.store.fetch import forget
from gitexp.store.merge import exclusively, move
from gitexp.store.note_history import drop_past
from gitexp.store.note_writing import store_aside
from gitexp.store.refs import BULK, LOGS, PRIVATE, RUNS, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitexp.store.repository import Repository

_BATCH = 200  # notes in memory at a time; the bulk of one may be megabytes
_WORDS = {RUNS: "record", BULK: "bulk line", LOGS: "log"}
# Where you, or one of your tools, may have kept the notes as they were.
_ELSEWHERE = ("refs/notes/", "refs/gitexp/", "refs/remotes/", "refs/tags/", "refs/original/")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a value is: lines by kind, in the notes of `commits`.

    `beyond` counts lines in the notes of commits that were not named, `fixed` those where it is
    part of what was measured, and stays. `messages` are experiments whose commit message holds it.
    """

    lines: Mapping[str, int]
    commits: int
    beyond: int
    fixed: int
    messages: tuple[str, ...]

    def __bool__(self) -> bool:
        return any(self.lines.values())


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was redacted, and what could not be.

    `holders` are refs that still lead to the notes as they were, `folders` those of runs whose
    output may hold the value, `remotes` where the notes may have been shared.
    """

    found: Found
    holders: tuple[str, ...]
    folders: tuple[str, ...]
    remotes: tuple[str, ...]
    dry: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as `gitexp redact --json` prints it."""
        found = self.found
        return {
            "dry_run": self.dry,
            "lines": dict(found.lines),
            "commits": found.commits,
            "beyond": found.beyond,
            "fixed": found.fixed,
            "messages": list(found.messages),
            "holders": list(self.holders),
            "folders": list(self.folders),
            "remotes": list(self.remotes),
        }


def redact(
    repository: Repository,
    sought: Sought,
    names: Sequence[str],
    *,
    dry: bool,
    agree: Callable[[Found], bool],
) -> Redaction:
    """Redact a value in records, bulk and logs, of all commits or of the named ones.

    `agree` is asked when it is known where the value stands.

    Raises:
        UsageError: a name is none, or what the key holds is a result.
        NotReady: nobody agreed.
    """
    if not sought.value.strip() and not sought.key.strip():
        raise UsageError(
            "there is nothing to redact: the value is empty",
            "give it on standard input, where no history keeps it: gitexp redact - < FILE; or name"
            " the key that holds it: gitexp redact --key KEY",
        )
    if sought.key in RESULTS:
        raise UsageError(
            f"{sought.key} is part of what was measured, and results are not redacted",
            "take another key, or a value: gitexp redact",
        )
    store_aside(repository)
    named = {_commit_of(repository, place, name) for place, name in enumerate(names, start=1)}
    plan = _Plan(repository, sought, named)
    plan.read()
    found = plan.found(_messages(repository, sought))
    remotes = tuple(repository.git.text("remote").splitlines())
    folders = tuple(
        str(folder)
        for commit in sorted(plan.commits)
        if (folder := repository.local / "runs" / commit[:12]).is_dir()
    )
    if dry or not found:
        return Redaction(found, (), folders, remotes, dry)
    if not agree(found):
        raise NotReady("nothing was redacted, as nobody agreed", "the same command with --yes")
    before = exclusively(repository, plan.write)
    before |= _write_views(repository, sought, plan.changes.get(RUNS, {}).keys())
    private = repository.branches([PRIVATE])
    short = {ref.removeprefix("refs/") for ref in before}
    forget(repository, [ref for ref in private if ref.endswith(tuple(f"/{s}" for s in short))])
    for ref in before:
        drop_past(repository, ref)
    return Redaction(found, _holders(repository, before.values()), folders, remotes, dry)


def _commit_of(repository: Repository, place: int, name: str) -> str:
    short = name.removeprefix("exp/")
    ref = find_ref(repository, short) if is_name(short) else None
    commit = ref[1] if ref else repository.git.resolve(name)
    if commit is None:
        # The word is not repeated: with the words in another order, it may be the value.
        raise UsageError(
            f"number {place} of the names is no experiment or commit here",
            "see which there are: gitexp log",
        )
    return commit


def _messages(repository: Repository, sought: Sought) -> tuple[str, ...]:
    """Find experiments whose message has the value; it is their registration, and stays."""
    if not sought.value:
        return ()
    return tuple(e.name for e in read_experiments(repository) if sought.value in e.message)


class _Plan:
    """What a redaction changes in the notes as they are now."""

    def __init__(self, repository: Repository, sought: Sought, named: set[str]) -> None:
        self.repository, self.sought, self.named = repository, sought, named
        self.read_anew()

    def read_anew(self) -> None:
        self.notes: dict[str, NotesSnapshot] = {}
        self.changes: dict[str, dict[str, bytes]] = {}
        self.lines = dict.fromkeys(_WORDS, 0)
        self.beyond = self.fixed = 0

    @property
    def commits(self) -> set[str]:
        return {commit for changed in self.changes.values() for commit in changed}

    def read(self) -> None:
        self.read_anew()
        environments: dict[str, str] = {}
        # Bulk first: records cite the environments in it.
        for ref in (BULK, RUNS, LOGS):
            self.notes[ref] = notes = read_all(self.repository, ref)
            changes = self.changes[ref] = {}
            for commit, text in self._texts(notes):
                lines, changed = redact_note(text, self.sought, environments)
                if self.named and commit not in self.named:
                    self.beyond += changed
                    continue
                self.fixed += sum(still_holds(line, self.sought) for line in lines)
                if changed:
                    self.lines[ref] += changed
                    changes[commit] = encoded(lines)

    def _texts(self, notes: NotesSnapshot) -> Iterator[tuple[str, str]]:
        noted = sorted(notes.blobs)
        for at in range(0, len(noted), _BATCH):
            yield from read_texts(self.repository, notes, noted[at : at + _BATCH]).items()

    def found(self, messages: tuple[str, ...]) -> Found:
        counts = {_WORDS[ref]: count for ref, count in self.lines.items()}
        return Found(counts, len(self.commits), self.beyond, self.fixed, messages)

    def write(self, lock: int) -> dict[str, str]:
        """Start the notes that change over; returns their former commits."""
        self.read()
        moves = {
            ref: (notes.commit, write_all(self.repository, notes, self.changes[ref], [], lock))
            for ref, notes in self.notes.items()
            if self.changes[ref]
        }
        move(self.repository, moves, lock)
        return {ref: old for ref, (old, _) in moves.items()}


def _write_views(repository: Repository, sought: Sought, commits: Iterable[str]) -> dict[str, str]:
    """Rewrite the verdict notes that showed the value; returns their former commit, if any did."""

    def act(lock: int) -> dict[str, str]:
        notes = read_all(repository, VERDICTS)
        texts = read_texts(repository, notes, notes.blobs)
        due = {c: sought.masked(text) for c, text in texts.items()}
        shown = {commit for commit, text in due.items() if text != texts[commit]}
        asked = (shown | {*commits}) & texts.keys()
        due |= compute_views(repository, sorted(asked), lambda _: True)
        changes = {c: encoded(due[c].splitlines()) for c in asked if due[c] != texts[c]}
        if not changes:
            return {}
        after = write_all(repository, notes, changes, [], lock)
        move(repository, {VERDICTS: (notes.commit, after)}, lock)
        return {VERDICTS: notes.commit}

    return exclusively(repository, act)


def _holders(repository: Repository, former: Iterable[str]) -> tuple[str, ...]:
    refs: dict[str, None] = {}
    for commit in former:
        out = repository.git.text(
            "for-each-ref", "--format=%(refname)", f"--contains={commit}", *_ELSEWHERE
        )
        refs |= dict.fromkeys(out.splitlines())
    return tuple(refs)
