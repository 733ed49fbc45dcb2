"""The notes of the commits that are being measured: read once, and kept current while runs end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError
from gitexp.lab.log.counted import Counted
from gitexp.lab.log.run_notes import RunNotes
from gitexp.lab.measuring.arms import arms_of
from gitexp.lab.measuring.environments import Environments, Shared
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.check import Check, parse_checks
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.kinds import MOST_ATTEMPTS
from gitexp.rules.documents.lines import canonical, count_newer, say_newer
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, made_by, parse_records
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.start import Start, parse_starts
from gitexp.rules.verdict.counting import Scope
from gitexp.rules.verdict.neutrality import CodeRuns, code_runs
from gitexp.rules.verdict.pairs import first_good
from gitexp.store.aside import Intent, put_aside
from gitexp.store.note_writing import append_lines, write
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, LOGS, RUNS

if TYPE_CHECKING:
    from gitexp.engine.job import RunResult
    from gitexp.rules.documents.example_spread import ExampleSpread
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.arms import ArmEnvironments
    from gitexp.rules.verdict.set_aside import SetAside
    from gitexp.rules.verdict.verdict import Judgement


def scope_of(project: Project, settings: Settings, metric: str) -> Scope:
    """Which records count for the baseline of a project."""
    return Scope(metric, project.folder, settings.rules, exact=not settings.seeded)


class Ledger:
    """Records by commit, and what is added to them.

    `scope` says which of them count, and `tell` gets one line of news. Experiments of one baseline
    that run at once have `shared` environments. `code` is the code commit that the experiment
    stands on, if it must be proven neutral.
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        scope: Scope,
        tell: Callable[[str], None],
        *,
        shared: Shared | None = None,
        code: str = "",
    ) -> None:
        self.project, self.repository = project, project.repository
        self.settings, self.scope, self.code = settings, scope, code
        self.metric, self.experiment = scope.metric, scope.experiment
        self.why, self.beside = scope.why, scope.beside
        self.environments = Environments(project.repository, shared)
        self.stored = 0  # runs that were stored through this ledger
        self._tell = tell
        self._lock = threading.Lock()
        self._notes = RunNotes(project.repository, {})
        self._counted = Counted(self._notes, scope)
        self._taken: dict[str, None] = {}  # commits whose notes were read
        self._warned: set[str] = set()  # what was said already

    def read(self, *commits: str) -> None:
        """Read the records of commits as they are now, in one git process."""
        self.take(dict.fromkeys(commits, "") | read_notes(self.repository, RUNS, commits))

    def take(self, notes: Mapping[str, str]) -> None:
        """Take over the notes of commits as they were just read."""
        self._notes.take(notes)
        self._counted = Counted(self._notes, self.scope)
        self._taken |= dict.fromkeys(notes)
        self.environments.follow(notes)
        for commit, text in notes.items():
            if (newer := say_newer(count_newer(text))) and newer not in self._warned:
                self._warned.add(newer)
                self._tell(f"{commit[:8]}: {newer}, and may hold what is run here again")

    # --- what is on record, as last read: at the beginning, and after every batch of runs --------

    def records(self, commit: str) -> Sequence[Record]:
        """Records of a commit that count."""
        if commit not in self._taken:
            self.read(commit)
        return self._counted.attempted(commit)

    @property
    def aside(self) -> Sequence[SetAside]:
        """Pairs that do not count."""
        return self._counted.pairs.aside

    @property
    def spreads(self) -> Sequence[ExampleSpread]:
        """What its examples say about the experiment."""
        return self._counted.spreads

    @property
    def checks(self) -> Sequence[Check]:
        """What runs showed that were made again for the experiment."""
        return parse_checks(self._notes.text(self.experiment), self.experiment)

    def canaries(self, commit: str) -> list[tuple[Start, Record]]:
        """Good runs of a commit that were made to check it, with their starts, in their order."""
        return self._with_starts(commit, self._notes.made_for(commit, Purpose.CANARY))

    def samples(self, commit: str) -> Sequence[Record]:
        """Runs of a commit on a part of the data."""
        return self._notes.made_for(commit, Purpose.SAMPLE)

    def code_runs(self, registration: Registration, base: str) -> CodeRuns:
        """What shows whether the experiment's code is neutral."""
        again = self._notes.made_for(base, Purpose.CANARY, self.scope.pair_of(base))
        mine = (record for record in again if record.project == self.project.folder)
        return code_runs(registration, self.records(base), mine, self.proving(self.code))

    def proving(self, commit: str) -> list[Record]:
        """Runs of a commit that were made to prove that it changes nothing."""
        return self._made_for(commit, Purpose.NEUTRAL)

    def screened(self, commit: str) -> list[Record]:
        """Runs of a commit that were made to choose among ideas."""
        return self._made_for(commit, Purpose.SCREEN)

    def _made_for(self, commit: str, purpose: Purpose) -> list[Record]:
        return made_by(self._notes.made_for(commit, purpose), commit, self.project.folder)

    def started(self, commit: str) -> list[tuple[Start, Record]]:
        """Good runs of a commit with their starts, as far as these are on record.

        One that proved that a baseline commit leaves earlier records as they were is among them.
        """
        return self._with_starts(commit, [*self.records(commit), *self.proving(commit)])

    def _with_starts(self, commit: str, records: Iterable[Record]) -> list[tuple[Start, Record]]:
        starts = {(s.seed, s.attempt, s.start): s for s in parse_starts(self._notes.text(commit))}
        found = ((starts.get((r.seed, r.attempt, r.start)), r) for r in records if r.ok)
        both = [(start, record) for start, record in found if start is not None]
        return sorted(both, key=lambda one: one[1].start)

    def good(
        self, commit: str, seeds: Iterable[int], conditions: Sequence[str] | None = None
    ) -> dict[int, Record]:
        """Records that count for these seeds, in any (or one of these) conditions."""
        return first_good(self.records(commit), seeds, self.metric, conditions)

    def judge(self, registration: Registration, base: str) -> Judgement:
        """Judge the experiment."""
        return self._counted.judge(registration, base)

    def arms(self, registration: Registration, base: str) -> ArmEnvironments:
        """Environments of the paired runs of the experiment."""
        mine = self.experiment
        bulk = map(self.environments.text, (base, mine))
        beside = (*self.samples(mine), *self.screened(mine))
        return arms_of(registration, self.records(base), self.records(mine), bulk, beside)

    def threads(self) -> int | None:
        """Threads of a run as the baseline's first run fixed them; None if there was none."""
        others = (commit for commit in self._taken if commit != self.experiment)
        return self.environments.threads(r for commit in others for r in self.records(commit))

    # --- what others have stored by now ----------------------------------------------------------

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
        if purpose is Purpose.NEUTRAL:
            made = made_by(parse_records(text, purpose), commit, self.project.folder)
        else:
            pair = self.scope.pair_of(commit)
            made = self.scope.counting(commit, parse_records(text, pair=pair))
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
        if purpose not in {Purpose.SCREEN, Purpose.SAMPLE}:
            return False
        known = {record.line() for record in self._notes.made_for(commit, purpose)}
        text = read_notes(self.repository, RUNS, [commit]).get(commit, "")
        new = (
            record
            for record in parse_records(text, purpose)
            if record.project == self.project.folder
            and record.sample == share
            and record.line() not in known
        )
        return bool(first_good(new, [seed], self.metric))

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
        self._write(record, [])

    def store(self, commit: str, result: RunResult) -> None:
        """Append a run's record, bulk lines and log to the notes of its commit.

        Raises:
            StoreBusy: the notes stayed locked; the lines are kept aside.
        """
        with self._lock:
            self.stored += 1
        bulk = self.environments.new_lines(commit, result.bulk)
        log = Intent(LOGS, commit, (canonical(result.log),))
        self._write(result.record, [Intent(BULK, commit, tuple(bulk)), log])
        self.environments.add(commit, bulk)

    def _write(self, record: Record, others: Sequence[Intent]) -> None:
        """Store a record in one step with the lines that it cites."""
        write(self.repository, [*others, Intent(RUNS, record.commit, (record.line(),))])
