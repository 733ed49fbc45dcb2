"""What `run` and `baseline` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.errors import FailureJson, failure_json
from gitexp.cli.views.registered import power
from gitexp.cli.views.steps import effect_of
from gitexp.cli.views.terminal import colored, filled, finding_json, findings, print_json
from gitexp.lab.log_json import FiguresJson, figures_json
from gitexp.rules.plan.together import say_together
from gitexp.rules.rendering import error_text
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.objections.moved import MOVED
from gitexp.rules.verdict.power import PowerJson
from gitexp.rules.verdict.verdict import Verdict
from gitexp.workflows.run import Conclusion, Unfinished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.cli.views.terminal import FindingJson
    from gitexp.lab.ladder import LadderStepJson
    from gitexp.lab.project import Project
    from gitexp.rules.documents.record import Record
    from gitexp.rules.plan.together import TogetherJson
    from gitexp.workflows.baseline import MeasuredBaseline
    from gitexp.workflows.smoke import Smoke
    from gitexp.workflows.try_work_tree import TryResult

_EXITS = {Verdict.RULED_OUT: 10, Verdict.INCONCLUSIVE: 11}


class ConcludedJson(FiguresJson):
    """How an experiment was judged; `runs` counts those that were made for it just now."""

    name: str
    commit: str
    verdict: Verdict | None
    reason: str | None
    detail: str | None
    note: str
    together: TogetherJson | None
    runs: int
    next: str


class UnfinishedJson(FailureJson):
    """An experiment without a verdict, and why."""

    name: str


class SampleJson(TypedDict):
    """A run on a share of the data."""

    sample: float
    value: float
    seconds: float


class SmokedJson(TypedDict):
    """An experiment's runs on shares of the data, which are no verdict."""

    name: str
    commit: str
    metric: str
    samples: list[SampleJson]
    verdict: None
    next: str


class TriedJson(TypedDict):
    """Runs of the work tree as it is; `left_out` are large files that git does not track."""

    metric: str
    samples: list[SampleJson]
    left_out: list[str]


class OutlookJson(PowerJson):
    """What the next experiment could detect, by a criterion at a level."""

    criterion: str
    level: float


class MeasuredJson(TypedDict):
    """The baseline's scores by seed, and what its last step did if it was not an experiment."""

    baseline: str
    commit: str
    metric: str
    seeds: dict[str, float]
    step: LadderStepJson | None
    outlook: OutlookJson
    advice: list[FindingJson]


def concluded(conclusion: Conclusion, *, as_json: bool, goes_on: bool = False) -> None:
    """Print an experiment's verdict and, unless the command `goes_on`, what to do with it."""
    if as_json:
        print_json(ended_json(conclusion))
        return
    _print(conclusion)
    if not goes_on:
        typer.echo(f"\nnext: {_next(conclusion)}")


def all_ended(ended: Sequence[Conclusion | Unfinished], *, as_json: bool) -> None:
    """Print the verdicts of several experiments, then why others have none."""
    unfinished = [one for one in ended if isinstance(one, Unfinished)]
    if as_json:
        print_json([ended_json(one) for one in ended])
    else:
        for one in ended:
            if not isinstance(one, Unfinished):
                _print(one)
                typer.echo(f"  next: {_next(one)}")
    tell_unfinished(unfinished)


def tell_unfinished(unfinished: Sequence[Unfinished]) -> None:
    """Print what went wrong, once: a run of the baseline that fails ends all that need it."""
    found: dict[str, list[str]] = {}
    for one in unfinished:
        found.setdefault(error_text(one.error), []).append(one.name)
    for text, names in found.items():
        typer.echo(f"gitexp: {', '.join(f'exp/{name}' for name in names)}\n{text}", err=True)


def in_lines(ended: Sequence[Conclusion | Unfinished]) -> None:
    """Print a line for each experiment, and nothing else."""
    for one in ended:
        if isinstance(one, Unfinished):
            typer.echo(f"exp/{one.name}: no verdict: {visible(one.error.message)}")
        else:
            typer.echo(f"exp/{one.name}: {one.note.splitlines()[0]}")


def ended_json(one: Conclusion | Unfinished) -> ConcludedJson | UnfinishedJson:
    """A verdict, or the error in its place."""
    return unfinished_json(one) if isinstance(one, Unfinished) else concluded_json(one)


def unfinished_json(one: Unfinished) -> UnfinishedJson:
    """The error in the place of a verdict."""
    return {"name": one.name, **failure_json(one.error)}


def concluded_json(one: Conclusion) -> ConcludedJson:
    """A verdict with its figures and the next command."""
    return {
        "name": one.name,
        "commit": one.commit,
        "verdict": one.judgement.verdict,
        "reason": one.judgement.reason or None,
        "detail": one.judgement.detail or None,
        **figures_json(one.registration, one.judgement),
        "runs": one.ran,
        "note": one.note,
        "together": one.together.as_json(one.registration.criterion) if one.together else None,
        "next": _next(one),
    }


