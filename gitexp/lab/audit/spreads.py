"""What single examples said of a look, computed again from the outcomes that its runs stored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.audit.inventory import label_of, name_of
from gitexp.lab.evidence import weigh_examples
from gitexp.rules.documents.example_spread import parse_spreads
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted
from gitexp.rules.verdict.pairs import inputs_of, pair
from gitexp.store.notes import list_notes
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.lab.result import Result
    from gitexp.rules.documents.example_spread import ExampleSpread
    from gitexp.rules.documents.outcomes import Key, Outcomes
    from gitexp.rules.documents.record import Record

_CLOSE = 1e-6  # relative; what examples say is stored with at least six digits


def about_examples(inventory: Inventory) -> Iterator[Finding]:
    """Find what examples say of a look that the outcomes of its runs do not give."""
    asked = [
        (result, spreads)
        for result in inventory.held
        if result.registration
        and result.registration.by_examples
        and (spreads := _used(result, parse_spreads(result.entry.runs)))
    ]
    if not asked:
        return
    repository = inventory.project.repository
    blobs = list_notes(repository, BULK)
    commits = [c for result, _ in asked for c in (result.entry.parents[0], result.entry.commit)]
    # One at a time: the outcomes of one experiment may take megabytes.
    texts = repository.git.each(blobs.get(commit, commit + "^{blob}") for commit in commits)
    for result, spreads in asked:
        both = [(text or b"").decode("utf-8", "replace") for text in (next(texts), next(texts))]
        yield from _about_spreads(result, spreads, *both)


def _used(result: Result, spreads: Iterable[ExampleSpread]) -> list[ExampleSpread]:
    """Those of the spreads that a verdict stands on."""
    pairs = _pairs(result)
    return [
        spread
        for spread in spreads
        if 0 < spread.pairs <= len(pairs) and spread.inputs == inputs_of(pairs[: spread.pairs])
    ]


def _pairs(result: Result) -> list[tuple[Record, Record]]:
    registration = result.registration
    if registration is None:
        return []
    gated = [record for record in result.records if not record.explore]
    seeds, metric = registration.registered_seeds(), registration.criterion.metric
    return pair(seeds, result.baseline_records, gated, metric)[0]


def _about_spreads(
    result: Result, spreads: Sequence[ExampleSpread], baseline: str, experiment: str
) -> Iterator[Finding]:
    pairs = _pairs(result)
    sides = [
        (text, [(r.seed, r.attempt, r.condition) for r in records])
        for text, records in zip((baseline, experiment), zip(*pairs, strict=True), strict=True)
    ]
    here = [(parse_outcomes(text, {*keys}), keys) for text, keys in sides]
    assert result.registration is not None  # noqa: S101 - judged by examples
    for spread in spreads:
        look = f"{label_of(result)} at {counted(spread.pairs, 'pair')}"
        if any(key not in found for found, keys in here for key in keys[: spread.pairs]):
            yield Finding(
                "V7",
                f"the outcomes of single examples behind {look} are not here, so what they say"
                " cannot be recomputed",
                "gitexp sync brings them, where a remote has them",
                advice=True,
            )
            continue
        arms: list[list[Outcomes]] = [_arm(found, keys[: spread.pairs]) for found, keys in here]
        try:
            variance, count = weigh_examples(result.registration.criterion, *arms)
            given = f"variance {variance:.6g} over {counted(count, 'example')}"
            fits = count == spread.count and math.isclose(variance, spread.variance, rel_tol=_CLOSE)
        except NotReady as error:
            given, fits = error.message, False
        if not fits:
            yield Finding(
                "V6",
                f"what the examples say of {look} is not what its outcomes give\n"
                f"  note:     variance {spread.variance:.6g} over"
                f" {counted(spread.count, 'example')}\n  outcomes: {given}",
                f"git notes --ref=gitexp-runs edit {result.entry.commit[:10]} takes the line out;"
                f" then gitexp run {name_of(result)} computes it again",
            )


def _arm(found: Mapping[Key, Outcomes], keys: Iterable[Key]) -> list[Outcomes]:
    return [found[key] for key in keys]
