"""What the log shows and asks of an experiment, in a form that is kept between two commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.text import json_line
from gitexp.rules.verdict.criterion import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement
    from gitexp.store.experiments import Entry


def stage_of(judgement: Judgement | None, records: Sequence[Record]) -> str:
    """How far an experiment is by its records: decided, explored, failed, undecided."""
    repeatable = judgement is None or judgement.reason == "repeats failed"
    if judgement is not None and judgement.verdict is not None and not repeatable:
        return "decided"
    if is_explored(records):
        return "explored"
    # A failed attempt that was made good is none any more.
    good = {record.seed for record in records if record.ok}
    return "failed" if any(record.seed not in good for record in records) else "undecided"


def is_explored(records: Sequence[Record]) -> bool:
    """Whether runs only ever went past the gate, on purpose."""
    return bool(records) and all(record.explore for record in records)


def facts_of(
    judgement: Judgement | None, records: Sequence[Record], foreign: int, text: str
) -> dict[str, Any]:
    """What the log asks of an experiment's records, as JSON takes it; `text` is their note.

    `seconds` are durations of runs that went well, `ids` the fingerprints of what they were tested
    on, `foreign` counts records of another commit, `newer` lines by the schema of the gitexp that
    wrote them.
    """
    told, newer = None, {}
    if text:
        # What judges loads where there is something to judge: a hook may end before.
        from gitexp.rules.documents.lines import count_newer

        newer = count_newer(text)
    if judgement is not None:
        guards = [[g.holds, g.effect, g.lower] for g in judgement.guards]
        told = [
            guards if name == "guards" else getattr(judgement, name) for name in judgement.__slots__
        ]
    return {
        "judgement": told,
        "why": records[0].explore if records else "",
        "seconds": [record.duration for record in records if record.ok],
        "ids": sorted({record.ids for record in records if record.ids}),
        "foreign": foreign,
        "newer": newer,
    }


def judgement_of(told: list[Any], registration: Registration | None) -> Judgement:
    """Put a judgement together again; the registration names the guards that it weighed."""
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement, Verdict

    values = dict(zip(Judgement.__slots__, told, strict=True))
    if values["verdict"] is not None:
        values["verdict"] = Verdict(values["verdict"])
    weighed, guards = values["guards"], registration.guards if registration else ()
    values["guards"] = tuple(
        GuardOutcome(guard, *found) for guard, found in zip(guards, weighed, strict=False)
    )
    return Judgement(**values)


def shown_of(
    entry: Entry,
    registration: Registration | None,
    judgement: Judgement | None,
    stage: str,
    facts: Mapping[str, Any],
) -> str:
    """Fields of `gitexp log --json` that hold wherever the branch is and whoever runs what."""
    sign = 1 if registration is None or registration.criterion.higher_is_better else -1
    effect = judgement.effect if judgement else None
    bounds = sorted(
        sign * bound
        for bound in ((judgement.lower, judgement.upper) if judgement else ())
        if bound is not None
    )
    lower, upper = bounds if len(bounds) == 2 else (None, None)
    return json_line(
        {
            "commit": entry.commit,
            "baseline": entry.parents[0] if entry.parents else None,
            "author": entry.author,
            "time": entry.time,
            "hypothesis": hypothesis_of(entry.message),
            "change": registration and registration.change.as_json(),
            "criterion": registration and _criterion_json(registration.criterion),
            "repeats": list(registration.repeats) if registration else None,
            "campaign": registration and registration.campaign,
            "trailers": split_message(entry.message)[1],
            "verdict": "EXPLORATORY" if stage == "explored" else judgement and judgement.verdict,
            "reason": (judgement.reason or None) if judgement else None,
            "effect": None if effect is None else sign * effect,
            "lower": lower,
            "upper": upper,
            "p": judgement and judgement.p,
            "level": (judgement and judgement.level) or (registration and registration.level),
            "pairs": judgement.pairs if judgement else 0,
            "examples": judgement and judgement.examples,
            "guards": [_guard_json(guarded) for guarded in judgement.guards] if judgement else [],
            "foreign": facts["foreign"],
            "newer": sum(facts["newer"].values()),
        }
    )


def _criterion_json(criterion: Criterion) -> dict[str, Any]:
    """Criterion in the metric's unit; a percentage as a share, a constant under its own name."""
    direction = "higher" if criterion.higher_is_better else "lower"
    fields = {"metric": criterion.metric, "direction": direction, "effect": criterion.amount}
    match criterion.scale:
        case Scale.PERCENT:
            return fields | {"effect": criterion.amount / 100, "scale": "percent"}
        case Scale.CONSTANT:
            return fields | {"effect": None, "scale": "constant", "constant": criterion.amount}
    return fields


def _guard_json(guarded: GuardOutcome) -> dict[str, Any]:
    return {
        "guard": str(guarded.guard),
        "holds": guarded.holds,
        "effect": guarded.effect,
        "lower": guarded.lower,
    }
