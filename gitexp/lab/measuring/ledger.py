"""The notes of the commits that are being measured: read once, and kept current while runs end."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gitexp.errors import GitexpError
from gitexp.lab.log.held_records import held_records, held_spreads
from gitexp.lab.measuring.arms import arms_of
from gitexp.lab.measuring.environments import Environments
from gitexp.rules.documents.check import Check, parse_checks
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.example_spread import ExampleSpread, parse_spreads
from gitexp.rules.documents.kinds import MOST_ATTEMPTS
from gitexp.rules.documents.lines import canonical, count_newer, say_newer
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.neutrality import code_runs
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.replacing import as_replaced
from gitexp.rules.verdict.rivals import Held, gated
from gitexp.rules.verdict.set_aside import hold_pairs
from gitexp.store.aside import Intent, put_aside
from gitexp.store.note_writing import append_lines, write
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, LOGS, RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitexp.engine.job import RunResult
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.documents.start import Start
    from gitexp.rules.verdict.arms import ArmEnvironments
    from gitexp.rules.verdict.neutrality import CodeRuns
    from gitexp.rules.verdict.set_aside import SetAside
    from gitexp.rules.verdict.verdict import Judgement


@dataclass(frozen=True, slots=True)
class _Note:
    """A commit's note as last read; `held` are the records that count, `spreads` likewise."""

    text: str
    held: Held
    spreads: Sequence[ExampleSpread]
    checks: Sequence[Check]


_UNREAD = _Note("", Held(()), (), ())


