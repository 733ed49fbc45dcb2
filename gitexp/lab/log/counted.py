"""The records that count of an experiment, its baseline and other commits, and their verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.example_spread import ExampleSpread, parse_spreads
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.replacing import as_replaced
from gitexp.rules.verdict.rivals import Held, opposed, repeats, rivals, settle
from gitexp.rules.verdict.set_aside import HeldPairs, hold_pairs
from gitexp.store.held_order import LineOrder, held_order
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.run_notes import RunNotes
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.counting import Scope
    from gitexp.rules.verdict.verdict import Judgement


class Counted:
    """What counts of some notes in a scope; each commit's is found when it is first asked for."""

    def __init__(self, notes: RunNotes, scope: Scope) -> None:
        self._notes, self.scope = notes, scope
        self._held: dict[str, Held] = {}

    def by_rules_2(self) -> Counted:
        """What rules 2 would count, which name later records even where rules 1 count them."""
        if self.scope.rules > 1:
            return self
        return Counted(self._notes, replace(self.scope, rules=2))

    def held(self, commit: str) -> Held:
        """Records of a commit that count: of several for one run, the first that its note held."""
        if commit not in self._held:
            self._held[commit] = self._find(commit)
        return self._held[commit]

    def _find(self, commit: str) -> Held:
        if self.scope.is_paired and commit in {self.scope.experiment, self.scope.beside}:
            return self.pairs.mine if commit == self.scope.experiment else self.pairs.baseline
        return self._first_held(commit, self._counting(commit))

    @cached_property
    def pairs(self) -> HeldPairs:
        """What counts where runs are made pair by pair, and the pairs that are set aside."""
        scope = self.scope
        if not scope.is_paired:
            return HeldPairs(Held(()), Held(()), ())
        base, mine = scope.beside, scope.experiment
        return hold_pairs(
            self._counting(base), self._counting(mine), scope.metric,
            partial(self._first_held, base), partial(self._first_held, mine),
        )  # fmt: skip

    def _counting(self, commit: str) -> list[Record]:
        scope = self.scope
        return scope.counting(commit, self._notes.records(commit, scope.pair_of(commit)))

    def _first_held(self, commit: str, records: Sequence[Record]) -> Held:
        scope = self.scope
        if scope.rules < 2:
            return Held(tuple(records))
        own, pair = commit == scope.experiment, scope.pair_of(commit)
        # The history of one baseline's note is read once for all experiments on it. Within a scope,
        # each pair that is set aside leaves fewer records.
        known = self._notes.held(commit)
        key = scope.project, scope.metric, pair, own, scope.exact, len(records)
        if key not in known:
            known[key] = self._settled(commit, records)
        return known[key]

    def _settled(self, commit: str, records: Sequence[Record]) -> Held:
        """Leave one record of each run; the note's history is read only where one has several."""
        scope, notes = self.scope, self._notes
        # An experiment runs a seed once, whatever the condition.
        groups = rivals(records, scope.metric, any_condition=commit == scope.experiment)
        repeated = repeats(records, scope.metric)
        if not groups and not repeated:
            return Held(tuple(records))
        seeds = {group[0].seed for group in groups} | {bad.seed for bad, _ in repeated}

        def lines_of(text: str) -> list[str]:
            found = parse_records(text, pair=scope.pair_of(commit))
            return [record.line() for record in found if record.seed in seeds]

        order = held_order(notes.repository, RUNS, commit, lines_of)

        def came_after(one: Record, other: Record) -> bool | None:
            put = order.of(one.line(), other.line())
            return None if put is LineOrder.MERGED else put is LineOrder.FIRST

        held = settle(records, groups, came_after, repeated)
        if not held.beside:
            return held
        canaries = notes.made_for(commit, Purpose.CANARY)
        return opposed(held, scope.metric, canaries, exact=scope.exact)

    @cached_property
    def of_replaced(self) -> tuple[Record, ...]:
        """Failed runs of the commits that the experiment replaces."""
        return tuple(
            record
            for commit in self.scope.replaces
            for record in as_replaced(r for r in self._notes.records(commit) if r.is_of(commit))
        )

    def attempted(self, commit: str) -> tuple[Record, ...]:
        """Records of a commit that count, with the failures of those that it replaces."""
        found = self.held(commit).records
        return (*found, *self.of_replaced) if commit == self.scope.experiment else found

    @cached_property
    def spreads(self) -> Sequence[ExampleSpread]:
        """What its examples say about the experiment."""
        commit = self.scope.experiment
        found = parse_spreads(self._notes.text(commit))
        if self.scope.rules < 2:
            return found
        return held_spreads(self._notes.repository, commit, found)

    def judge(self, registration: Registration, base: str) -> Judgement:
        """Judge the experiment against a baseline."""
        commit = self.scope.experiment
        mine, baseline = self.held(commit), self.held(base)
        return judge_records(
            registration, baseline.records, self.attempted(commit),
            self.spreads if registration.by_examples else (),
            parse_checks(self._notes.text(commit), commit),
            (*baseline.contested, *mine.contested), (*baseline.opposed, *mine.opposed),
        )  # fmt: skip


def held_spreads(
    repository: Repository, noted: str, spreads: Sequence[ExampleSpread]
) -> list[ExampleSpread]:
    """Of several example spreads of one look, the first that was held; none if nobody can tell."""
    looks: dict[tuple[int, str], dict[str, ExampleSpread]] = {}
    for spread in spreads:
        looks.setdefault((spread.pairs, spread.inputs), {})[spread.line()] = spread
    if all(len(group) == 1 for group in looks.values()):
        return list(spreads)
    order = held_order(
        repository, RUNS, noted, lambda text: [spread.line() for spread in parse_spreads(text)]
    )
    found = []
    for group in looks.values():
        first = [
            spread
            for line, spread in group.items()
            if all(order.of(line, other) is LineOrder.FIRST for other in group if other != line)
        ]
        # The larger variance claims less, where two machines computed it side by side.
        found += first or [max(group.values(), key=lambda spread: spread.variance)]
    return found
