"""The fields of `gitexp log --json` that hold wherever an experiment's branch is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.documents.summary import Stage
from gitexp.rules.text import json_line
from gitexp.rules.verdict.criterion import Scale

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.documents.summary import Summary
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement
    from gitexp.store.experiments import Entry


def log_json(entry: Entry, registration: Registration | None, summary: Summary) -> str:
    """Write what does not depend on branches, nor on what is running, as one line of JSON."""
    judgement, explored = summary.judgement, summary.stage is Stage.EXPLORED
    return json_line(
        {
            "commit": entry.commit,
            "baseline": entry.base or None,
            "code": entry.code or None,
            "author": entry.author,
            "time": entry.time,
            "hypothesis": hypothesis_of(entry.message),
            "change": registration and registration.change.as_json(),
            "criterion": registration and _criterion_json(registration.criterion),
            "repeats": list(registration.repeats) if registration else None,
            "campaign": registration and registration.campaign,
            "trailers": split_message(entry.message)[1],
            "verdict": "EXPLORATORY" if explored else summary.verdict,
            "reason": (judgement.reason or None) if judgement else None,
            "detail": (judgement.detail or None) if judgement else None,
            **figures_json(registration, judgement),
            "examples": judgement and judgement.examples,
            "guards": [_guard_json(guarded) for guarded in judgement.guards] if judgement else [],
            "foreign": summary.foreign,
            "newer": sum(lines for _, lines in summary.newer),
        }
    )


def figures_json(
    registration: Registration | None, judgement: Judgement | None
) -> dict[str, float | int | None]:
    """Effect, bounds, p, level and pairs of a verdict; the effect is a change of the metric."""
    sign = 1 if registration is None or registration.criterion.higher_is_better else -1
    effect = judgement.effect if judgement else None
    bounds = sorted(
        sign * bound
        for bound in ((judgement.lower, judgement.upper) if judgement else ())
        if bound is not None
    )
    lower, upper = bounds if len(bounds) == 2 else (None, None)
    return {
        "effect": None if effect is None else sign * effect,
        "lower": lower,
        "upper": upper,
        "p": judgement.p if judgement else None,
        "level": (judgement.level if judgement else None)
        or (registration.level if registration else None),
        "pairs": judgement.pairs if judgement else 0,
    }


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
