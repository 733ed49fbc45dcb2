"""What has been tried on each config key and did not help."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import cut
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.verdict import effects
from gitexp.rules.verdict.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration

_NAMED = 6  # values of a key that are named
_LONGEST = 24  # characters of a value


@dataclass(frozen=True, slots=True)
class Tried:
    """An experiment on some key, with its verdict if it has one."""

    registration: Registration
    judgement: Judgement | None

    @property
    def verdict(self) -> Verdict | None:
        """Its verdict, None while there is none."""
        return self.judgement.verdict if self.judgement else None


def dead_ends(tried: Iterable[Tried], metric: str) -> list[str]:
    """Say for each key what was ruled out on a metric, and on which side nothing was tried.

    `tried` are all experiments, newest first. The keys with the most values ruled out come first.
    """
    by_key: dict[str, list[Tried]] = {}
    for one in tried:
        by_key.setdefault(one.registration.change.place, []).append(one)
    dead = {
        place: ruled_out
        for place, there in by_key.items()
        if (ruled_out := _by_value(one for one in there if _is_dead(one, metric)))
    }
    order = sorted(dead, key=lambda place: -len(dead[place]))
    return [_line(by_key[place], dead[place]) for place in order]


def _is_dead(one: Tried, metric: str) -> bool:
    return one.verdict is Verdict.RULED_OUT and one.registration.criterion.metric == metric


def _by_value(tried: Iterable[Tried]) -> list[Tried]:
    """One experiment for each value, the newest, in the order of the values."""
    found: dict[str, Tried] = {}
    for one in tried:
        found.setdefault(spell(one.registration.change.after), one)

    def place(spelled: str) -> tuple[bool, float, str]:
        number = found[spelled].registration.change.number
        return number is None, number or 0.0, spelled

    return [found[spelled] for spelled in sorted(found, key=place)]


def _line(there: Sequence[Tried], dead: Sequence[Tried]) -> str:
    values = [_value(one) for one in dead[:_NAMED]]
    if len(dead) > _NAMED:
        values.append(f"{len(dead) - _NAMED:,} more")
    named = " and ".join(filter(None, (", ".join(values[:-1]), values[-1])))
    key = there[0].registration.change.spelled_key
    return f"{key}: {named} ruled out{_sides(there, dead)}"


def _value(one: Tried) -> str:
    value, judgement = cut(spell(one.registration.change.after), _LONGEST), one.judgement
    shown = effects.measured(one.registration.criterion, judgement) if judgement else ""
    return f"{value} ({shown})" if shown else value


def _sides(there: Sequence[Tried], dead: Sequence[Tried]) -> str:
    """On which side of the newest baseline's value all lie, and whether the other was tried."""
    before = there[0].registration.change.before
    values = [one.registration.change.number for one in dead]
    if isinstance(before, bool) or not isinstance(before, int | float) or None in values:
        return ""
    numbers = [value for value in values if value is not None]
    others = [one.registration.change.number for one in there]
    below = any(value is None or value < before for value in others)
    above = any(value is None or value > before for value in others)
    if all(value > before for value in numbers):
        return f", all above {spell(before)}" + ("" if below else "; nothing tried below")
    if all(value < before for value in numbers):
        return f", all below {spell(before)}" + ("" if above else "; nothing tried above")
    return ""