def _print(conclusion: Conclusion) -> None:
    typer.echo(f"exp/{conclusion.name}")
    for line in conclusion.note.splitlines():
        typer.echo(f"  {colored(line, conclusion.judgement.verdict)}")
    if conclusion.together is not None:
        said = say_together(conclusion.together, conclusion.registration.criterion)
        typer.echo(filled(said, "  ", "  "))
    if not conclusion.ran:
        typer.echo("(nothing was left to run)")


def _next(conclusion: Conclusion) -> str:
    if conclusion.judgement.reason == MOVED:
        return f"gitexp run --baseline --again && gitexp retest {conclusion.name}"
    verb = "accept" if conclusion.judgement.verdict is Verdict.CONFIRMED else "show"
    return f"gitexp {verb} {conclusion.name}"


def smoked(done: Smoke, *, as_json: bool) -> None:
    """Print an experiment's scores on parts of the data."""
    if as_json:
        content: SmokedJson = {
            "name": done.name,
            "commit": done.commit,
            "metric": done.metric,
            "samples": _samples_json(done.records, done.metric),
            "verdict": None,
            "next": f"gitexp run {done.name}",
        }
        print_json(content)
        return
    typer.echo(f"exp/{done.name} works on part of the data; this is not a verdict")
    _samples(done.records, done.metric)
    typer.echo(f"\nnext: gitexp run {done.name}")


def tried(done: TryResult, *, as_json: bool) -> None:
    """Print what the work tree gave."""
    if as_json:
        content: TriedJson = {
            "metric": done.metric,
            "samples": _samples_json(done.records, done.metric),
            "left_out": list(done.left_out),
        }
        print_json(content)
        return
    typer.echo("the work tree works; nothing was recorded")
    _samples(done.records, done.metric)


def _samples(records: Sequence[Record], metric: str) -> None:
    for record in records:
        scored = f"{metric} {figures.number(record.metrics[metric])}"
        took = duration(record.duration)
        typer.echo(f"  {100 * record.sample:g} % of the data: {scored} in {took}")


def _samples_json(records: Sequence[Record], metric: str) -> list[SampleJson]:
    return [
        {"sample": one.sample, "value": one.metrics[metric], "seconds": one.duration}
        for one in records
    ]


def exit_code(ended: Sequence[Conclusion | Unfinished], *, by_verdict: bool) -> int:
    """The worst failure's exit code; without one 0, or with `by_verdict` the worst verdict's."""
    failures = [one.error.exit_code for one in ended if isinstance(one, Unfinished)]
    verdicts = [
        _EXITS.get(one.judgement.verdict or Verdict.CONFIRMED, 0)
        for one in ended
        if not isinstance(one, Unfinished)
    ]
    return max(failures or (verdicts if by_verdict else []), default=0)


def measured(project: Project, done: MeasuredBaseline, *, as_json: bool) -> None:
    """Print the baseline's repeats, and what the last step did if it was not an experiment."""
    metric = project.settings.metric
    values = [record.metrics[metric] for record in done.records]
    if as_json:
        content: MeasuredJson = {
            "baseline": project.baseline,
            "commit": project.tip,
            "metric": metric,
            "seeds": {str(record.seed): record.metrics[metric] for record in done.records},
            "step": done.step.as_json() if done.step else None,
            "outlook": {
                "criterion": str(done.next.criterion),
                "level": done.next.level,
                **done.power.as_json(),
            },
            "advice": [finding_json(done.advice)] if done.advice else [],
        }
        print_json(content)
        return
    head = f"{project.baseline} ({project.tip[:8]}): {metric}"
    typer.echo(filled(f"{head} {_mean(values, done)}"))
    if done.step is not None:
        step = f"{visible(done.step.subject)} ({done.step.commit[:8]})"
        typer.echo(filled(f"{step}: {effect_of(done.step)}", "  ", "  "))
    typer.echo(f"\nthe next experiment, {done.next.criterion}:")
    power(done.next, done.power, doubted=done.advice is not None)
    findings([done.advice] if done.advice else [])


def _mean(values: list[float], done: MeasuredBaseline) -> str:
    """Mean of the baseline's scores, and how much they vary."""
    import statistics  # loads decimal and fractions, which `run` does without

    mean = statistics.fmean(values)
    if not done.next.seeded:
        said = f"{figures.number(mean)} (deterministic: a repeated run gives the same)"
        if not done.next.by_examples:
            said += "; only per-example predictions could tell how sure a difference is"
        return said
    over = f"over {counted(len(values), 'repeat')}"
    if len(values) < 2:
        return f"{figures.number(mean)} {over}"
    sd = statistics.stdev(values)
    said = figures.rounded_like(mean, sd)
    return f"{said} {over}, standard deviation {figures.rough(sd)}"
