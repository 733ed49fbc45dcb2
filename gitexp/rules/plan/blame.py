"""A config with what is known of each value: who set it, what it gained, what else was tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change
from gitexp.rules.gate.formats.values import ABSENT

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.gate.formats.keys import Key
    from gitexp.rules.verdict.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class ValueTest:
    """An experiment on one value: `change` has it whole, `accepted`: the baseline took it over."""

    name: str
    registration: Registration
    judgement: Judgement
    change: Change
    accepted: bool

    @property
    def verdict(self) -> Verdict | None:
        """Its verdict, None while there is none."""
        return self.judgement.verdict


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """A value in a config: its key, its line (from 1; None if it is not on one) and what it is."""

    file: str
    key: Key
    value: object
    line: int | None

    @property
    def change(self) -> Change:
        """The value as a change that set it."""
        return Change(self.file, self.key, ABSENT, self.value)


@dataclass(frozen=True, slots=True)
class Blamed:
    """A value, the accepted experiment that set it, and the tests of other values, newest first."""

    place: ValuePlace
    set_by: ValueTest | None
    others: tuple[ValueTest, ...]

    @property
    def untested(self) -> bool:
        """Whether no experiment has a verdict about this key."""
        return self.set_by is None and not self.others

    def ended(self, verdict: Verdict) -> tuple[ValueTest, ...]:
        """Tests of other values that ended so."""
        return tuple(one for one in self.others if one.verdict is verdict)


def blame(places: Iterable[ValuePlace], tested: Sequence[ValueTest]) -> list[Blamed]:
    """Find for each value the experiment that set it, and what else was tried; newest come first.

    An experiment without a verdict says nothing yet.
    """
    by_place: dict[str, list[ValueTest]] = {}
    for one in tested:
        if one.verdict is not None:
            by_place.setdefault(one.change.place, []).append(one)
    return [_blamed(place, by_place) for place in places]


def _blamed(place: ValuePlace, by_place: Mapping[str, Sequence[ValueTest]]) -> Blamed:
    there = by_place.get(place.change.place, ())
    accepted = (o for o in there if o.accepted and o.change.sets_the_same(place.change))
    set_by = next(accepted, None)
    # Which experiment of this value was taken in says nothing about the others of it.
    return Blamed(place, set_by, tuple(one for one in there if one is not set_by))
