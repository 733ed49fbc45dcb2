"""Which runs are due: a function of a registration, of what is on record, and of what holds here.

An experiment goes through stages: the baseline is checked if its records are old; a trainer that
calls itself deterministic proves it; then, look by look, the baseline's runs and the experiment's.
Nothing is remembered between two questions, so a command that is killed goes on where it stopped,
and whoever makes the runs, in whatever order, the same ones are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import NotReady, Refused
from gitexp.rules.documents.record import PROOF
from gitexp.rules.plan.design import met_already
from gitexp.rules.verdict.attempts import may_go_on
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.experiment import design_of, exact_metrics
from gitexp.rules.verdict.interleaved import pairs_due
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.scores_again import seed_to_repeat
from gitexp.rules.verdict.small_first import SMALL_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.neutrality import Proof
    from gitexp.rules.verdict.next_block import Blocks
    from gitexp.rules.verdict.verdict import Judgement

RETEST = "; then gitexp retest registers the change again"


@dataclass(frozen=True, slots=True)
class Due:
    """Runs that may start `now`, the most urgent first, and those that will be due after them.

    `later` goes up to the next look, where the experiment is judged again.
    """

    now: tuple[Run, ...] = ()
    later: tuple[Run, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything left to run."""
        return bool(self.now or self.later)

    @property
    def left(self) -> int:
        """How many runs are missing before the experiment is judged again."""
        return len(self.now) + len(self.later)


class Situation(NamedTuple):
    """What is known of an experiment when it is asked what is due.

    `here` are the conditions of the baseline's records that hold on this machine, None while they
    are not known. `check` is the run with which the baseline is to be checked first, if any;
    `shares` are the parts of the data that it must be tried on before. `blocks` are the baseline's
    blocks of seeds, where the next one is due; `aside` are seeds of which a pair was set aside.
    `proofs` say what is known of the code commit, on the seeds on which it is to be proven neutral
    now.
    """

    registration: Registration
    baseline: tuple[Record, ...]
    records: tuple[Record, ...]
    checks: tuple[Check, ...]
    judgement: Judgement
    here: tuple[str, ...] | None
    check: Due = Due()
    shares: tuple[float, ...] = ()
    blocks: Blocks | None = None
    aside: frozenset[int] = frozenset()
    proofs: tuple[Proof, ...] = ()

    @property
    def metric(self) -> str:
        """The metric that runs must report."""
        return self.registration.criterion.metric

    @property
    def next_look(self) -> range:
        """The registered seeds up to the next look."""
        count = self.judgement.due or next(
            # A failed repeat closed the experiment before that look, under rules 1.
            look
            for look in self.registration.repeats
            if look > self.judgement.pairs
        )
        return self.registration.registered_seeds()[:count]

    def measured(self, seeds: Sequence[int]) -> dict[int, Record]:
        """The experiment's own runs of these seeds."""
        return first_good(self.records, seeds, self.metric)


def runs_due(known: Situation) -> Due:
    """Say which runs are due; none once the experiment is decided.

    Raises:
        Refused: the criterion is a constant that the baseline meets already.
        NotReady: a trainer that calls itself deterministic is not.
    """
    registration, judgement = known.registration, known.judgement
    if known.blocks is not None:
        condition = (known.blocks.condition,)
        return Due(tuple(Run(Arm.BASELINE, s, Why.BLOCK, condition) for s in known.blocks.missing))
    if not may_go_on(judgement, registration.rules):
        again = seed_to_repeat(registration, judgement, known.records, known.checks)
        return Due() if again is None else Due((Run(Arm.EXPERIMENT, again, Why.REPEAT),))
    if known.shares:
        tries = (Run(Arm.EXPERIMENT, SMALL_SEED, Why.SAMPLE, share=s) for s in known.shares)
        first, *others = tries
        return Due((first,), tuple(others))
    if known.check:
        return known.check
    if judgement.unproven:
        return Due(tuple(run for proof in known.proofs for run in proof.missing))
    if known.proofs:
        return _after_proofs(known)
    seeds = known.next_look
    if registration.interleaved:
        pairs = pairs_due(seeds, known.baseline, known.records, known.metric, known.aside)
        return Due(pairs)
    if not registration.seeded and (
        proof := proof_due(known.baseline, known.metric, known.here, RETEST)
    ):
        return Due(proof, tuple(Run(Arm.EXPERIMENT, seed, Why.LOOK) for seed in seeds))
    whole = design_of(registration).needs_whole_baseline
    wanted = registration.registered_seeds() if whole else seeds
    partners = _partners(known, wanted)
    lacking = {run.seed for run in partners}
    ready: list[Run] = []
    later: list[Run] = []
    for seed in seeds:
        if seed not in known.measured(seeds):
            # A constant is asked of the baseline first, and of all that it has.
            waits = partners if registration.criterion.scale is Scale.CONSTANT else seed in lacking
            (later if waits else ready).append(Run(Arm.EXPERIMENT, seed, Why.LOOK))
    if not partners and not known.records:
        _refuse_if_met_already(known, seeds)
    matches = [run for run in _mismatched(known, seeds, wanted) if run.seed not in lacking]
    return Due((*partners, *ready, *matches), tuple(later))


