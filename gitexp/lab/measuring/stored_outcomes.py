"""The per-example outcomes that runs stored beside their records, and which rows they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.rules.documents.outcomes import Outcomes, natural, parse_outcomes
from gitexp.rules.text import visible
from gitexp.rules.verdict.pairs import compared
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

_NAMED = 5  # ids in one sentence


def stored_outcomes(
    repository: Repository, commit: str, records: Sequence[Record]
) -> list[Outcomes]:
    """Outcomes that these runs of a commit stored, in the same order.

    Raises:
        NotReady: some are missing.
    """
    wanted = [(record.seed, record.attempt, record.condition) for record in records]
    text = read_notes(repository, BULK, [commit]).get(commit, "")
    found = parse_outcomes(text, set(wanted))
    for key in wanted:
        if key not in found:
            raise NotReady(
                f"the outcomes of seed {key[0]} of {commit[:8]} are not here, but the criterion"
                " is judged per example",
                "if they were measured elsewhere: gitexp sync",
            )
    return [found[key] for key in wanted]


def unlike_rows(
    ledger: Ledger, registration: Registration, base: str, commit: str
) -> Iterator[str]:
    """Name some rows of the first pair whose runs were tested on different ones; nothing if none.

    Where a pair agrees but seeds do not, the rows of the first two such runs are compared.
    """
    pairs, _ = compared(registration, ledger.records(base), ledger.records(commit))
    within = next(((one, mine) for one, mine in pairs if one.ids != mine.ids), None)
    if within is not None:
        asked = ((base, within[0], "baseline"), (commit, within[1], "experiment"))
    else:
        runs = {mine.ids: mine for _, mine in reversed(pairs)}
        if len(runs) < 2:
            return
        first, second = list(runs.values())[-2:]
        asked = tuple((commit, run, f"seed {run.seed}") for run in (first, second))  # type: ignore[assignment]
    try:
        rows = [
            stored_outcomes(ledger.repository, noted, [record])[0] for noted, record, _ in asked
        ]
    except NotReady:
        return  # only their fingerprints are known
    (_, first_run, one), (_, _, other) = asked
    yield from _only(rows[0], rows[1], f"seed {first_run.seed}, {one} only" if within else one)
    yield from _only(rows[1], rows[0], f"seed {first_run.seed}, {other} only" if within else other)


def _only(these: Outcomes, those: Outcomes, whose: str) -> Iterator[str]:
    ids = sorted({*these.ids} - {*those.ids}, key=natural)
    if ids:
        named = ", ".join(visible(name)[:40] for name in ids[:_NAMED])
        more = ", ..." if len(ids) > _NAMED else ""
        yield f"{whose}: {len(ids)} of {len(these.ids)} rows ({named}{more})"
