"""What `run` and `baseline` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views import plan
from gitexp.cli.views.steps import effect_of
from gitexp.cli.views.terminal import colored, filled, finding_json, findings, print_json
from gitexp.lab.log_json import figures_json
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.objections.moved import MOVED
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.project import Project
    from gitexp.workflows.baseline import MeasuredBaseline
    from gitexp.workflows.run import Conclusion
    from gitexp.workflows.smoke import Smoke

_EXITS = {Verdict.RULED_OUT: 10, Verdict.INCONCLUSIVE: 11}


def concluded(conclusion: Conclusion, *, as_json: bool) -> None:
    """Print an experiment's verdict and what to do with it."""
    if as_json:
        print_json(
            {
                "name": conclusion.name,
                "commit": conclusion.commit,
                "verdict": conclusion.judgement.verdict,
                "reason": conclusion.judgement.reason or None,
                "detail": conclusion.judgement.detail or None,
                **figures_json(conclusion.registration, conclusion.judgement),
                "runs": conclusion.ran,
                "note": conclusion.note,
                "next": _next(conclusion),
            }
        )
        return
    typer.echo(f"exp/{conclusion.name}")
    for line in conclusion.note.splitlines():
        typer.echo(f"  {colored(line, conclusion.judgement.verdict)}")
    if not conclusion.ran:
        typer.echo("(nothing was left to run)")
    typer.echo(f"\nnext: {_next(conclusion)}")


def _next(conclusion: Conclusion) -> str:
    if conclusion.judgement.reason == MOVED:
        return f"gitexp run --baseline --again && gitexp retest {conclusion.name}"
    verb = "accept" if conclusion.judgement.verdict is Verdict.CONFIRMED else "show"
    return f"gitexp {verb} {conclusion.name}"


def smoked(done: Smoke, *, as_json: bool) -> None:
    """Print an experiment's scores on parts of the data."""
    if as_json:
        print_json(
            {
                "name": done.name,
                "commit": done.commit,
                "metric": done.metric,
                "samples": [
                    {
                        "sample": record.sample,
                        "value": record.metrics[done.metric],
                        "seconds": record.duration,
                    }
                    for record in done.records
                ],
                "verdict": None,
                "next": f"gitexp run {done.name}",
            }
        )
        return
    typer.echo(f"exp/{done.name} works on a part of the data, which is not a verdict")
    for record in done.records:
        scored = f"{done.metric} {figures.number(record.metrics[done.metric])}"
        took = duration(record.duration)
        typer.echo(f"  {100 * record.sample:g} % of the data: {scored} in {took}")
    typer.echo(f"\nnext: gitexp run {done.name}")


def exit_code(conclusion: Conclusion) -> int:
    """Exit code of a verdict for --exit-code."""
    return _EXITS.get(conclusion.judgement.verdict or Verdict.CONFIRMED, 0)


def measured(project: Project, done: MeasuredBaseline, *, as_json: bool) -> None:
    """Print the baseline's repeats, and what the last step did if it was not an experiment."""
    metric = project.settings.metric
    values = [record.metrics[metric] for record in done.records]
    if as_json:
        print_json(
            {
                "baseline": project.baseline,
                "commit": project.tip,
                "metric": metric,
                "seeds": {str(record.seed): record.metrics[metric] for record in done.records},
                "step": done.step and done.step.as_json(),
                "outlook": {
                    "criterion": str(done.next.criterion),
                    "level": done.next.level,
                    **done.power.as_json(),
                },
                "advice": [finding_json(done.advice)] if done.advice else [],
            }
        )
        return
    head = f"{project.baseline} ({project.tip[:8]}): {metric}"
    typer.echo(filled(f"{head} {_mean(values, done)}"))
    if done.step is not None:
        step = f"{visible(done.step.subject)} ({done.step.commit[:8]})"
        typer.echo(filled(f"{step}: {effect_of(done.step)}", "  ", "  "))
    typer.echo(f"\nthe next experiment, {done.next.criterion}:")
    plan.power(done.next.criterion, done.power, doubted=done.advice is not None)
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
