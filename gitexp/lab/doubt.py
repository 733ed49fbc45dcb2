"""Whether the others on its baseline put an experiment in doubt, and the runs that answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.errors import NotReady
from gitexp.lab.one_baseline import decided_on
from gitexp.lab.pairing import find_conditions
from gitexp.lab.results import read_results
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.next_block import blocks_of, decided_of, shares_runs
from gitexp.rules.verdict.unlucky import in_doubt, next_block_due

if TYPE_CHECKING:
    from gitexp.lab.bench import Bench
    from gitexp.lab.ledger import Ledger
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.unlucky import Decided
    from gitexp.rules.verdict.verdict import Judgement


def doubt(ledger: Ledger, registration: Registration, judgement: Judgement) -> None:
    """Put on record, before an experiment is decided, that the others make it doubtful.

    So nobody is spared who stops gitexp at the right moment.
    """
    if not shares_runs(registration) or judgement.block or ledger.why:
        return
    if in_doubt(registration.seeds[0], _others(ledger, registration)):
        _put_on_record(ledger)


def answer_doubt(
    bench: Bench, label: str, base: str, registration: Registration, judgement: Judgement
) -> Judgement:
    """Run the baseline's next block of seeds where a decided experiment makes it due; judge again.

    Raises:
        NotReady: the experiment was run in another environment, or nobody agreed to a long batch.
        CommandFailed: a run failed.
    """
    ledger = bench.ledger
    commit = ledger.experiment
    mine = decided_of(
        registration, commit, ledger.records(commit), judgement, ledger.checks(commit)
    )
    if mine is None or ledger.why:
        return judgement
    if not judgement.block and not next_block_due(mine, _others(ledger, registration)):
        return judgement
    if mine.confirmed:
        _put_on_record(ledger)
    try:
        _run_next_block(bench, label, base, registration, judgement.pairs)
    except NotReady:
        if mine.confirmed:
            raise
    return ledger.judge(registration, base, commit)


def _others(ledger: Ledger, registration: Registration) -> list[Decided]:
    named = registration.project, registration.criterion.metric, registration.seeds[0]
    found = decided_on(read_results(ledger.project), *named)
    return [one for one in found if one.commit != ledger.experiment]


def _put_on_record(ledger: Ledger) -> None:
    commit = ledger.experiment
    if all(check.found is not Found.DOUBTED for check in ledger.checks(commit)):
        ledger.note(Check(commit, Found.DOUBTED, now()))


def _run_next_block(
    bench: Bench, label: str, base: str, registration: Registration, pairs: int
) -> None:
    ledger = bench.ledger
    look = registration.registered_seeds()[:pairs]
    mine = [*ledger.good(ledger.experiment, look).values()]
    seeds = blocks_of(registration, ledger.records(base), mine).seeds
    ledger.adopt(base, seeds)
    blocks = blocks_of(registration, ledger.records(base), mine)
    if not blocks.missing:
        return
    find_conditions(bench, label, base)
    if bench.here is not None and blocks.condition not in bench.here:
        raise NotReady(
            "the baseline needs runs on fresh seeds in the environment of the experiment, which"
            " differs from this one",
            "gitexp run where it was run before, or gitexp retest",
        )
    bench.watcher.said(
        f"{label}: so many experiments agree on it that it runs on fresh seeds too, in case it was"
        " unlucky"
    )
    bench.measure(label, base, blocks.missing, [blocks.condition], ask=True)
