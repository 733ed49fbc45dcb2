"""Verdict notes that are not what message and records give."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of, name_of
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.reading import says_the_same
from gitexp.rules.verdict.verdict import Verdict
from gitexp.rules.verdict.view import split_view, view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.lab.log.result import Result

_NAMED = 3  # experiments of a remark that are named


@dataclass(frozen=True, slots=True)
class Deviation:
    """A verdict note that is not what message and records give today.

    `finding` is None if only the words are another version's. `due` is what the note should be,
    None if only a run, or nobody, can write it: a note may be the last trace of a result.
    """

    result: Result
    finding: Finding | None
    due: str | None


def find_deviation(inventory: Inventory, result: Result) -> Deviation | None:
    """Compare one verdict note with what it should be."""
    commit = result.commit
    noted = inventory.verdicts.get(commit, "")
    if noted and inventory.unread & {commit, result.base}:
        return _unread(result, noted)
    if result.explored:
        return _hidden(result, noted)
    verdict, instead = "", "nothing that counts"
    registration, judgement = result.registration, result.judgement
    if registration is not None and judgement is not None:
        instead = words.verdict_line(registration, judgement)
        if judgement.verdict is not None:
            verdict = words.note(registration, judgement)
    due = view(verdict, result.remarks)
    if noted == due.strip("\n"):
        return None
    if _is_reworded(noted, due, result):
        return Deviation(result, None, due)
    one = noted.partition("\n")[0] or "there is none"
    if noted and due:
        lines = zip(f"{noted}\n".split("\n"), due.split("\n"), strict=False)
        one, instead = next((a, b) for a, b in lines if a != b)
    finding = Finding(
        "V1",
        f"the verdict note of {label_of(result)} is not what its message and records give\n"
        f"  note:    {visible(one)}\n  records: {visible(instead)}",
        "gitexp verify --fix rewrites verdict notes; messages and records stay as they are"
        if due
        else "if its records are elsewhere, fetch them: gitexp sync; if nobody has them, measure"
        f" again: gitexp run {name_of(result)}, or: git notes --ref=gitexp remove {commit[:10]}",
    )
    return Deviation(result, finding, due or None)


def _is_reworded(noted: str, due: str, result: Result) -> bool:
    """Whether a note has the verdict and figures that are due, and no remark of its own."""
    (one, beside), (verdict, remarks) = split_view(noted), split_view(due)
    if beside not in {"", remarks}:  # versions before did not show remarks
        return False
    if one == verdict:
        return True
    registration, judgement = result.registration, result.judgement
    if registration is None or judgement is None:
        return False
    return says_the_same(one, registration, judgement)


def _unread(result: Result, noted: str) -> Deviation:
    """Name a note whose records are lost: it is the last trace of them."""
    finding = Finding(
        "V1",
        f"the records behind the verdict of {label_of(result)} cannot be read: git lost them\n"
        f"  note:    {visible(noted.partition(chr(10))[0])}",
        "restore them: gitexp doctor --fix, or from where they were pushed: gitexp sync",
    )
    return Deviation(result, finding, None)


def _hidden(result: Result, noted: str) -> Deviation | None:
    """Find a note that hides that the gate was skipped; the runs themselves decide nothing."""
    if not noted or noted.startswith(Verdict.EXPLORATORY):
        return None
    first, why = noted.partition("\n")[0], visible(result.records[-1].explore)
    finding = Finding(
        "V1",
        f"the verdict note of {label_of(result)} hides that its runs skipped the gate\n"
        f"  note:    {visible(first)}\n  records: EXPLORATORY ({why})",
        f"gitexp run {result.entry.name} --explore {shlex.quote(why)} rewrites it",
    )
    return Deviation(result, finding, None)


def about_notes(deviations: Sequence[Deviation]) -> Iterator[Finding]:
    """Report notes that say something else, and remark on those in another version's words."""
    yield from (deviation.finding for deviation in deviations if deviation.finding is not None)
    reworded = [deviation.result for deviation in deviations if deviation.finding is None]
    if not reworded:
        return
    names = [label_of(result) for result in reworded[:_NAMED]]
    if len(reworded) > _NAMED:
        names.append(f"{len(reworded) - _NAMED} more")
    them = "its verdict and figures are" if len(reworded) == 1 else "their verdicts and figures are"
    yield Finding(
        "V1",
        f"{counted(len(reworded), 'verdict note')} in the words of another version of gitexp;"
        f" {them} right: {', '.join(names)}",
        "gitexp verify --fix rewrites them in today's words",
        advice=True,
    )
