"""Whether code leaves a baseline's results as they were: one seed, run before and after it.

Compared is all that the baseline itself repeats to 12 digits, so wall time never counts. Where it
does not repeat its own score, nothing can be proven this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.found import Found
from gitexp.rules.documents.lines import sha256
from gitexp.rules.documents.record import PROOF
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.ties import same_score

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

PREDICTIONS, EXAMPLES = "its predictions", "the examples that it was tested on"


def drawn_seeds(commit: str, registration: Registration) -> tuple[int, ...]:
    """The seeds on which the code below an experiment is proven neutral, the first of them first.

    They are drawn by a hash of the experiment's id from those of its first look, so nobody can
    choose code that goes by them. They are more than half, so that what code alters on a single
    seed is found more often than not.
    """
    return draw(commit, registration.registered_seeds()[: registration.repeats[0]])


def draw(commit: str, seeds: Sequence[int]) -> tuple[int, ...]:
    """Draw more than half of some seeds, in an order that a hash of the commit's id gives."""
    ordered = sorted(seeds, key=lambda seed: (sha256({"commit": commit, "seed": seed}), seed))
    return tuple(ordered[: len(ordered) // 2 + 1])


class CodeRuns(NamedTuple):
    """Runs of one project on both sides of the code.

    `baseline` are the runs before it, `again` those that were made to repeat them, `code` those
    after it. `beside` is set where each experiment has baseline runs of its own.
    """

    baseline: tuple[Record, ...]
    again: tuple[Record, ...]
    code: tuple[Record, ...]
    beside: bool = False


class Proof(NamedTuple):
    """What is known of one seed: what was `found`, or the runs that are `missing` to tell.

    `differs` names what the code has altered, `scores` are those of the baseline and of the code,
    or the two values of the metric that differs; none where these are not numbers.
    """

    seed: int
    found: Found | None = None
    condition: str = ""
    differs: str = ""
    scores: tuple[float, ...] = ()
    missing: tuple[Run, ...] = ()


def code_runs(
    registration: Registration,
    baseline: Iterable[Record],
    again: Iterable[Record],
    code: Iterable[Record],
) -> CodeRuns:
    """The runs that show whether the code below an experiment is neutral.

    Without seeds, the baseline's second run, which proves that it repeats itself, repeats the
    first one.
    """
    first, repeated = tuple(baseline), tuple(again)
    if not registration.seeded:
        one, *others = PROOF
        repeated += tuple(r._replace(seed=one) for r in first if r.seed in others)
    return CodeRuns(first, repeated, tuple(code), beside=registration.interleaved)


def prove(seed: int, metric: str, runs: CodeRuns, here: Sequence[str] | None) -> Proof:
    """Compare the runs of a seed before and after the code, in one condition.

    `here` are the conditions that hold; None where they are not known, or do not matter.
    """
    conditions = None if here is None else tuple(here)
    after = first_good(runs.code, [seed], metric, conditions).get(seed)
    if after is None:
        missing = [Run(Arm.CODE, seed, Why.NEUTRAL, conditions)]
        if not _before(seed, metric, runs, conditions):
            missing.insert(0, _partner(seed, runs, Why.PARTNER, conditions))
        return Proof(seed, missing=tuple(missing))
    same = (after.condition,)
    found = _before(seed, metric, runs, same)
    if not found:
        why = Why.MATCH if _before(seed, metric, runs, None) else Why.PARTNER
        return Proof(seed, missing=(_partner(seed, runs, why, same),))
    before, *again = found
    outcome, differs = compare(before, again, after, metric, _unstable(runs, after.condition))
    if outcome is None:
        run = Run(Arm.BASELINE, seed, Why.TWICE, same, attempt=len(again) + 2)
        return Proof(seed, differs=differs, missing=(run,))
    named = metric if differs in {"", PREDICTIONS, EXAMPLES} else differs
    both = [r.metrics[named] for r in (before, after) if named in r.metrics]
    scores = tuple(both) if differs in {"", named} else ()
    return Proof(seed, outcome, after.condition, differs, scores)


def compare(
    before: Record,
    again: Sequence[Record],
    after: Record,
    metric: str,
    unstable: frozenset[str] = frozenset(),
) -> tuple[Found | None, str]:
    """Compare two runs of one seed by all that the baseline repeats; returns what differs.

    `again` are runs that repeat `before`, and `unstable` metrics that are known not to repeat. The
    first result is None where the baseline must be repeated once more to tell: a score that is a
    share of a few hundred rows may come up twice by chance, but hardly three times.
    """
    told = _told(before)
    unstable |= {name for one in again for name in _unlike(told, _told(one))}
    if metric in unstable:
        return Found.UNREPEATED, ""
    differing = [name for name in _unlike(told, _told(after)) if name not in unstable]
    if not differing:
        return Found.NEUTRAL, ""
    first = metric if metric in differing else differing[0]
    return (Found.ALTERED if len(again) >= (1 if before.output else 2) else None), first


def _before(
    seed: int, metric: str, runs: CodeRuns, conditions: Sequence[str] | None
) -> tuple[Record, ...]:
    """The baseline's run of a seed, and those that repeat it, in their order."""
    first = first_good(runs.baseline, [seed], metric, conditions).values()
    repeated = [
        r
        for r in runs.again
        if r.seed == seed
        and r.ok
        and metric in r.metrics
        and (conditions is None or r.condition in conditions)
    ]
    return (*first, *sorted(repeated, key=lambda record: record.start))


def _partner(seed: int, runs: CodeRuns, why: Why, conditions: tuple[str, ...] | None) -> Run:
    """The baseline's run that lacks: one that counts, if it is not made beside an experiment."""
    return Run(Arm.BASELINE, seed, Why.TWICE if runs.beside else why, conditions)


def _unstable(runs: CodeRuns, condition: str) -> frozenset[str]:
    """What differed whenever the baseline ran a seed twice in a condition."""
    first: dict[int, dict[str, float | str]] = {}
    found: set[str] = set()
    for record in (*runs.baseline, *runs.again):
        if record.ok and record.condition == condition:
            told = _told(record)
            found.update(_unlike(first.setdefault(record.seed, told), told))
    return frozenset(found)


def _told(record: Record) -> dict[str, float | str]:
    """All that a run reported, by name."""
    fingerprints = {PREDICTIONS: record.output, EXAMPLES: record.ids}
    return {**record.metrics, **{name: value for name, value in fingerprints.items() if value}}


def _unlike(one: dict[str, float | str], other: dict[str, float | str]) -> Iterable[str]:
    """Names of what the first reported, and the second did not report or gave another value."""
    for name, value in one.items():
        found = other.get(name)
        if isinstance(value, str) or isinstance(found, str) or found is None:
            if found != value:
                yield name
        elif not same_score(value, found):
            yield name
