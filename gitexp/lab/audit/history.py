"""Records are only ever added: finds results that were removed or changed in the notes' history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gitexp.lab.audit.inventory import Inventory, label_of
from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.holdout import parse_openings
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, list_commits
from gitexp.store.git_output import decode
from gitexp.store.note_history import find_cuts
from gitexp.store.notes import list_notes
from gitexp.store.refs import KEPT, RUNS
from gitexp.store.repository import Repository

_MOST_NAMED = 5  # commits in one sentence
_BEGUN = "begun"  # all that is to be said of the start of an attempt


def about_history(inventory: Inventory) -> Iterator[Finding]:
    """Find results that a note once had and lacks now.

    A record of another commit counts for nothing and may be removed. A line that differs only in
    its text (a secret was masked) is the same result.
    """
    gone = _gone(inventory.project.repository)
    labels = {r.entry.commit: label_of(r) for r in (*inventory.held, *inventory.lost)}
    named: set[str] = set()
    for noted, cut in gone.items():
        entry = inventory.entries.get(noted)
        if entry is None and noted in inventory.missing:
            continue
        named.add(noted)
        if said := _say_gone(cut, _results(entry.runs if entry else "", noted)):
            yield Finding(
                "V10",
                f"{said} the note of {labels.get(noted, f'commit {noted[:10]}')}:"
                " records are only ever added",
                f"git show {cut.edit[:10]} shows what was removed, and by whom; to restore a"
                f" line: git notes --ref=gitexp-runs append -m LINE {noted[:10]}",
            )
    if inventory.unread:
        yield Finding(
            "V10",
            f"git has lost the records of {counted(len(inventory.unread), 'commit')}:"
            f" {list_commits(inventory.unread, _MOST_NAMED)}",
            "restore them: gitexp doctor --fix, or from where they were pushed: gitexp sync",
        )
    emptied = [commit for commit in _emptied(inventory) if commit not in named]
    if emptied:
        yield Finding(
            "V10",
            f"{counted(len(emptied), 'commit')} that had records have no note any more:"
            f" {list_commits(emptied, _MOST_NAMED)}",
            "gitexp sync fetches them, if a remote has them; what git has not freed yet is listed"
            " by: git fsck --lost-found",
        )


@dataclass(slots=True)
class _Gone:
    """Results that a note lost at some time, and the last commit that took some of them away."""

    results: dict[str, object] = field(default_factory=dict)
    edit: str = ""


def _gone(repository: Repository) -> dict[str, _Gone]:
    """Find what notes once had, by the commit that is noted."""
    cuts = find_cuts(repository, RUNS)
    blobs = list(dict.fromkeys(b for cut in cuts for b in (cut.before, cut.after) if b))
    texts = dict(zip(blobs, map(_text, repository.git.objects(blobs)), strict=True))
    gone: dict[str, _Gone] = defaultdict(_Gone)
    for cut in cuts:
        left = _results(texts.get(cut.after or "", ""), cut.noted)
        had = _results(texts[cut.before], cut.noted)
        lost = {key: what for key, what in had.items() if left.get(key) != what}
        # The oldest comes last and wins: that is what was measured, whatever was written later.
        found = gone[cut.noted]
        found.results |= lost
        found.edit = found.edit or (cut.edit if lost else "")
    return gone


def _say_gone(gone: _Gone, now: Mapping[str, object]) -> str:
    """Count what a note still lacks; "" if that is nothing."""
    missing = [what for key, what in gone.results.items() if key not in now]
    taken = sum(what is not _BEGUN for what in missing)
    changed = sum(key in now and now[key] != what for key, what in gone.results.items())
    said = [f"{counted(taken, 'result')} removed from"] if taken else []
    # An attempt that goes with its result is one loss.
    if begun := max(0, len(missing) - 2 * taken):
        said.append(f"{counted(begun, 'attempt')} removed from")
    said += [f"{counted(changed, 'result')} changed in"] if changed else []
    return " and ".join(said)


def _emptied(inventory: Inventory) -> list[str]:
    """Commits that this clone keeps because they had records, and that have no note any more."""
    repository = inventory.project.repository
    kept = (ref.removeprefix(KEPT) for ref in repository.branches([KEPT]))
    noted = list_notes(repository, RUNS)
    return [commit for commit in kept if commit not in noted]


def _text(blob: bytes | None) -> str:
    return decode(blob or b"")


def _results(text: str, commit: str) -> Mapping[str, object]:
    """Results in a note that its own commit made, by a key that tells them apart."""
    found: dict[str, object] = {
        f"{r.purpose} {r.seed} {r.attempt} {r.condition} {r.start}": (
            dict(r.metrics),
            r.failure,
            r.explore,
        )
        for r in parse_records(text, None)
        if r.is_of(commit)
    }
    # Of an attempt and of an opening of the holdout, it only matters that they are there.
    found |= {f"{s.seed} {s.attempt} {s.start}": _BEGUN for s in parse_starts(text)}
    found |= {f"{c.found} {c.seed} {c.start}": c.found for c in parse_checks(text, commit)}
    return found | {f"holdout {o.start}": "opened" for o in parse_openings(text)}
