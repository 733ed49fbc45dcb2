"""An experiment under way: judged whenever something is on record, until it has a verdict."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.errors import CommandFailed, GitexpError, NotReady
from gitexp.lab.code.code_proof import CodeProof
from gitexp.lab.log.verdict_notes import write_view
from gitexp.lab.measuring.adopting import adopt
from gitexp.lab.measuring.arms import about_differences
from gitexp.lab.measuring.canary import Canary, check_of
from gitexp.lab.measuring.checks import note_of_baseline, note_pairs_aside, note_repeat
from gitexp.lab.measuring.evidence import store_evidence
from gitexp.lab.measuring.experiment_news import look_progress, what_changed, why_it_runs
from gitexp.lab.measuring.notify import message_of, notify_meanwhile
from gitexp.lab.measuring.session import Session, SessionTools
from gitexp.lab.measuring.small_first import failed_on_sample
from gitexp.lab.measuring.stored_outcomes import unlike_rows
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.record import PROOF
from gitexp.rules.verdict import words
from gitexp.rules.verdict.attempts import may_go_on
from gitexp.rules.verdict.due import RETEST, Due, Situation, proof_due, runs_due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.experiment import as_explored
from gitexp.rules.verdict.next_block import Blocks, blocks_of, decided_of
from gitexp.rules.verdict.objections.other_rows import OTHER_ROWS
from gitexp.rules.verdict.small_first import shares_due

if TYPE_CHECKING:
    from gitexp.engine.engine import Made
    from gitexp.lab.measuring.neighbours import Neighbours
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.unlucky import Decided
    from gitexp.rules.verdict.verdict import Judgement

_FRESH = 60.0  # seconds that an experiment may wait for its first run before it is asked again


class ExperimentSession(Session):
    """An experiment with its registration; `judgement` and `note` are there once it is `over`."""

    def __init__(
        self, tools: SessionTools, registration: Registration, neighbours: Neighbours
    ) -> None:
        super().__init__(tools)
        self.registration = registration
        self.note = ""
        self.decided: Decided | None = None  # what the others on its baseline see of it
        self._neighbours = neighbours
        self._before: Judgement | None = None  # what the first look at the records gave
        self._blocks: Blocks | None = None  # while the next one is due
        self._asked = 0.0  # when it last found out what is due
        self._weighed = False  # whether it is known if the others put it in doubt
        neighbours.add(self)
        seeds = registration.registered_seeds() if registration.seeded else PROOF
        self._code = CodeProof(self.ledger, self.bench.base, registration, self.name)
        self._canary = Canary(
            self.ledger, self.bench.base, self.maker.batch, seeds, away=self.bench.away
        )

    def advance(self) -> None:
        """Judge it by what the ledger has read, and find out what is due.

        Raises:
            NotReady: it cannot go on.
            Refused: its criterion is a constant that the baseline meets already; or its code
                changes what it should not.
        """
        ledger = self.ledger
        for said in note_pairs_aside(ledger):
            self.watcher.said(f"{self.label(Arm.EXPERIMENT)}, {said}")
        self._asked = time.monotonic()
        if any(run.why is Why.PROOF for run in self.due.now):
            # A verdict would tell less than what to do about the settings.
            proof_due(ledger.records(self.bench.base), ledger.metric, self.bench.here, RETEST)
        judgement = self._judge()
        if self._before is None:
            self._before = judgement
        judgement = self._look_again(judgement)
        self.decided = decided_of(
            self.registration,
            ledger.experiment,
            ledger.records(ledger.experiment),
            judgement,
            ledger.checks,
        )
        # What was decided before this command stays so, whatever others came to since.
        new = judgement.verdict is None or judgement != self._before
        if self.decided is not None and new and not ledger.why:
            if self._neighbours.must_wait(self, self.decided):
                self.due = Due()
                return
            judgement = self._consider_block(judgement, self.decided)
        self.due = runs_due(self._situation(judgement))
        if not self.due:
            self._finish(judgement)
        elif self.begun:
            self.watcher.stands(look_progress(self, self.registration, judgement))
        self._demand_progress()

    def came(self, run: Run, made: Made) -> GitexpError | None:
        """Note that a run which was ordered has ended; returns the error if it failed."""
        if run.why is not Why.SAMPLE or made.result is None or made.job is None:
            return super().came(run, made)
        self._doubt_share(run, made.result.record)
        if made.result.record.ok:
            return super().came(run, made)
        shares = self.ledger.settings.sample
        return failed_on_sample(self.label_of(run), made.job, made.result, shares)

    def is_outdated(self) -> bool:
        """Whether the baseline may have to be checked again, because others went first for long."""
        if self.begun or time.monotonic() - self._asked < _FRESH:
            return False
        self._canary.renew()
        return True

    @property
    def began_at(self) -> tuple[float, str] | None:
        """Its place in the order of the experiments on one baseline; None before it ran."""
        commit = self.ledger.experiment
        starts = [r.began for r in self.ledger.records(commit)]
        return (min(starts), commit) if starts else None

    @property
    def has_passed_a_look(self) -> bool:
        """Whether it was judged and goes on: what would not be confirmed has mostly ended."""
        first = self.registration.registered_seeds()[: self.registration.repeats[0]]
        return len(self.ledger.good(self.ledger.experiment, first)) == len(first)

    def fail(self, error: GitexpError) -> None:
        """Let it ask for nothing more; a seed that failed too often has decided it."""
        super().fail(error)
        if isinstance(error, CommandFailed):
            judgement = as_explored(self._judgement(), self.ledger.why)
            if judgement.verdict is not None:
                self.due = Due()
                with contextlib.suppress(GitexpError):  # it is kept aside, and only a view
                    self._write_note(judgement)

    def leave(self) -> None:
        """Write down the verdict that its records give, although further runs were due.

        They could tell whether failures had chosen, or whether its baseline was unlucky.
        """
        super().leave()
        # The verdict is only a view, and the clone may have moved.
        with contextlib.suppress(GitexpError, OSError):
            self.ledger.read(*self.commits)
            judgement = as_explored(self._judgement(), self.ledger.why)
            if judgement.verdict is not None:
                self._write_note(judgement)

    def _look_again(self, judgement: Judgement) -> Judgement:
        """Judge it once what the judgement rests on was looked into, and what that found noted."""
        if may_go_on(judgement, self.registration.rules) and not judgement.block:
            self.bench.find_conditions(self.ledger, self.label(Arm.BASELINE))
            self._consider_canary()
            self._consider_doubt()
            return self._consider_code(self._judge())
        while note_repeat(self.ledger, self.registration, judgement):
            judgement = self._judge()
        return judgement

    def _situation(self, judgement: Judgement) -> Situation:
        """All that decides which runs are due."""
        ledger = self.ledger
        return Situation(
            self.registration,
            tuple(ledger.records(self.bench.base)),
            tuple(ledger.records(ledger.experiment)),
            tuple(ledger.checks),
            judgement,
            self._conditions,
            self._canary.due,
            self._shares(),
            self._blocks,
            frozenset(one.mine.seed for one in ledger.aside),
            self._code.lacking(judgement, self._conditions),
        )

    def _shares(self) -> tuple[float, ...]:
        """Parts of the data that it must be tried on before its first full run."""
        ledger, commit = self.ledger, self.ledger.experiment
        return shares_due(
            ledger.settings.sample,
            tried=ledger.samples(commit),
            full=ledger.records(commit),
            baseline=ledger.records(self.bench.base),
            metric=ledger.metric,
        )

    def _judge(self) -> Judgement:
        judgement = self._judgement()
        if judgement.verdict is None and self.registration.by_examples:
            store_evidence(self.ledger, self.registration, self.bench.base, self.ledger.experiment)
            judgement = self._judgement()
        return judgement

    def _judgement(self) -> Judgement:
        return self.ledger.judge(self.registration, self.bench.base)

    def _finish(self, judgement: Judgement) -> None:
        """Write the verdict down."""
        ledger, base, commit = self.ledger, self.bench.base, self.ledger.experiment
        if judgement.reason == OTHER_ROWS:
            for said in unlike_rows(ledger, self.registration, base, commit):
                self.watcher.said(said)
        for finding in about_differences(self.name, ledger.arms(self.registration, base)):
            self.watcher.said(f"{finding.message} ({finding.id}); {finding.hint}")
        self._write_note(as_explored(judgement, ledger.why))
        self.over = True
        if self._neighbours.are_several:
            said = words.verdict_line(self.registration, self.judgement)
            self.watcher.said(f"{self.label(Arm.EXPERIMENT)}: {said}")

    def _write_note(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.note = words.note(self.registration, judgement)
        write_view(self.ledger.repository, self.ledger.experiment, self.note)
        notified = self.ledger.settings.notify and judgement.verdict is not None
        if notified and judgement != self._decided_before():
            message = message_of(self.name, self.ledger, self.registration, judgement, self.note)
            self.beside.append(notify_meanwhile(self.ledger, message, self.watcher.said))

    def _decided_before(self) -> Judgement | None:
        return None if self._before is None else as_explored(self._before, self.ledger.why)

    # --- what must be shown first -----------------------------------------------------------------

    def _consider_canary(self) -> None:
        """Find out whether the baseline must be checked first, or what a check has shown."""
        canary, ledger, here = self._canary, self.ledger, self.bench.here
        if canary.over:
            return
        if canary.is_due(here):
            check = canary.answer()
            if check is not None and check.found is not None:
                shown = check_of(ledger, self.bench.base, check, ledger.experiment)
                note_of_baseline(ledger, shown)
        elif self.begun:
            canary.over = True
            if canary.goes_without(here):
                note_of_baseline(ledger, Check(ledger.experiment, Found.OFF, now()))

    def _consider_code(self, judgement: Judgement) -> Judgement:
        """Put on record what is known of the code below it, and judge it by that.

        Raises:
            Refused: the code changes what it should not, and nothing of the experiment has run.
        """
        ledger = self.ledger
        if not ledger.code:
            return judgement
        for check in self._code.news(self._conditions):
            ledger.note(check)
        judgement = self._judge()
        if not any(record.ok for record in ledger.records(ledger.experiment)):
            self._code.demand_unaltered()
        return judgement

    @property
    def _conditions(self) -> tuple[str, ...] | None:
        """Conditions that hold here, or that its own runs had; None while they are not known."""
        here = self.bench.here
        return None if here is None else tuple(dict.fromkeys([*here, *self._own]))

    # --- whether the baseline was unlucky -----------------------------------------------------

    def _consider_doubt(self) -> None:
        """Put on record, before it is decided, that the others make it doubtful.

        So nobody is spared who stops gitexp at the right moment.
        """
        if self.begun and not self._weighed and not self.ledger.why:
            self._weighed = True
            if self._neighbours.doubt(self):
                self._put_in_doubt()

    def _put_in_doubt(self) -> None:
        ledger, commit = self.ledger, self.ledger.experiment
        if all(check.found is not Found.DOUBTED for check in ledger.checks):
            ledger.note(Check(commit, Found.DOUBTED, now()))

    def _consider_block(self, judgement: Judgement, mine: Decided) -> Judgement:
        """Find out whether it asks for the baseline's next block, and judge it by that block.

        Raises:
            NotReady: it does, and was run in another environment.
        """
        ledger, base, asked = self.ledger, self.bench.base, self._blocks is not None
        self._blocks = None
        if not asked and not judgement.block and not self._neighbours.need_block(self, mine):
            return judgement
        if mine.confirmed:
            self._put_in_doubt()
        look = self.registration.registered_seeds()[: judgement.pairs]
        records = [*ledger.good(ledger.experiment, look).values()]
        blocks = blocks_of(self.registration, ledger.records(base), records)
        if blocks.missing and adopt(ledger, base, blocks.seeds):
            blocks = blocks_of(self.registration, ledger.records(base), records)
        if blocks.missing:
            self.bench.find_conditions(ledger, self.label(Arm.BASELINE))
            here = self.bench.here
            if here is None or blocks.condition in (*here, *self._own):
                self._blocks = blocks
            elif mine.confirmed:
                raise NotReady(
                    "the baseline needs runs on fresh seeds in the environment that the experiment"
                    " ran in, and this one differs",
                    f"gitexp run {self.name}   (in that environment)\n"
                    f"or test the change again in this one: gitexp retest {self.name}",
                )
        return self._judgement()

    # --- how it differs from any other session ----------------------------------------------------

    def _announce(self, run: Run) -> None:
        label = self.label(run.arm)
        match run.why:
            case Why.SAMPLE:
                return
            case Why.CHECK:
                self.watcher.said(f"{label}: {self._canary}")
            case Why.NEUTRAL:  # a run of its code is told of as the experiment's
                self.watcher.said(f"{self.label(Arm.EXPERIMENT)}: {why_it_runs(self, run)}")
            case Why.REPEAT | Why.TWICE:
                self.watcher.said(f"{label}: {why_it_runs(self, run)}")
            case _:
                self._explain_once(run)
                super()._announce(run)

    def _explain_once(self, run: Run) -> None:
        """Say why its seeds are run at all, where that is not plain, once for all of them."""
        told, kind = self._told, (run.why, run.conditions, None)
        if run.why is Why.BLOCK:  # of the baseline, for whichever experiment comes first
            told, kind = self.bench.told, (run.why, None, None)
        if run.why in {Why.BLOCK, Why.MATCH} and kind not in told:
            told.add(kind)
            self.watcher.said(f"{self.label(run.arm)}: {why_it_runs(self, run)}")

    def _demand_progress(self) -> None:
        stuck = next((r for r in self.due.now if r in self._made and r.why is Why.MATCH), None)
        if stuck is None:
            super()._demand_progress()
            return
        self.due = Due()
        raise NotReady(
            "baseline and experiment do not run in the same condition:"
            f" {what_changed(self.ledger, self.bench.base, stuck)}",
            "make the environment the same for both (python and package versions), then run again",
        )
