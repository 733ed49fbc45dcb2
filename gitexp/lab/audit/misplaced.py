"""What lies in the wrong note: records of other commits or of other code, and foreign lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.audit.inventory import Inventory, label_of, own_records, registered_name
from gitexp.lab.log.foreign_lines import count_notes
from gitexp.lab.projects.ancestors import same_runs
from gitexp.lab.projects.differences import relative
from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding
from gitexp.rules.gate.paths import matches
from gitexp.rules.text import counted, list_commits, visible
from gitexp.store.refs import ARCHIVE, RUNS

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result

_MOST_NAMED = 5  # commits in one sentence
_NAMED = 3  # commits


def about_lost(inventory: Inventory) -> Iterator[Finding]:
    """Find records and verdicts of commits that no experiment's branch holds."""
    live = {registered_name(result): result for result in inventory.results}
    for result in inventory.lost:
        noted = result.entry.commit in inventory.verdicts
        # git can copy a note to an amended commit; the original has the same results.
        if result.records or (noted and not result.foreign):
            yield _lost(inventory, result, live.get(registered_name(result)), noted=noted)
    for entry in inventory.stray:
        if records := own_records(inventory.project, entry):
            yield Finding(
                "V2",
                f"commit {entry.commit[:10]} has {counted(len(records), 'record')} and is on no"
                " branch: it registered nothing, or the baseline branch was rewritten",
                f"to keep it: git branch NAME {entry.commit[:10]}",
                advice=True,
            )
    if inventory.missing:
        yield Finding(
            "V2",
            f"{counted(len(inventory.missing), 'commit')} with records or verdicts"
            f" {'is' if len(inventory.missing) == 1 else 'are'} not in this clone and cannot be"
            f" checked: {_listed(inventory.missing)}",
            "git fetch --unshallow"
            if inventory.project.repository.shallow
            else "gitexp sync fetches them, if a remote has them",
            advice=True,
        )


def _lost(inventory: Inventory, result: Result, live: Result | None, *, noted: bool) -> Finding:
    entry, name = result.entry, registered_name(result)
    short = entry.commit[:10]
    what = [counted(len(result.records), "record")] if result.records else []
    what += ["a verdict note"] if noted else []
    holder = next((ref for ref, commit in inventory.refs.items() if commit == entry.commit), "")
    archive = f"{ARCHIVE}{name}"
    if archive in inventory.refs:
        archive += f"-{entry.commit[:8]}"
    if live is None:
        how = "its branch was deleted"
        hint = (
            f"git branch exp/{name} {short} brings it back; git update-ref {archive} {short}"
            " archives it, and it still counts"
        )
    else:
        amended = live.entry.parents == entry.parents
        edits = visible("; ".join(_edits(entry.message, live.entry.message)))
        how = (
            f"the experiment was {'amended' if amended else 'rebased, or registered again'}, and is"
            f" now {live.entry.commit[:10]} ({edits or 'with the same message'})"
        )
        hint = (
            f"git branch -f exp/{name} {short} undoes that; git update-ref {archive} {short}"
            " archives the earlier one beside it"
        )
    return Finding(
        "V2",
        f"commit {short} of exp/{name} has {' and '.join(what)};"
        f" {holder.removeprefix('refs/remotes/') or 'no experiment branch'} holds it: {how}",
        hint,
        advice=result.explored,
    )


def _edits(before: str, after: str) -> Iterator[str]:
    old, new = split_message(before)[1], split_message(after)[1]
    if hypothesis_of(before) != hypothesis_of(after):
        yield "a different hypothesis"
    for token in dict.fromkeys([*old, *new]):
        if old.get(token) != new.get(token):
            yield f"{token}: {old.get(token, 'none')} -> {new.get(token, 'none')}"


def about_foreign(inventory: Inventory) -> Iterator[Finding]:
    """Find records in an experiment's note that another commit made."""
    copying = inventory.project.repository.setting("notes.rewriteref")
    stop = "git config --unset-all notes.rewriteRef keeps git from copying notes; " * bool(copying)
    for result in inventory.held:
        if result.foreign:
            commit = result.entry.commit
            yield Finding(
                "V3",
                f"the note of {label_of(result)} has {counted(len(result.foreign), 'record')} of"
                f" another commit ({_listed(r.commit for r in result.foreign)}), not counted here",
                f"{stop}git notes --ref=gitexp-runs edit {commit[:10]} lets you delete lines",
            )


def _listed(commits: Iterable[str]) -> str:
    return list_commits(commits, _MOST_NAMED)


def about_baselines(
    inventory: Inventory, settings: Mapping[str, Settings | NotReady]
) -> Iterator[Finding]:
    """Find records in a baseline's note that come from a commit with other code.

    Records of an ancestor are copied, unchanged, if only inert files differ, or code that is proven
    to be neutral.
    """
    claimed: dict[tuple[str, str], list[Record]] = defaultdict(list)
    bases = {r.entry.base: r.baseline_records for r in inventory.held if r.entry.parents}
    for base, of_base in bases.items():
        for record in of_base:
            if not record.is_of(base):
                claimed[record.commit, base].append(record)
    project = inventory.project
    known = [key for key in claimed if inventory.entries.keys() >= {*key}]
    files = dict(zip(known, project.repository.git.differences_of(known), strict=True))
    for (origin, base), records in claimed.items():
        by = settings[base]
        alike = (
            (origin, base) in files
            and isinstance(by, Settings)
            and (
                all(matches(relative(project, f.path), by.unread) for f in files[origin, base])
                or origin in same_runs(project, by, base)
            )
        )
        own = parse_records(inventory.entries[origin].runs) if alike else []
        if strangers := [record for record in records if record not in own]:
            held = [label_of(r) for r in inventory.held if r.entry.base == base]
            yield Finding(
                "V3",
                f"the note of baseline {base[:10]} has {counted(len(strangers), 'record')} of"
                f" commit {visible(origin[:10])}, which runs other code or has no such record; used"
                f" to judge {', '.join(held[:_MOST_NAMED])}",
                f"git notes --ref=gitexp-runs edit {base[:10]} lets you delete lines; then gitexp"
                " run measures what is missing",
            )


def about_foreign_lines(inventory: Inventory) -> Iterator[Finding]:
    """Find notes whose lines are not all gitexp's."""
    found = {
        note.commit: note.census.foreign
        for note in count_notes(inventory.project.repository, RUNS)
        if note.census.foreign
    }
    if found:
        yield Finding(
            "N3",
            f"{counted(sum(found.values()), 'line')} that gitexp did not write in"
            f" {counted(len(found), 'note')} with records ({list_commits(found, _NAMED)});"
            " they count for nothing",
            f"see what is there: git notes --ref=gitexp-runs show {min(found)[:10]}",
            advice=True,
        )
