"""What the baseline's runs print: its scores, and what the next experiment could detect."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.registered import power
from gitexp.cli.views.steps import effect_of
from gitexp.cli.views.terminal import filled, findings, print_json
from gitexp.lab.projects.project import Project
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.power import Power

if TYPE_CHECKING:
    from gitexp.lab.log.ladder import LadderStepJson
    from gitexp.workflows.baseline import MeasuredBaseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook(Power):
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
    outlook: Outlook
    advice: list[Finding]


def measured(
    project: Project, done: MeasuredBaseline, *, as_json: bool, quiet: bool = False
) -> None:
    """Print the baseline's repeats, and what the last step did if it was not an experiment.

    `quiet` leaves one line, the mean.
    """
    metric = project.settings.metric
    values = [record.metrics[metric] for record in done.records]
    if as_json:
        content: MeasuredJson = {
            "baseline": project.baseline,
            "commit": project.tip,
            "metric": metric,
            "seeds": {str(record.seed): record.metrics[metric] for record in done.records},
            "step": done.step.as_json() if done.step else None,
            "outlook": Outlook(
                criterion=str(done.next.criterion), level=done.next.level, **asdict(done.power)
            ),
            "advice": [done.advice] if done.advice else [],
        }
        print_json(content)
        return
    head = f"{project.baseline} ({project.tip[:8]}): {metric}"
    if quiet:
        typer.echo(f"{head} {_mean(values, done)}")
        return
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
