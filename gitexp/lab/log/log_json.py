"""The fields of `gitexp log --json` that hold wherever an experiment's branch is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from gitexp.rules.documents.change import ChangeJson
from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.documents.summary import Stage, Summary
from gitexp.rules.text import json_line
from gitexp.rules.verdict.criterion import Criterion, Scale

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.documents.remark import Remark, RemarkJson
    from gitexp.rules.plan.state import State
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement, Verdict
    from gitexp.store.experiments import Entry


class FiguresJson(TypedDict):
    """The figures of a verdict; the effect and its bounds are changes of the metric."""

    effect: float | None
    lower: float | None
    upper: float | None
    p: float | None
    level: float | None
    pairs: int


class CriterionJson(TypedDict):
    """What counts as success.

    With the scale "percent", `effect` is a share of the baseline's score. A `constant` to reach has
    no effect.
    """

    metric: str
    direction: Literal["higher", "lower"]
    effect: float | None
    scale: NotRequired[Literal["percent", "constant"]]
    constant: NotRequired[float]


class GuardJson(TypedDict):
    """A metric that may not get worse by more than the guard says, and whether it did."""

    guard: str
    holds: bool | None
    effect: float | None
    lower: float | None


class SingleRunsJson(TypedDict):
    """How many seeds are better with the change, each judged alone, and how many are not.

    `opposite` of them point the other way than the verdict; null unless it is CONFIRMED or RULED
    OUT. `first_better` is whether the first run alone would have kept the change.
    """

    better: int
    not_better: int
    first_better: bool
    opposite: int | None


class LoggedJson(FiguresJson):
    """What the log says of an experiment, wherever its branch is.

    `code` is the code commit that it stands on, and `proof` says whether that is neutral. `change`,
    `criterion`, `repeats` and `campaign` are null where a commit is not a registration. `finished`
    is when the last run ended, and so when a verdict came. `foreign` records are another commit's,
    and `newer` lines need a newer gitexp. `remarks` are what people noted, the oldest first.
    """

    commit: str
    baseline: str | None
    code: str | None
    proof: str | None
    author: str
    time: str
    hypothesis: str
    change: ChangeJson | None
    criterion: CriterionJson | None
    repeats: list[int] | None
    campaign: int | None
    trailers: dict[str, str]
    verdict: Verdict | None
    reason: str | None
    detail: str | None
    finished: str | None
    examples: int | None
    single_runs: SingleRunsJson | None
    guards: list[GuardJson]
    foreign: int
    newer: int
    remarks: list[RemarkJson]


class ExperimentJson(LoggedJson):
    """An experiment; `branch` is null for an archived one."""

    name: str
    branch: str | None
    state: State


def log_json(
    entry: Entry,
    registration: Registration | None,
    summary: Summary,
    remarks: Sequence[Remark] = (),
) -> str:
    """Write what does not depend on branches, nor on what is running, as one line of JSON."""
    judgement, explored = summary.judgement, summary.stage is Stage.EXPLORED
    fields: LoggedJson = {
        "commit": entry.commit,
        "baseline": entry.base or None,
        "code": entry.code or None,
        "proof": (judgement.code or None) if judgement else None,
        "author": entry.author,
        "time": entry.time,
        "hypothesis": hypothesis_of(entry.message),
        "change": registration.change.as_json() if registration else None,
        "criterion": _criterion_json(registration.criterion) if registration else None,
        "repeats": list(registration.repeats) if registration else None,
        "campaign": registration.campaign if registration else None,
        "trailers": dict(split_message(entry.message)[1]),
        "verdict": _exploratory() if explored else summary.verdict,
        "reason": (judgement.reason or None) if judgement else None,
        "detail": (judgement.detail or None) if judgement else None,
        **figures_json(registration, judgement),
        "finished": None if summary.finished is None else _moment(summary.finished),
        "examples": judgement.examples if judgement else None,
        "single_runs": _single_runs_json(judgement) if judgement else None,
        "guards": [_guard_json(guarded) for guarded in judgement.guards] if judgement else [],
        "foreign": summary.foreign,
        "newer": sum(lines for _, lines in summary.newer),
        "remarks": [remark.as_json() for remark in remarks],
    }
    return json_line(fields)


def _moment(seconds: float) -> str | None:
    """A time as text; None for one that is in no calendar, as anybody can write it in a note."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def _single_runs_json(judgement: Judgement) -> SingleRunsJson | None:
    if (single := judgement.single_runs) is None:
        return None
    from gitexp.rules.verdict.single_run import told_opposite  # as below

    return {
        "better": single.better,
        "not_better": single.not_better,
        "first_better": single.first_better,
        "opposite": told_opposite(judgement),
    }


def _exploratory() -> Verdict:
    # A hook that nothing was measured for does without what judges.
    from gitexp.rules.verdict.verdict import Verdict

    return Verdict.EXPLORATORY


def figures_json(registration: Registration | None, judgement: Judgement | None) -> FiguresJson:
    """Effect, bounds, p, level and pairs of a verdict; the effect is a change of the metric."""
    sign = registration.criterion.sign if registration else 1
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


def _criterion_json(criterion: Criterion) -> CriterionJson:
    """Criterion in the metric's unit; a percentage as a share, a constant under its own name."""
    fields: CriterionJson = {
        "metric": criterion.metric,
        "direction": "higher" if criterion.higher_is_better else "lower",
        "effect": criterion.amount,
    }
    match criterion.scale:
        case Scale.PERCENT:
            return {**fields, "effect": criterion.amount / 100, "scale": "percent"}
        case Scale.CONSTANT:
            return {**fields, "effect": None, "scale": "constant", "constant": criterion.amount}
    return fields


def _guard_json(guarded: GuardOutcome) -> GuardJson:
    return {
        "guard": str(guarded.guard),
        "holds": guarded.holds,
        "effect": guarded.effect,
        "lower": guarded.lower,
    }
