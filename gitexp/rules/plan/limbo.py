"""Ideas in limbo: tested again and again, never confirmed, never given up."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.plan.together import together
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.rules.plan.precedent import Precedent
    from gitexp.rules.verdict.criterion import Criterion

_LIMBO = 3  # verdicts on one key without a confirmation
_SHOWN = 5  # of these, the newest
_HOPELESS = 100  # times as much data: nobody will collect that
_OTHER = "say in the hypothesis why this value should do what those did not"
_MORE = "more repeats or larger test sets would settle it; gitexp start says how many"


def keeps_coming_back(
    change: Change, criterion: Criterion, same_key: Sequence[Precedent], again: Container[str]
) -> Finding | None:
    """Point out a key in limbo: its verdicts, their pooled interval, and what would settle it.

    `same_key` are the experiments with a verdict on that key, newest first, `again` the names of
    those that gave it the same value: if one of them was inconclusive, the key is in limbo already.
    Only the same value pools: what another value did says nothing about this one.
    """
    alike = [
        one
        for one in same_key
        if one.is_measured_by(criterion) and one.judgement.effect is not None
    ]
    confirmed = any(one.judgement.verdict is Verdict.CONFIRMED for one in alike)
    undecided = any(
        one.judgement.verdict is Verdict.INCONCLUSIVE for one in alike if one.name in again
    )
    if confirmed or not (undecided or len(alike) >= _LIMBO):
        return None
    lines = [
        f"  exp/{one.name}: {spell(one.registration.change.after)}  {one.line}"
        for one in alike[:_SHOWN]
    ]
    if len(alike) > _SHOWN:
        lines.append(f"  and {len(alike) - _SHOWN} before them")
    same = [one for one in alike if one.name in again]
    more, next_step = _together(criterion, same) if same else (_sides(change, alike), _OTHER)
    times = "once" if len(alike) == 1 else f"{len(alike)} times"
    return Finding(
        "L1",
        f"{change.spelled_key} keeps coming back: tested {times}, never confirmed\n"
        + "\n".join([*lines, *more]),
        next_step,
        advice=True,
    )


def _together(criterion: Criterion, alike: Sequence[Precedent]) -> tuple[list[str], str]:
    """Pool the effects; return a line about them, and what would settle the question."""
    pooled = together(criterion, alike)
    if pooled is None:
        return [], _MORE
    line = f"  together: {pooled.measured(criterion)}"
    return [line], _what_settles(criterion, pooled.effect, pooled.upper - pooled.effect)


def _sides(change: Change, alike: Sequence[Precedent]) -> list[str]:
    """On which side of a number others were tried: they say nothing about the other side."""
    value = change.number
    tried = sorted({n for one in alike if (n := one.registration.change.number) is not None})
    if value is None or not tried:
        return []
    named = ", ".join(f"{number:g}" for number in tried)
    if value < tried[0] or value > tried[-1]:
        return [f"  tried: {named}, all {'above' if value < tried[0] else 'below'} {value:g}"]
    return [f"  tried: {named}; {value:g} lies between"]


def _what_settles(criterion: Criterion, effect: float, reach: float) -> str:
    if effect + reach < criterion.bar:
        return f"the question is settled: together they rule out {criterion}"
    if effect == criterion.bar:
        return _MORE
    times = (reach / (effect - criterion.bar)) ** 2
    if times >= _HOPELESS:
        return f"the effect is too close to {criterion} to be decided: ask for more or for less"
    if times > 1:
        return f"it would take about {times:.2g} times as many repeats and test rows to settle it"
    return _MORE
