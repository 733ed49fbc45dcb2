"""What running prints."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.plan import outlook_line
from gitexp.cli.views.terminal import coloured, finding_json, findings, print_json
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.ladder import Step as LadderStep
    from gitexp.lab.project import Project
    from gitexp.workflows.run import Answer, Measured

_EXITS = {Verdict.RULED_OUT: 10, Verdict.INCONCLUSIVE: 11}


def answered(answer: Answer, *, as_json: bool) -> None:
    """Print an experiment's verdict and what to do with it."""
    if as_json:
        print_json(
            {
                "name": answer.name,
                "commit": answer.commit,
                "verdict": answer.judgement.verdict,
                "reason": answer.judgement.reason or None,
                "runs": answer.ran,
                "note": answer.note,
            }
        )
        return
    typer.echo(f"exp/{answer.name}")
    for line in answer.note.splitlines():
        typer.echo(f"  {coloured(line, answer.judgement.verdict)}")
    if not answer.ran:
        typer.echo("(nothing was left to run)")
    if answer.judgement.verdict is Verdict.CONFIRMED:
        typer.echo(f"\nnext: gitexp accept {answer.name}")
    else:
        typer.echo(f"\nnext: gitexp show {answer.name}, or the next idea: gitexp start")


def exit_code(answer: Answer) -> int:
    """Exit code of a verdict for --exit-code."""
    return _EXITS.get(answer.judgement.verdict or Verdict.CONFIRMED, 0)


def measured(project: Project, done: Measured, *, as_json: bool) -> None:
    """Print the baseline's repeats, and what the last step did where it was no experiment."""
    import statistics

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
                    **dataclasses.asdict(done.outlook),
                },
                "advice": [finding_json(done.advice)] if done.advice else [],
            }
        )
        return
    over = f"over {counted(len(values), 'repeat')}"
    if len(values) > 1:
        over += f", standard deviation {words.number(statistics.stdev(values))}"
    if not done.next.seeded:
        over = "(deterministic: a repeated run gives the same)"
        if not done.next.by_examples:
            over += "; only per-example predictions could tell how sure a difference is"
    mean = words.number(statistics.fmean(values))
    typer.echo(f"{project.baseline} ({project.tip[:8]}): {metric} {mean} {over}")
    if done.step is not None:
        typer.echo(
            f"  {visible(done.step.subject)} ({done.step.commit[:8]}): {effect_of(done.step)}"
        )
    criterion = done.next.criterion
    head = f"outlook for {criterion} at level {done.next.level:.3g}"
    outlook_line(criterion, done.outlook, doubted=done.advice is not None, head=head)
    findings([done.advice] if done.advice else [])


def effect_of(step: LadderStep, *, newest: bool = True) -> str:
    """What a step did to the metric, in words; only the newest can still be measured."""
    effect = step.effect
    if effect is None:
        return "not measured on both sides" + (": gitexp baseline" if newest else "")
    over = f"over {effect.seeds} seed{'s' if effect.seeds > 1 else ''}"
    if effect.neutral:
        return f"neutral, identical {over}"
    spread = "" if effect.spread is None else f" (standard deviation {words.number(effect.spread)})"
    return f"moved by {words.number(effect.mean, sign=True)} {over}{spread}"
