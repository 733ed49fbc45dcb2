"""The subject of the merge that accepts an experiment: what changed, and what that did.

    C 1.0 -> 10: accuracy +0.0137 [+0.0015, +0.0216] (exp/brave-otter)

It is for people to read. That the merge accepts the experiment is said by its trailer `Accepted:`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change, cut
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.text import visible
from gitexp.rules.verdict import words

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

WIDTH = 76  # columns; git log indents it by four. A long name or metric may take more
_BRIEF = 12  # characters of a key, a value or an effect where there is little room


def merge_subject(name: str, registration: Registration, judgement: Judgement | None) -> str:
    """Write the subject of an experiment's merge, on one line and as long as there is room."""
    end = f" (exp/{name})"
    subjects = [
        f"{change}: {result}{end}"
        for result in _results(registration, judgement)
        for change in _changes(registration.change)
    ]
    fitting = (subject for subject in subjects if len(subject) <= WIDTH)
    return next(fitting, subjects[-1])


def _changes(change: Change) -> Iterator[str]:
    """The change in ever fewer words."""
    last = [place for place, part in enumerate(change.key) if isinstance(part, str)][-1:]
    keys = spell_key(change.key), spell_key(change.key[last[0] if last else 0 :])
    before, after = (_plain(spell(value)) for value in (change.before, change.after))
    for key in dict.fromkeys(map(_plain, keys)):
        yield f"{key} {before} -> {after}"
    yield f"{key} -> {after}"
    yield f"{cut(key, _BRIEF)} -> {cut(after, _BRIEF)}"


def _results(registration: Registration, judgement: Judgement | None) -> Iterator[str]:
    """What came of it, with the bounds of the effect and without them."""
    if judgement is None or judgement.verdict is None:
        yield "accepted without a verdict"
        return
    verdict = "" if judgement.verdict == "CONFIRMED" else judgement.verdict.lower()
    if judgement.effect is None:
        yield verdict or "confirmed"
        return
    effect = _plain(words.effect(registration.criterion, judgement))
    found = f"{verdict}, {effect}" if verdict else effect
    yield found
    yield found.partition(" [")[0]


def _plain(text: str) -> str:
    """Text on one line, without what a terminal acts on."""
    return visible(" ".join(text.split()))
