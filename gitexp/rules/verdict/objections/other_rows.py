"""Other rows were tested: a score on other examples is another question, whatever it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.rules.text import counted, first_few
from gitexp.rules.verdict.objections.evidence import Evidence, Objection

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record

OTHER_ROWS = "other rows were tested"
_NAMED = 5  # seeds in one sentence


def other_rows(evidence: Evidence) -> Objection | None:
    """Object where the two runs of a seed report different example ids, or seeds differ in theirs.

    Seeds may differ where a seed redraws the split. A run that reports no ids beside one that does
    may have been tested on anything. Where neither arm reports any, nothing is known. An example of
    which something else is true is another one, too, unless the baseline itself draws what is true.
    """
    pairs = evidence.pairs
    unlike = [base.seed for base, mine in pairs if mine.ids and base.ids and mine.ids != base.ids]
    if unlike:
        base, mine = next(both for both in pairs if both[0].seed == unlike[0])
        counts = f" ({mine.tested} examples, not {base.tested}, at seed {base.seed})"
        return Objection(
            OTHER_ROWS,
            f"in {counted(len(unlike), 'pair')} of {len(pairs)} (seeds {_listed(unlike)}) the"
            " experiment reports other example ids than the baseline"
            + counts
            * (mine.tested != base.tested),
        )
    if other := _otherwise_true(pairs):
        return Objection(
            OTHER_ROWS,
            f"in {counted(len(other), 'pair')} of {len(pairs)} (seeds {_listed(other)}) the"
            " experiment reports the baseline's example ids with other true values (y_true)",
        )
    silent = [(base, mine) for base, mine in pairs if bool(base.ids) != bool(mine.ids)]
    if silent:
        arms = {"baseline" if mine.ids else "experiment" for base, mine in silent}
        seeds = _listed([base.seed for base, _ in silent])
        return Objection(
            OTHER_ROWS,
            f"in {counted(len(silent), 'pair')} of {len(pairs)} (seeds {seeds}) only one run says"
            f" which examples it was tested on; the {' and the '.join(sorted(arms))} does not",
        )
    if evidence.registration.widening:
        return None
    sets = Counter(mine.ids for _, mine in pairs if mine.ids)
    if len(sets) < 2:
        return None
    return Objection(
        OTHER_ROWS,
        f"{len(pairs)} seeds were tested on {len(sets)} different sets of examples, but"
        f" Vary: {evidence.registration.vary()} says that a seed does not change them",
    )


def _otherwise_true(pairs: Sequence[tuple[Record, Record]]) -> list[int]:
    """Seeds at which the two runs say that something else is true of the same examples."""
    true: dict[str, str] = {}
    if any(one.truth != true.setdefault(one.ids, one.truth) for one, _ in pairs if one.truth):
        return []
    return [one.seed for one, mine in pairs if one.truth and mine.truth not in {"", one.truth}]


def _listed(seeds: Sequence[int]) -> str:
    return first_few([*map(str, seeds)], _NAMED)
