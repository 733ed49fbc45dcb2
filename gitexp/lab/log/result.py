"""An experiment with everything known about it, each part read when it is first asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.rules.documents.code_commit import REPLACES
from gitexp.rules.documents.registration import Registration, parse_message
from gitexp.rules.documents.remark import Remark, parse_remarks
from gitexp.rules.documents.summary import Stage, Summary, parse_summary, summarize, summary_text
from gitexp.rules.verdict.campaign import Member, member_text, parse_member
from gitexp.store.cache import CachedSummary

if TYPE_CHECKING:
    from gitexp.lab.log.counted import Counted
    from gitexp.lab.log.run_notes import RunNotes
    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.purpose import Purpose
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.rivals import Held
    from gitexp.rules.verdict.unlucky import Decided
    from gitexp.rules.verdict.verdict import Judgement, Verdict
    from gitexp.store.experiments import Entry
    from gitexp.store.heads import Head

# Several functions below import what judges: a hook on an experiment that has not run yet does
# without it.


class Result:
    """An experiment and its results.

    `foreign` are records in its note that another commit made: they count for nothing.
    """

    def __init__(
        self,
        head: Head | Entry,
        entry: Callable[[], Entry],
        notes: RunNotes,
        kept: CachedSummary | None = None,
    ) -> None:
        """Take what there is; `kept` was summed up before, from the notes as they are now."""
        self.name, self.commit, self.archived = head.name, head.commit, head.archived
        self.base = head.base
        self._entry, self._notes, self._kept = entry, notes, kept

    @cached_property
    def entry(self) -> Entry:
        """The commit."""
        return self._entry()

    @property
    def code(self) -> str:
        """The code commit that it stands on, as it says; empty where there is none."""
        return self.entry.code

    @property
    def replaces(self) -> tuple[str, ...]:
        """Commits whose place it takes, as it says: their failures count with its own."""
        # Of thousands that are kept, few have to be parsed.
        if self._kept is not None and f'"{REPLACES}"' not in self.shown:
            return ()
        return self.registration.replaces if self.registration else ()

    @property
    def standing(self) -> tuple[str, str]:
        """Its baseline and its code commit."""
        return self.base, self.code

    @cached_property
    def registration(self) -> Registration | None:
        """What the message registers; None where it is not a registration."""
        return parse_message(self.entry.message)[0]

    @property
    def remarks(self) -> list[Remark]:
        """What people remarked, the oldest first."""
        if self._kept is None:
            return parse_remarks(self.text, self.commit)
        return [Remark(self.commit, **fields) for fields in json.loads(self.shown)["remarks"]]

    @property
    def evidence(self) -> str:
        """What its hypothesis rests on, as registered; empty where it does not say."""
        # Of thousands that are kept, few have to be parsed.
        if '"Evidence"' not in self.shown:
            return ""
        return str(json.loads(self.shown)["trailers"].get("Evidence", ""))

    # --- its records ----------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The note with its records."""
        return self._notes.text(self.commit)

    @property
    def records(self) -> tuple[Record, ...]:
        """Records that its own commit made.

        If git is configured to copy notes, an amended commit has those of the original.
        """
        return tuple(r for r in self._notes.records(self.commit) if r.is_of(self.commit))

    @property
    def tried(self) -> tuple[Record, ...]:
        """Records of its runs on a part of the data, which no verdict counts."""
        from gitexp.rules.documents.purpose import Purpose

        return self._made_for(Purpose.SAMPLE)

    @property
    def screened(self) -> tuple[Record, ...]:
        """Records of its runs that were made to choose among ideas, which no verdict counts."""
        from gitexp.rules.documents.purpose import Purpose

        return self._made_for(Purpose.SCREEN)

    @property
    def beside(self) -> tuple[Record, ...]:
        """Records of all of its runs which no verdict counts."""
        return (*self.tried, *self.screened)

    def _made_for(self, purpose: Purpose) -> tuple[Record, ...]:
        found = self._notes.made_for(self.commit, purpose)
        mine = (record for record in found if record.is_of(self.commit))
        return tuple(sorted(mine, key=lambda record: record.start))

    @property
    def foreign(self) -> tuple[Record, ...]:
        """Records that another commit made."""
        return tuple(r for r in self._notes.records(self.commit) if not r.is_of(self.commit))

    @cached_property
    def baseline_records(self) -> tuple[Record, ...]:
        """Records of its baseline."""
        found = self._notes.records(self.base, self.pair)
        if self.registration is None:
            return found
        # Two projects may measure the same baseline commit, each by its own command.
        return tuple(r for r in found if r.project == self.registration.project)

    @property
    def pair(self) -> str:
        """The experiment that its baseline was run for alone: itself, where pairs interleave."""
        return self.commit if self.registration and self.registration.interleaved else ""

    @cached_property
    def counted(self) -> Counted:
        """Which of its records count, and of its baseline's."""
        from gitexp.lab.log.counted import Counted
        from gitexp.rules.verdict.counting import Scope

        return Counted(self._notes, Scope.of(self.registration, self.commit, self.base))

    @property
    def held(self) -> Held:
        """Those of its records that count: they passed the gate, and were held first."""
        return self.counted.held(self.commit)

    @property
    def baseline_held(self) -> Held:
        """Those of its baseline's records that count."""
        return self.counted.held(self.base)

    @property
    def checks(self) -> list[Check]:
        """What runs showed that were made again for it."""
        from gitexp.rules.documents.check import parse_checks

        return parse_checks(self.text, self.commit)

    # --- what they say --------------------------------------------------------------------------

    @cached_property
    def summary(self) -> Summary:
        """What the log needs of its records."""
        if self._kept is not None:
            try:
                return parse_summary(self._kept.summary)
            except ValueError:
                self._kept = None  # damaged, and so computed again
        return self._summarize()

    def _summarize(self) -> Summary:
        text = self.text
        if not text:
            return summarize(None, ())
        from gitexp.rules.documents.lines import count_newer

        judgement = self._judge()
        return summarize(
            judgement, self.records, tried=self.tried, screened=self.screened,
            rules=self.registration.rules if self.registration else 1,
            looks=self.registration.repeats if self.registration else (),
            seeds=self.registration.registered_seeds() if self.registration else None,
            foreign=len(self.foreign), newer=count_newer(text), decided=self._decided(judgement),
        )  # fmt: skip

    def _decided(self, judgement: Judgement | None) -> Decided | None:
        if self.registration is None or judgement is None:
            return None
        from gitexp.rules.verdict.next_block import decided_of

        return decided_of(self.registration, self.commit, self.held.records, judgement, self.checks)

    def _judge(self) -> Judgement | None:
        registration = self.registration
        if registration is None or not self.text:
            return None
        from gitexp.rules.documents.found import CODE_FOUND, Found

        # Where the baseline had moved, or the code was run first, it may have no run at all.
        told = {check.found for check in self.checks}
        if not self.held.records and told.isdisjoint({Found.MOVED, *CODE_FOUND}):
            return None
        return self.counted.judge(registration, self.base)

    @property
    def without_score(self) -> str:
        """What is to be said of attempts that gave no score, as in its verdict note."""
        if (registration := self.registration) is None:
            return ""
        from gitexp.rules.verdict.failed_runs import say_without_score

        looked = self.judgement.pairs if self.verdict and self.judgement else 0
        seeds = registration.registered_seeds()[: looked or registration.repeats[-1]]
        counted = self.records if self.explored else self.counted.attempted(self.commit)
        base, mine = (
            tuple(record for record in arm if record.seed in seeds)
            for arm in (self.baseline_held.records, counted)
        )
        return say_without_score(mine, base, tuple(self.checks))

    @property
    def judgement(self) -> Judgement | None:
        """The verdict and its figures; None if no run passed the gate."""
        return self.summary.judgement

    @property
    def stage(self) -> Stage:
        """How far it has come, by its records."""
        return Stage(self._kept.stage) if self._kept else self.summary.stage

    @cached_property
    def verdict(self) -> Verdict | None:
        """The verdict, None if nothing is decided yet."""
        if self._kept is None:
            return self.summary.verdict
        if self._kept.verdict is None:
            return None
        from gitexp.rules.verdict.verdict import Verdict

        return Verdict(self._kept.verdict)

    @property
    def confirmed(self) -> bool:
        """Whether its hypothesis held."""
        return self.verdict == "CONFIRMED"  # without importing what judges

    @property
    def ran(self) -> int:
        """How many runs of it there are."""
        return self._kept.ran if self._kept else self.summary.ran

    @property
    def finished(self) -> float | None:
        """When the run that started last ended, in seconds since 1970; None where nothing ran."""
        return self._kept.finished if self._kept else self.summary.finished

    @property
    def spent(self) -> float:
        """Seconds that all of its runs took."""
        return self._kept.spent if self._kept else self.summary.spent

    @property
    def spared(self) -> float:
        """Seconds that an early verdict saved of its runs."""
        return self._kept.spared if self._kept else self.summary.spared

    @property
    def misled(self) -> bool:
        """Whether it is ruled out, and its first run alone would have kept it."""
        if self._kept is not None:
            return bool(self._kept.misled)
        if self.judgement is None:
            return False
        from gitexp.rules.verdict.single_run import first_run_misled  # few are judged again

        return first_run_misled(self.judgement)

    @property
    def explored(self) -> bool:
        """Whether all its runs skipped the gate on purpose."""
        return self.stage is Stage.EXPLORED

    @property
    def why(self) -> str:
        """The reason that its first run gave for skipping the gate; empty if it did not."""
        return self.summary.why

    @property
    def newer(self) -> Mapping[int, int]:
        """Lines that a newer gitexp wrote, counted by their schema; they are left unchanged."""
        return dict(self.summary.newer)

    @property
    def shown(self) -> str:
        """The fields of `gitexp log --json` that do not depend on branches, as JSON."""
        if self._kept is not None:
            return self._kept.shown
        from gitexp.lab.log.log_json import log_json

        return log_json(self.entry, self.registration, self.summary, self.remarks)

    def summed_up(self, key: str) -> CachedSummary:
        """Sum it up for the cache; `key` names its notes."""
        if self._kept is None:
            summary = self.summary
            # Plain text, as SQLite gives it back: the checksum of a row is that of its spelling.
            verdict = None if summary.verdict is None else summary.verdict.value
            self._kept = CachedSummary(
                key, summary.stage.value, verdict, summary.ran, summary.finished, summary.spent,
                summary.spared, int(self.misled), member_text(self.member()), self.shown,
                summary_text(summary),
            )  # fmt: skip
        return self._kept

    def member(self) -> Member | None:
        """Return the experiment as its campaign counts it."""
        if self._kept is not None:
            return parse_member(self._kept.member, self.verdict, self.base)
        if self.registration is None:
            return None
        measured = (self.ran > 0 or self._chosen_by_its_evidence) and not self.explored
        return Member.of(self.registration, self.verdict, self.base, measured=measured)

    @property
    def _chosen_by_its_evidence(self) -> bool:
        """Whether it was screened on rows or seeds that its verdict sees again."""
        if self.registration is None or not self.summary.screened:
            return False
        from gitexp.rules.plan.screening import is_shared

        return is_shared(self.registration)


def read_ahead(results: Sequence[Result]) -> None:
    """Read the records of some experiments and of their baselines with few git processes."""
    shared = {id(result._notes): result._notes for result in results}
    for key, notes in shared.items():
        mine = [result for result in results if id(result._notes) == key]
        notes.read_ahead(c for result in mine for c in (result.commit, result.base) if c)