class Ledger:
    """Records, environments and bulk lines by commit.

    `experiment` is the commit that is measured beside its baseline, and `why` it runs although the
    gate refuses it, "" if the gate was passed. `tell` gets one line of news. Experiments of one
    baseline that run at once have `shared` environments. `beside` is the baseline where its runs
    are made for this experiment alone, pair by pair; `code` is the code commit that the experiment
    stands on, if it must be proven neutral.
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        metric: str,
        tell: Callable[[str], None],
        *,
        experiment: str = "",
        why: str = "",
        shared: Environments | None = None,
        beside: str = "",
        replaced: Sequence[str] = (),
        code: str = "",
    ) -> None:
        self.project, self.repository = project, project.repository
        self.settings, self.metric = settings, metric
        self.experiment, self.why, self.beside, self.code = experiment, why, beside, code
        self._replaced = tuple(replaced)
        self.aside: tuple[SetAside, ...] = ()  # pairs that do not count, as last read
        self.stored = 0  # runs that were stored through this ledger
        self._tell = tell
        self._lock = threading.Lock()
        self._notes: dict[str, _Note] = {}  # by commit
        self._environments = shared or Environments(project.repository)
        self._followed: dict[str, None] = {}  # commits whose environments are known
        self._warned: set[str] = set()  # what was said already

    def read(self, *commits: str) -> None:
        """Read the records of commits as they are now, in one git process."""
        self.take(dict.fromkeys(commits, "") | read_notes(self.repository, RUNS, commits))

    def take(self, notes: Mapping[str, str]) -> None:
        """Take over the notes of commits as they were just read."""
        for commit, text in notes.items():
            counting = Held(tuple(self._counting(text, commit)))
            checks = parse_checks(text, commit)
            self._notes[commit] = _Note(text, counting, parse_spreads(text), checks)
            if self.settings.rules > 1 and not self.beside:
                self._settle(commit, self._first_held(commit, counting.records))
            if (newer := say_newer(count_newer(text))) and newer not in self._warned:
                self._warned.add(newer)
                self._tell(f"{commit[:8]}: {newer}, and may hold what is run here again")
        settled = self.beside and self._settle_pairs()
        if self._replaced and (settled or self.experiment in notes):
            self._count_replaced()

    def _settle(self, commit: str, held: Held) -> None:
        """Leave only what the notes held first, of several records or spreads of one kind."""
        note = self._notes[commit]
        spreads = held_spreads(self.repository, commit, note.spreads)
        self._notes[commit] = replace(note, held=held, spreads=spreads)

    def _settle_pairs(self) -> bool:
        """Likewise, without the pairs that are set aside; needs the notes of both sides."""
        both = (self.beside, self.experiment)
        if not self._notes.keys() >= {*both}:
            return False
        base, mine = (self._counting(self._notes[commit].text, commit) for commit in both)
        held = hold_pairs(
            base, mine, self.metric,
            partial(self._first_held, self.beside), partial(self._first_held, self.experiment),
        )  # fmt: skip
        self.aside = held.aside
        self._settle(self.beside, held.baseline)
        self._settle(self.experiment, held.mine)
        return True

    def _count_replaced(self) -> None:
        """Add the failures of the commits that the experiment replaces to its records."""
        failed = [
            record
            for commit, text in read_notes(self.repository, RUNS, self._replaced).items()
            for record in as_replaced(r for r in self._counting(text, commit) if r.is_of(commit))
        ]
        note = self._notes[self.experiment]
        held = replace(note.held, records=(*note.held.records, *failed))
        self._notes[self.experiment] = replace(note, held=held)

    def _first_held(self, commit: str, records: Sequence[Record]) -> Held:
        return held_records(
            self.repository,
            commit,
            records,
            self.metric,
            self._notes[commit].text,
            any_condition=commit == self.experiment,
            pair=self._pair_of(commit),
            exact=not self.settings.seeded,
        )

    def _pair_of(self, commit: str) -> str:
        """The experiment that runs of a commit are made for alone, if it is one."""
        return self.experiment if commit == self.beside else ""

    def _counting(self, text: str, commit: str) -> list[Record]:
        """Records of this project that count for a commit.

        Ungated runs only count if the gate is skipped again. A baseline's records may come from a
        commit that runs the same; an experiment's must be its own.
        """
        records = parse_records(text, pair=self._pair_of(commit))
        if not self.why:
            records = (
                gated(records)
                if self.settings.rules > 1
                else [record for record in records if not record.explore]
            )
        return [
            record
            for record in records
            if record.project == self.project.folder
            and (commit != self.experiment or record.is_of(commit))
        ]

    def records(self, commit: str) -> Sequence[Record]:
        """Records of a commit as last read: at the beginning, and after every batch of runs."""
        return self._held(commit).records

    def _held(self, commit: str) -> Held:
        if commit not in self._notes:
            self.read(commit)
        return self._notes[commit].held

    def _last(self, commit: str) -> _Note:
        return self._notes.get(commit, _UNREAD)

    def spreads(self, commit: str) -> Sequence[ExampleSpread]:
        """What its examples say about an experiment, as last read."""
        return self._last(commit).spreads

    def checks(self, commit: str) -> Sequence[Check]:
        """What runs showed that were made again for an experiment, as last read."""
        return self._last(commit).checks

    def canaries(self, commit: str) -> list[tuple[Start, Record]]:
        """Good runs of a commit that were made to check it, with their starts, in their order."""
        return self._with_starts(commit, parse_records(self._last(commit).text, Purpose.CANARY))

    def samples(self, commit: str) -> list[Record]:
        """Runs of a commit on a part of the data, as last read."""
        return parse_records(self._last(commit).text, Purpose.SAMPLE)

    def code_runs(self, registration: Registration, base: str) -> CodeRuns:
        """What shows whether the experiment's code is neutral, as last read."""
        again = parse_records(self._last(base).text, Purpose.CANARY, self._pair_of(base))
        code = self.proving(self.code)
        mine = (record for record in again if record.project == self.project.folder)
        return code_runs(registration, self.records(base), mine, code)

    def proving(self, commit: str) -> list[Record]:
        """Runs of a commit that were made to prove that it changes nothing, as last read."""
        return self._made_for(Purpose.NEUTRAL, self._last(commit).text, commit)

    def screened(self, commit: str) -> list[Record]:
        """Runs of a commit that were made to choose among ideas, as last read."""
        return self._made_for(Purpose.SCREEN, self._last(commit).text, commit)

    def _made_for(self, purpose: Purpose, text: str, commit: str) -> list[Record]:
        found = parse_records(text, purpose)
        return [r for r in found if r.project == self.project.folder and r.is_of(commit)]

    def started(self, commit: str) -> list[tuple[Start, Record]]:
        """Good runs of a commit with their starts, as far as these are on record.

        One that proved that a baseline commit leaves earlier records as they were is among them.
        """
        return self._with_starts(commit, [*self.records(commit), *self.proving(commit)])

    def _with_starts(self, commit: str, records: Iterable[Record]) -> list[tuple[Start, Record]]:
        starts = {(s.seed, s.attempt, s.start): s for s in parse_starts(self._last(commit).text)}
        found = ((starts.get((r.seed, r.attempt, r.start)), r) for r in records if r.ok)
        both = [(start, record) for start, record in found if start is not None]
        return sorted(both, key=lambda one: one[1].start)

    def good(
        self, commit: str, seeds: Iterable[int], conditions: Sequence[str] | None = None
    ) -> dict[int, Record]:
        """Records that count for these seeds, in any (or one of these) conditions, as last read."""
        return first_good(self.records(commit), seeds, self.metric, conditions)

    def judge(self, registration: Registration, base: str, commit: str) -> Judgement:
        """Judge an experiment by the records as last read."""
        baseline, mine = self._held(base), self._held(commit)
        return judge_records(
            registration, baseline.records, mine.records, self.spreads(commit), self.checks(commit),
            (*baseline.contested, *mine.contested), (*baseline.opposed, *mine.opposed),
        )  # fmt: skip

    def attempt(
        self,
        commit: str,
        seed: int,
        conditions: Sequence[str] | None,
        purpose: Purpose = Purpose.RUN,
    ) -> int:
        """Number of the next attempt at a seed; 0 if a good run has been stored by now."""
        text = read_notes(self.repository, RUNS, [commit]).get(commit, "")
        gone = {record.line() for one in self.aside for record in (one.baseline, one.mine)}
        proves = purpose is Purpose.NEUTRAL
        made = self._made_for(purpose, text, commit) if proves else self._counting(text, commit)
        counting = (r for r in made if not gone or r.line() not in gone)
        if first_good(counting, [seed], self.metric, conditions):
            return 0
        # Whatever they were made for: outcomes and folders are named by seed and attempt.
        attempts = [record.attempt for record in parse_records(text, None) if record.seed == seed]
        attempts += [start.attempt for start in parse_starts(text) if start.seed == seed]
        # A number that nobody reaches by running is not ours, and the next would be too high.
        return 1 + max((one for one in attempts if one < MOST_ATTEMPTS), default=0)

    def came_meanwhile(self, commit: str, seed: int, purpose: Purpose, share: float) -> bool:
        """Whether somebody has stored a good screening or sample run since the notes were read.

        One that was there before may be due again all the same: it proves nothing.
        """
        if purpose not in {Purpose.SCREEN, Purpose.SAMPLE} or commit not in self._notes:
            return False
        known = {record.line() for record in parse_records(self._notes[commit].text, purpose)}
        text = read_notes(self.repository, RUNS, [commit]).get(commit, "")
        new = (
            record
            for record in parse_records(text, purpose)
            if record.project == self.project.folder
            and record.sample == share
            and record.line() not in known
        )
        return bool(first_good(new, [seed], self.metric))

    # --- environments ---------------------------------------------------------------------------

    def read_environments(self, *commits: str) -> None:
        """Read the environments and bulk lines that commits have."""
        # The other commits are needed soon, so one git process reads the notes of all.
        self._followed |= dict.fromkeys([*self._notes, *commits])
        self._environments.read(self._followed)

    def reread_bulk(self, commit: str) -> None:
        """Read the environments and bulk lines of a commit again, which came from elsewhere."""
        self._environments.read_again(commit)

    def environments(self, commit: str) -> dict[str, dict[str, Any]]:
        """Environments of a commit's good runs by condition, as far as they are known."""
        self.read_environments(commit)
        known = self._environments.of(self._followed)
        used = dict.fromkeys(record.condition for record in self.records(commit) if record.ok)
        return {name: known[name] for name in used if name in known}

    def environment(self, condition: str) -> dict[str, Any]:
        """Environment of a condition, empty if it is unknown."""
        return self._environments.of(self._followed).get(condition, {})

    def bulk(self, commit: str) -> str:
        """The bulk lines of a commit, as last read or written."""
        self.read_environments(commit)
        return self._environments.text(commit)

    def arms(self, registration: Registration, base: str, commit: str) -> ArmEnvironments:
        """Environments of the paired runs of an experiment, as last read."""
        bulk = (self.bulk(one) for one in (base, commit))
        return arms_of(registration, self.records(base), self.records(commit), bulk)

    def threads(self) -> int | None:
        """Threads of a run as the baseline's first run fixed them; None if there was none."""
        runs = [
            record
            for commit, note in self._notes.items()
            if commit != self.experiment
            for record in note.held.records
        ]
        first = [self.environment(r.condition) for r in sorted(runs, key=lambda r: r.start)]
        # Where this baseline has not been run yet, those of the one before it.
        known = self._environments.of(self._followed)
        for environment in (*first, *reversed(known.values())):
            if type(fixed := environment.get("threads")) is int and fixed > 0:
                return fixed
        return None

    def name_condition(self, described: dict[str, Any], commit: str) -> str:
        """Name the condition of a run's environment; a new one is remembered."""
        return self._environments.name(described, commit, [*self._followed])

    def open_generation(self) -> None:
        """Let no run from now on share its condition with one that is on record."""
        self._environments.open_generation([*self._followed])

    @property
    def generation(self) -> int:
        """The generation of conditions that was opened; runs belong to it, or to a newer one."""
        return self._environments.generation

    @generation.setter
    def generation(self, number: int) -> None:
        self._environments.generation = number

    # --- what is written ------------------------------------------------------------------------

    def begin(self, start: Start) -> None:
        """Put the start of an attempt on record, before its command starts.

        Raises:
            StoreBusy, NotReady: it could not be stored, so nothing may start.
        """
        try:
            append_lines(self.repository, RUNS, {start.commit: [start.line()]})
        except GitexpError:
            # The line is kept aside and will be stored, beside the end of what never began.
            end = start.ended_early(Ended.FREED).line()
            with suppress(OSError):
                put_aside(self.repository, [Intent(RUNS, start.commit, (end,))])
            raise

    def note(self, check: Check) -> None:
        """Put what a repeated run showed beside the records of its experiment, and read it back."""
        append_lines(self.repository, RUNS, {check.commit: [check.line()]})
        self.read(check.commit)

    def end(self, record: Record) -> None:
        """Put the end of an attempt that was stopped on record.

        Raises:
            StoreBusy: the notes stayed locked; the line is kept aside.
        """
        append_lines(self.repository, RUNS, {record.commit: [record.line()]})

    def store(self, commit: str, result: RunResult) -> None:
        """Append a run's record, bulk lines and log to the notes of its commit.

        Raises:
            StoreBusy: the notes stayed locked; the lines are kept aside.
        """
        with self._lock:
            self.stored += 1
        bulk = self._environments.new_lines(commit, result.bulk)
        # In one step: a record that is stored always finds the line that it cites.
        write(
            self.repository,
            [
                Intent(BULK, commit, tuple(bulk)),
                Intent(RUNS, commit, (result.record.line(),)),
                Intent(LOGS, commit, (canonical(result.log),)),
            ],
        )
        self._environments.add(commit, bulk)