def _after_proofs(known: Situation) -> Due:
    """Runs that prove the code neutral, and the baseline's meanwhile; then the experiment's."""
    proving = [run for proof in known.proofs for run in proof.missing]
    rest = runs_due(known._replace(proofs=()))
    if any(run.why is Why.PROOF for run in rest.now):
        return rest
    seeds = {run.seed for run in proving if run.arm is Arm.BASELINE}
    beside = [r for r in rest.now if r.arm is Arm.BASELINE and r.then is None]
    then = (run for run in rest.now if run not in beside)
    return Due((*proving, *(run for run in beside if run.seed not in seeds)), (*then, *rest.later))


def baseline_due(
    baseline: Sequence[Record], seeds: Sequence[int], metric: str, here: Sequence[str] | None
) -> tuple[Run, ...]:
    """Runs of a baseline that have no record in a condition that holds."""
    good = first_good(baseline, seeds, metric, here)
    conditions = None if here is None else tuple(here)
    return tuple(
        Run(Arm.BASELINE, seed, Why.PARTNER, conditions) for seed in seeds if seed not in good
    )


def proof_due(
    baseline: Sequence[Record], metric: str, here: Sequence[str] | None, then: str = ""
) -> tuple[Run, ...]:
    """Runs that are missing to prove that a trainer is deterministic: two, in one condition.

    Raises:
        NotReady: the two runs differ; `then` is what to do after correcting the settings.
    """
    conditions = None if here is None else tuple(here)
    good = first_good(baseline, PROOF, metric, conditions)
    missing = [seed for seed in PROOF if seed not in good]
    if not missing:
        exact = exact_metrics(baseline, metric)
        if exact is not None:
            _demand_exact(exact, metric, good, then)
            return ()
        # The two have different conditions: run the older one again in that of the newer one.
        newest = max(good.values(), key=lambda record: record.start)
        conditions = (newest.condition,)
        again = first_good(baseline, PROOF, metric, conditions)
        missing = [seed for seed in PROOF if seed not in again]
    return tuple(Run(Arm.BASELINE, seed, Why.PROOF, conditions) for seed in missing)


def _demand_exact(exact: frozenset[str], metric: str, good: dict[int, Record], then: str) -> None:
    if metric in exact:
        return
    values = " and ".join(f"{record.metrics[metric]:.6g}" for record in good.values())
    raise NotReady(
        f'vary = "none" says that repeating a run gives the same result, but two runs gave'
        f" {metric} {values}",
        f'set vary = "seed" (or "split") in the settings on the baseline branch{then}',
    )


def _partners(known: Situation, seeds: Sequence[int]) -> tuple[Run, ...]:
    """Runs of the baseline that the experiment's next runs will be paired with.

    A record that was made in another condition cannot be paired with a run that is made now.
    """
    done = known.measured(seeds)
    return baseline_due(
        known.baseline, [seed for seed in seeds if seed not in done], known.metric, known.here
    )


def _mismatched(known: Situation, seeds: Sequence[int], partners: Sequence[int]) -> tuple[Run, ...]:
    """Runs of the baseline in the condition that the experiment turned out to have.

    What the experiment has yet to run may come out in another one, so its partner waits.
    """
    measured = known.measured(seeds)
    whole = measured.keys() >= {*seeds}
    conditions = list(dict.fromkeys(record.condition for record in measured.values()))
    runs = []
    for seed in partners:
        others = conditions if whole else []
        fitting = [measured[seed].condition] if seed in measured else others
        if fitting and not first_good(known.baseline, [seed], known.metric, fitting):
            runs.append(Run(Arm.BASELINE, seed, Why.MATCH, (fitting[-1],)))
    return tuple(runs)


def _refuse_if_met_already(known: Situation, seeds: Sequence[int]) -> None:
    criterion = known.registration.criterion
    measured = first_good(known.baseline, seeds, known.metric).values()
    if finding := met_already(criterion, [r.metrics[criterion.metric] for r in measured]):
        raise Refused("not run", [finding])
