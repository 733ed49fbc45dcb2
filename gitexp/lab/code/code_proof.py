"""Whether the code below an experiment leaves its baseline as it was, as the ledger knows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.rules.demand import demand
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import CODE_FOUND, Found
from gitexp.rules.finding import Finding
from gitexp.rules.verdict.code_below import ALTERED, first_altered, say_altered, unproven_seeds
from gitexp.rules.verdict.neutrality import Proof, drawn_seeds, prove

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.due_run import Run
    from gitexp.rules.verdict.verdict import Judgement

_SECOND = 2  # attempt at a seed, the first one that shows what repeats


class CodeProof:
    """The proof that the code of one experiment is neutral, where it stands on a code commit.

    `name` is that of the experiment. Conditions are those that hold, None while they are not known.
    """

    def __init__(self, ledger: Ledger, base: str, registration: Registration, name: str) -> None:
        self._ledger, self._base = ledger, base
        self._registration, self._name = registration, name

    def news(self, here: Sequence[str] | None) -> Iterator[Check]:
        """What runs of the code have shown that is not on record yet.

        Experiments on one code commit share its runs. On seeds that were not drawn for this one,
        they can tell against the code, and not for it.
        """
        ledger, registration = self._ledger, self._registration
        runs = ledger.code_runs(registration, self._base)
        measured = {record.seed for record in runs.code if record.ok} - self._told()
        drawn = drawn_seeds(ledger.experiment, registration)
        for seed in registration.registered_seeds():
            if seed not in measured:
                continue
            proof = prove(seed, ledger.metric, runs, here)
            if proof.found is not None and (seed in drawn or proof.found is not Found.NEUTRAL):
                yield check_of_code(ledger.experiment, proof)

    def lacking(self, judgement: Judgement, here: Sequence[str] | None) -> tuple[Proof, ...]:
        """What is to be proven now: on the first seed before it runs, on all to confirm it."""
        ledger, registration = self._ledger, self._registration
        checks = ledger.checks
        if not ledger.code or first_altered(checks):
            return ()
        seeds = unproven_seeds(registration, ledger.experiment, checks)
        if not judgement.unproven:
            first = drawn_seeds(ledger.experiment, registration)[:1]
            seeds = [seed for seed in seeds if seed in first]
        if not seeds:
            return ()
        runs = ledger.code_runs(registration, self._base)
        return tuple(prove(seed, ledger.metric, runs, here) for seed in seeds)

    def demand_unaltered(self) -> None:
        """Refuse code that is on record to change what it should not.

        Raises:
            Refused: it is.
        """
        check = first_altered(self._ledger.checks)
        if check is not None:
            demand([about_altered(self._name, check)], f"exp/{self._name}: not run")

    def _told(self) -> set[int]:
        checks = self._ledger.checks
        return {check.seed for check in checks if check.found in CODE_FOUND}


def to_see_what_repeats(run: Run) -> str:
    """Announce a run of the baseline that shows what it repeats on a seed."""
    another = "1 more run" if run.attempt > _SECOND else "1 run"
    return f"{another} to see what it repeats on seed {run.seed}"


def check_of_code(commit: str, proof: Proof) -> Check:
    """What a proof showed of the code below the experiment at `commit`, as a line for its note."""
    assert proof.found is not None  # noqa: S101 - only then there is something to tell
    changed = (proof.differs,) if proof.differs else ()
    return Check(commit, proof.found, now(), proof.seed, proof.condition, proof.scores, changed)


def about_altered(name: str, check: Check) -> Finding:
    """A6: code that changes results while its switch is off."""
    return Finding(
        "A6",
        f"{ALTERED}: {say_altered(check)}",
        f"git switch {shlex.quote(f'exp/{name}')}, and edit the code until nothing differs while"
        " its switch is off\nthen: gitexp start --again",
    )
