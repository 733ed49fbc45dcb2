"""Decided verdicts that turned into something else: the history of the notes remembers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of, name_of
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.reading import decides_the_same
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.git_output import decode
from gitexp.store.note_history import Cut, find_cuts
from gitexp.store.refs import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.lab.log.result import Result

_DECIDED = (Verdict.CONFIRMED, Verdict.RULED_OUT)


def about_turned(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments whose first decided note is not what their records give today.

    Only the first counts: whatever was written over it later changes nothing, and V1 names it
    while it stands. A verdict that turned into CONFIRMED is a problem, as somebody may have wanted
    it; what two clones measured side by side can do the same.
    """
    results = {r.commit: r for r in inventory.held if r.commit not in inventory.cut}
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
