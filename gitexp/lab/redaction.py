"""What redacting a value changes: where it is in the notes, and the notes without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitexp.lab.log.verdict_notes import compute_verdict_notes
from gitexp.lab.progress import counted_off
from gitexp.rules.documents.redaction import Sought, redact_note, still_holds
from gitexp.rules.documents.tombstones import encoded
from gitexp.store.all_notes import NotesSnapshot, read_all, read_texts, write_all
from gitexp.store.experiments import read_commits, read_experiments
from gitexp.store.git_output import split_lines
from gitexp.store.merge import exclusively, move
from gitexp.store.note_subjects import REDACTED
from gitexp.store.refs import BULK, LOGS, RUNS, VERDICTS
from gitexp.store.repository import Repository

_BATCH = 200  # notes in memory at a time; the bulk of one may be megabytes
_WORDS = {RUNS: "record", BULK: "bulk line", LOGS: "log"}
# Where you, or one of your tools, may have kept the notes as they were.
_ELSEWHERE = ("refs/notes/", "refs/gitexp/", "refs/remotes/", "refs/tags/", "refs/original/")


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where a value is: lines by kind, in the notes of `commits`.

    `beyond` counts lines in the notes of commits that were not named, `fixed` lines in which the
    value stays, as a part of what was measured. `code` are experiments whose code commit has it in
    its files, `messages` those whose commit message, or that of the code commit, has it.
    """

    lines: Mapping[str, int]
    commits: int
    beyond: int
    fixed: int
    messages: tuple[str, ...]
    code: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(self.lines.values())


def find_messages(repository: Repository, sought: Sought) -> tuple[str, ...]:
    """Find experiments whose message has the value, or that of the code commit below.

    It is their registration, and stays.
    """
    if not sought.value:
        return ()
    every = read_experiments(repository)
    asked = [("", code) for code in dict.fromkeys(entry.code for entry in every) if code]
    below = {entry.commit: entry.message for entry in read_commits(repository, asked)}
    return tuple(e.name for e in every if sought.value in e.message + below.get(e.code, ""))


def find_code(repository: Repository, sought: Sought) -> tuple[str, ...]:
    """Find experiments whose code commit brings or takes away a line with the value."""
    if not sought.value:
        return ()
    found = []
    coded = [entry for entry in read_experiments(repository) if entry.code]
    for entry in counted_off("searching code commits", coded, len(coded)):
        words = ("diff-tree", "-r", "-p", "-U0", "--text", "--no-renames", "--no-ext-diff")
        shown = repository.git.run(*words, "--no-textconv", entry.base, entry.code).stdout
        if sought.value.encode(errors="surrogateescape") in shown:
            found.append(entry.name)
    return tuple(found)


class RedactionPlan:
    """What a redaction changes in the notes as they were last read."""

    def __init__(self, repository: Repository, sought: Sought, named: set[str]) -> None:
        self.repository, self.sought, self.named = repository, sought, named
        self._start_over()

    def _start_over(self) -> None:
        self.notes: dict[str, NotesSnapshot] = {}
        self.changes: dict[str, dict[str, bytes]] = {}
        self.lines = dict.fromkeys(_WORDS, 0)
        self.beyond = self.fixed = 0

    @property
    def commits(self) -> set[str]:
        """Commits whose notes change."""
        return {commit for changed in self.changes.values() for commit in changed}

    def read(self) -> None:
        """Read the notes and work out what changes."""
        self._start_over()
        environments: dict[str, str] = {}
        # Bulk first: records cite the environments in it.
        for ref in (BULK, RUNS, LOGS):
            self.notes[ref] = notes = read_all(self.repository, ref)
            changes = self.changes[ref] = {}
            step, total = f"searching {_WORDS[ref]}s", len(notes.blobs)
            for commit, text in counted_off(step, self._texts(notes), total):
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

    def found(self, messages: tuple[str, ...], code: tuple[str, ...]) -> Occurrences:
        """Return where the value is."""
        counts = {_WORDS[ref]: count for ref, count in self.lines.items()}
        return Occurrences(counts, len(self.commits), self.beyond, self.fixed, messages, code)

    def write(self, lock: int) -> dict[str, str]:
        """Write the notes that change, as commits without history; returns their former commits."""
        self.read()
        moves = {
            ref: (
                notes.commit,
                write_all(self.repository, notes, self.changes[ref], [], REDACTED),
            )
            for ref, notes in self.notes.items()
            if self.changes[ref]
        }
        move(self.repository, moves, lock)
        return {ref: old for ref, (old, _) in moves.items()}


def rewrite_verdict_notes(
    repository: Repository, sought: Sought, commits: Iterable[str]
) -> dict[str, str]:
    """Rewrite the verdict notes that showed the value; returns their former commit, if any did."""

    def act(lock: int) -> dict[str, str]:
        notes = read_all(repository, VERDICTS)
        texts = read_texts(repository, notes, notes.blobs)
        due = {c: sought.masked(text) for c, text in texts.items()}
        shown = {commit for commit, text in due.items() if text != texts[commit]}
        asked = (shown | {*commits}) & texts.keys()
        due |= compute_verdict_notes(repository, sorted(asked), lambda _: True)
        changes = {c: encoded(due[c].splitlines()) for c in asked if due[c] != texts[c]}
        if not changes:
            return {}
        after = write_all(repository, notes, changes, [], REDACTED)
        move(repository, {VERDICTS: (notes.commit, after)}, lock)
        return {VERDICTS: notes.commit}

    return exclusively(repository, act)


def find_holders(repository: Repository, former: Iterable[str]) -> tuple[str, ...]:
    """Find other refs that still lead to the notes as they were."""
    refs: dict[str, None] = {}
    for commit in former:
        out = repository.git.text(
            "for-each-ref", "--format=%(refname)", f"--contains={commit}", *_ELSEWHERE
        )
        refs |= dict.fromkeys(split_lines(out))
    return tuple(refs)
