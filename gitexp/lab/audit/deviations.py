"""Verdict notes that are not what message and records give, and decided ones that have changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import Inventory, label_of, name_of
from gitexp.lab.log.batches import shown_otherwise
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, first_few, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.reading import decides_the_same, says_the_same
from gitexp.rules.verdict.verdict import Verdict
from gitexp.rules.verdict.view import split_view, view
from gitexp.store.cache import remove_cache
from gitexp.store.git_output import decode
from gitexp.store.note_history import Cut, find_cuts
from gitexp.store.refs import VERDICTS

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


_NAMED = 3  # experiments of a remark that are named
_DECIDED = (Verdict.CONFIRMED, Verdict.RULED_OUT)


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
        lines = zip_longest(noted.split("\n"), due.strip("\n").split("\n"), fillvalue="")
        one, instead = next((a or "nothing", b or "nothing") for a, b in lines if a != b)
    finding = Finding(
        "V1",
        f"the verdict note of {label_of(result)} is not what its message and records give\n"
        f"  note:    {visible(one)}\n  records: {visible(instead)}",
        "gitexp verify --fix rewrites verdict notes; messages and records stay as they are;"
        f" a remark of yours is kept by: gitexp note {name_of(result)} TEXT"
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


def about_cache(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments that this clone's log and reports show otherwise than git has them.

    The next command reads them from git again.
    """
    repository = inventory.project.repository
    found = shown_otherwise(repository, inventory.held)
    if found:
        remove_cache(repository.local)
    for result, said in found:
        due = result.verdict
        yield Finding(
            "V1",
            f"what `gitexp log` showed of {label_of(result)} is not what its message and records"
            f" give\n  shown:   {visible(said.verdict or 'no verdict')}"
            f"\n  records: {due or 'no verdict'}",
            "it is read from git again from now on; write reports again: gitexp report",
        )


def about_notes(deviations: Sequence[Deviation]) -> Iterator[Finding]:
    """Report notes that say something else, and remark on those in another version's words."""
    yield from (deviation.finding for deviation in deviations if deviation.finding is not None)
    reworded = [deviation.result for deviation in deviations if deviation.finding is None]
    if not reworded:
        return
    names = first_few([label_of(result) for result in reworded], _NAMED)
    them = "its verdict and figures are" if len(reworded) == 1 else "their verdicts and figures are"
    yield Finding(
        "V1",
        f"{counted(len(reworded), 'verdict note')} in the words of another version of gitexp;"
        f" {them} right: {names}",
        "gitexp verify --fix rewrites them in today's words",
        advice=True,
    )


def about_turned(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments whose first decided note is not what their records give today.

    Only the first counts: whatever was written over it later changes nothing, and V1 names it
    while it stands. A verdict that turned into CONFIRMED is a problem, as somebody may have wanted
    it; what two clones measured side by side can do the same.
    """
    ends = inventory.cut
    results = {r.commit: r for r in inventory.held if r.commit not in ends}
    for noted, (cut, note) in _first_decided(inventory).items():
        result = results.get(noted)
        if result is None or inventory.unread & {noted, result.base}:
            continue
        now = _turned_into(result, note)
        if now is None:
            continue
        yield Finding(
            "V19",
            f"the verdict of {label_of(result)} was decided, and has changed since\n"
            f"  then: {visible(note.partition(chr(10))[0])}\n  now:  {visible(now)}",
            f"git show {cut.edit[:10]} shows who replaced it; git log -p refs/notes/gitexp-runs"
            f" shows what was added; to measure on fresh seeds: gitexp retest {name_of(result)}",
            advice=result.verdict is not Verdict.CONFIRMED or note.startswith(Verdict.CONFIRMED),
        )


def _first_decided(inventory: Inventory) -> dict[str, tuple[Cut, str]]:
    """The oldest decided note of each commit that was replaced, and the edit that did it."""
    repository = inventory.project.repository
    cuts = find_cuts(repository, VERDICTS)
    texts = repository.git.objects([cut.before for cut in cuts])
    notes = ((cut, decode(text or b"").strip("\n")) for cut, text in zip(cuts, texts, strict=True))
    # The oldest comes last, and wins.
    return {cut.noted: (cut, note) for cut, note in notes if note.startswith(_DECIDED)}


def _turned_into(result: Result, note: str) -> str | None:
    """What a decided note would say today; None where it would say the same."""
    if result.explored:
        return Verdict.EXPLORATORY
    registration, judgement = result.registration, result.judgement
    if registration is None or judgement is None:
        return "no verdict"
    if decides_the_same(note, registration, judgement):
        return None
    return words.verdict_line(registration, judgement)
