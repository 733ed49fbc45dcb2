"""The proof that baseline commits which change only code leave its records as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.lab.code.code_proof import to_see_what_repeats
from gitexp.lab.code.code_steps import unproven_step
from gitexp.lab.measuring.bench import Bench
from gitexp.lab.measuring.driving import RunOptions, drive
from gitexp.lab.measuring.ledger import Ledger, scope_of
from gitexp.lab.measuring.session import Session, SessionTools
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.due import Due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.neutrality import CodeRuns, Proof, draw, prove

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.lab.measuring.run_maker import RunMaker
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.projects.project import Project

_REPEATS = 1  # runs of the ancestor that tell what it does not repeat; more would cost too much


def prove_steps(
    baselines: Iterable[tuple[Project, str]], maker: RunMaker, jobs: int, watcher: Watcher
) -> None:
    """Compare commits of baselines with the nearest measured ancestors, where only code differs.

    One run each shows whether the records of the ancestor can be taken over.

    Raises:
        StoreBusy: a run could not be stored.
    """
    sessions = []
    for project, base in dict.fromkeys(baselines):
        if step := unproven_step(project, project.settings, base):
            settings = project.settings
            scope = scope_of(project, settings, settings.metric)
            ledger = Ledger(project, settings, scope, watcher.said, code=step.commit)
            ledger.read(step.ancestor, step.commit)
            bench = Bench(step.ancestor, jobs, watcher)
            sessions.append(StepSession(SessionTools(ledger, bench, maker, watcher)))
    if sessions:
        drive(sessions[0].ledger.repository, sessions, RunOptions(watcher))


class StepSession(Session):
    """Whether one baseline commit gives what an ancestor gave, from which only code differs.

    Where it does not, or the ancestor does not repeat itself, its own runs are made as usual.
    """

    def advance(self) -> None:
        """Find out what is due: one run of a seed that the commit's id has drawn."""
        ledger, bench = self.ledger, self.bench
        self.due = Due()
        bench.find_conditions(ledger, self.label(Arm.BASELINE))
        records = [r for r in ledger.records(bench.base) if r.condition in (bench.here or ())]
        seeds = sorted({r.seed for r in records if r.ok and ledger.metric in r.metrics})
        if not seeds:
            self.over = True
            return
        again = (record for _, record in ledger.canaries(bench.base))
        runs = CodeRuns(tuple(records), tuple(again), tuple(ledger.proving(ledger.code)))
        here = [*(bench.here or ()), *self._own]
        proof = prove(draw(ledger.code, seeds)[0], ledger.metric, runs, here)
        self.due = Due(tuple(run for run in proof.missing if self._is_worth(run, proof)))
        self.over = not self.due
        if self.over:
            self._tell(proof)
        self._demand_progress()

    def label(self, arm: Arm) -> str:
        """What a person calls a commit of the baseline."""
        return f"{super().label(Arm.BASELINE)} at {self.commit(arm)[:8]}"

    def _is_worth(self, run: Run, proof: Proof) -> bool:
        """Whether a run may still show that nothing differs."""
        if run.why is Why.TWICE:
            repeated = run.attempt - _REPEATS - 1
            return proof.differs != self.ledger.metric and repeated <= 0
        return run.arm is Arm.CODE

    def _tell(self, proof: Proof) -> None:
        """Put on record what the comparison has shown, and say what follows."""
        ledger, base = self.ledger, self.bench.base
        if proof.found is None and not proof.differs:
            return  # it ran in another condition, in which the ancestor has no records
        found = Found.NEUTRAL if proof.found is Found.NEUTRAL else Found.ALTERED
        changed = (proof.differs,) if proof.differs else ()
        check = Check(ledger.code, found, now(), proof.seed, proof.condition, proof.scores, changed)
        ledger.note(check._replace(baseline=base, project=ledger.project.folder))
        if found is Found.NEUTRAL:
            said = f"seed {proof.seed} gives what {base[:8]} gave, so its records count"
        else:
            what = proof.differs or ledger.metric
            said = f"seed {proof.seed} gives another {what} than {base[:8]}, so it is measured"
        self.watcher.said(f"{self.label(Arm.CODE)}: {said}")

    def _announce(self, run: Run) -> None:
        said = (
            to_see_what_repeats(run)
            if run.arm is Arm.BASELINE
            else f"1 run to compare it with {self.bench.base[:8]}, because only code differs"
        )
        self.watcher.said(f"{self.label(run.arm)}: {said}")
