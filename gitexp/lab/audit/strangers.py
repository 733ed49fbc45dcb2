"""Records that do not belong where they stand: of amended, copied, dropped or unlike commits."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of, name_of, own_records
from gitexp.lab.differences import relative
from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding
from gitexp.rules.gate.paths import matches
from gitexp.rules.text import counted, visible
from gitexp.store.refs import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitexp.errors import NotReady
    from gitexp.lab.audit.inventory import Inventory
    from gitexp.lab.result import Result
    from gitexp.rules.documents.record import Record

_MOST_NAMED = 5  # commits in one sentence


def about_lost(inventory: Inventory) -> Iterator[Finding]:
    """Find records and verdicts of commits that no experiment's ref holds."""
    live = {name_of(result): result for result in inventory.results}
    for result in inventory.lost:
        noted = result.entry.commit in inventory.verdicts
        # A note that was copied with an amended commit says nothing that the original does not.
        if result.records or (noted and not result.foreign):
            yield _lost(inventory, result, live.get(name_of(result)), noted=noted)
    for entry in inventory.stray:
        if records := own_records(inventory.project, entry):
            yield Finding(
                "V2",
                f"{counted(len(records), 'record')} belong to commit {entry.commit[:10]}, which no"
                " branch holds: it registered nothing, or the baseline branch was rewritten",
                f"git branch NAME {entry.commit[:10]} holds it again",
                advice=True,
            )
    if inventory.missing:
        yield Finding(
            "V2",
            f"{counted(len(inventory.missing), 'commit')} with records or verdicts"
            f" {'is' if len(inventory.missing) == 1 else 'are'} not in this clone, and cannot be"
            f" held against them: {_listed(inventory.missing)}",
            "git fetch --unshallow"
            if inventory.project.repository.shallow
            else "gitexp sync brings those that a remote has",
            advice=True,
        )


def _lost(inventory: Inventory, result: Result, live: Result | None, *, noted: bool) -> Finding:
    entry, name = result.entry, name_of(result)
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
            f"git branch exp/{name} {short} brings it back; git update-ref {archive} {short} puts"
            " it away, where it still counts"
        )
    else:
        amended = live.entry.parents == entry.parents
        edits = visible("; ".join(_edits(entry.message, live.entry.message)))
        how = (
            f"the experiment was {'amended' if amended else 'rebased, or registered again'}, and is"
            f" {live.entry.commit[:10]} now ({edits or 'with the same message'})"
        )
        hint = (
            f"git branch -f exp/{name} {short} takes that back; git update-ref {archive} {short}"
            " keeps the former beside it"
        )
    return Finding(
        "V2",
        f"{' and '.join(what)} of exp/{name} belong to commit {short}, which"
        f" {holder.removeprefix('refs/remotes/') or 'no branch of an experiment'} holds: {how}",
        hint,
        advice=result.explored,
    )


def _edits(before: str, after: str) -> Iterator[str]:
    old, new = split_message(before)[1], split_message(after)[1]
    if hypothesis_of(before) != hypothesis_of(after):
        yield "another hypothesis"
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
                f"{counted(len(result.foreign), 'record')} in the note of {label_of(result)} belong"
                f" to another commit ({_listed(r.commit for r in result.foreign)}), and count for"
                " nothing here",
                f"{stop}git notes --ref=gitexp-runs edit {commit[:10]} takes them out",
            )


def _listed(commits: Iterable[str]) -> str:
    named = sorted({visible(commit[:10]) for commit in commits})
    rest = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return ", ".join(named[:_MOST_NAMED]) + rest


def about_baselines(
    inventory: Inventory, settings: Mapping[str, Settings | NotReady]
) -> Iterator[Finding]:
    """Find records in a baseline's note that no commit made which would run like it.

    A record of an ancestor is taken over where only inert files differ, word by word.
    """
    claimed: dict[tuple[str, str], list[Record]] = defaultdict(list)
    bases = {r.entry.parents[0]: r.baseline_records for r in inventory.held if r.entry.parents}
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
            and all(matches(relative(project, f.path), by.unread) for f in files[origin, base])
        )
        own = parse_records(inventory.entries[origin].runs) if alike else []
        if strangers := [record for record in records if record not in own]:
            held = [label_of(r) for r in inventory.held if r.entry.parents[:1] == (base,)]
            yield Finding(
                "V3",
                f"{counted(len(strangers), 'record')} in the note of baseline {base[:10]} belong to"
                f" commit {visible(origin[:10])}, which does not run like it or has no such record;"
                " they"
                f" are compared with {', '.join(held[:_MOST_NAMED])}",
                f"git notes --ref=gitexp-runs edit {base[:10]} takes them out; then gitexp run"
                " measures what is missing",
            )
