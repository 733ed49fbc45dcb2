"""What a single run would have told: each seed judged alone, by whether the number went up."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.rules.verdict.criterion import Criterion, Scale
from gitexp.rules.verdict.ties import same_score
from gitexp.rules.verdict.verdict import Judgement, Pair, SingleRuns


def judge_singly(criterion: Criterion, pairs: Sequence[Pair]) -> SingleRuns:
    """Judge each pair by itself, as if it were the only one.

    With d = criterion.difference(baseline, candidate), a seed is better where d > 0; two scores
    that agree to 12 digits are equal. Against a constant it is better where the constant is reached
    (d >= 0).

    Raises:
        ValueError: there are no pairs, or a score has no ratio.
    """
    if not pairs:
        raise ValueError("without pairs there is nothing to judge")
    better = [_is_better(criterion, pair) for pair in pairs]
    return SingleRuns(sum(better), len(better) - sum(better), better[0])


def _is_better(criterion: Criterion, pair: Pair) -> bool:
    d = criterion.difference(pair.baseline, pair.candidate)
    if criterion.scale is Scale.CONSTANT:
        return d >= 0
    return d > 0 and not same_score(pair.baseline, pair.candidate)


def told_opposite(judgement: Judgement) -> int | None:
    """How many seeds, each by itself, point the other way than the verdict.

    CONFIRMED: those that are not better; RULED OUT: those that are. None for any other verdict, and
    where nothing was compared seed by seed.
    """
    single = judgement.single_runs
    if single is None:
        return None
    return {"CONFIRMED": single.not_better, "RULED OUT": single.better}.get(str(judgement.verdict))


def first_run_misled(judgement: Judgement) -> bool:
    """Whether the change is ruled out, and the first registered seed alone would have kept it."""
    single = judgement.single_runs
    return judgement.verdict == "RULED OUT" and single is not None and single.first_better


def say_single_runs(judgement: Judgement) -> str:
    """What single runs would have told, on one line; empty where all agree with the verdict."""
    single, opposite = judgement.single_runs, told_opposite(judgement)
    if single is None or judgement.verdict is None:
        return ""
    if opposite is None:
        return f"each seed alone: {single.better} better, {single.not_better} not"
    if not opposite:
        return ""
    if single.seeds == 1:
        return "this one run alone would have told you the opposite"
    is_first = single.first_better == (judgement.verdict == "RULED OUT")
    first = "" if not is_first else ": the first" if opposite == 1 else ", the first among them"
    return f"{opposite} of these {single.seeds} seeds would have told you the opposite{first}"
