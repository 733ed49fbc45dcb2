"""What registering experiments prints."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import typer

from gitexp.cli.views.terminal import (
    change_json,
    counted,
    finding_json,
    findings,
    print_json,
    wrapped,
)
from gitexp.rules.text import visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.outlook import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.outlook import Outlook
    from gitexp.workflows.preset import Preset
    from gitexp.workflows.start import Started


def started(experiment: Started, *, as_json: bool) -> None:
    """Print a registered experiment and the next command."""
    if as_json:
        print_json(_started_json(experiment))
        return
    _started(experiment)
    typer.echo(f"\nnext: gitexp run {experiment.name}")


def split(experiments: Sequence[Started], *, as_json: bool) -> None:
    """Print the experiments that one edit was split into."""
    if as_json:
        print_json([_started_json(experiment) for experiment in experiments])
        return
    for experiment in experiments:
        _started(experiment)
        typer.echo("")
    typer.echo("Your files are as they were.")
    typer.echo("next: " + "\n      ".join(f"gitexp run {e.name}" for e in experiments))


def preset(done: Preset, *, as_json: bool) -> None:
    """Print a preset that was written, and what to add where no program reads presets."""
    if as_json:
        print_json(
            {"name": done.name, "file": done.file, "commit": done.commit, "is_read": done.is_read}
        )
        return
    typer.echo(f"{done.file} has the preset {done.name} now ({done.commit[:10]}):\n")
    typer.echo(visible(done.added))
    if not done.is_read:
        typer.echo("\nNo program here mentions presets. What to add where the config is loaded:\n")
        from gitexp.workflows.preset import READER

        typer.echo(READER)
    typer.echo(f'\nnext: gitexp start --set preset={done.name} "HYPOTHESIS because REASON"')


def _started_json(experiment: Started) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "branch": f"exp/{experiment.name}",
        "commit": experiment.commit,
        "baseline": experiment.base,
        "change": change_json(experiment.change),
        "trailers": dict(experiment.registration.trailers()),
        "advice": [finding_json(finding) for finding in experiment.advice],
        "outlook": dataclasses.asdict(experiment.outlook),
    }


def _started(experiment: Started) -> None:
    registration, change = experiment.registration, experiment.change
    typer.echo(
        f"{typer.style(f'exp/{experiment.name}', bold=True)}  on {experiment.baseline}"
        f" ({experiment.base[:8]})"
    )
    typer.echo(f"  {change.file}:{change.line}" + (f"  ({change.kind})" if change.kind else ""))
    if experiment.old_line:
        typer.secho(f"  - {visible(experiment.old_line)}", fg=typer.colors.RED)
    if experiment.new_line:
        typer.secho(f"  + {visible(experiment.new_line)}", fg=typer.colors.GREEN)
    looks = ", ".join(map(str, registration.repeats))
    over = f"over {looks} paired repeats" if registration.seeded else "in one run (deterministic)"
    examples = ", by examples" if registration.by_examples else ""
    typer.echo(
        f"  success: {registration.criterion} {over}{examples}, level"
        f" {registration.level:.4g} (campaign {registration.campaign}, place {experiment.place} of"
        f" {experiment.planned})"
    )
    if registration.guards:
        typer.echo(f"  guards:  {', '.join(map(str, registration.guards))}")
    doubted = any(finding.id == "S2" for finding in experiment.advice)
    outlook_line(registration.criterion, experiment.outlook, doubted=doubted)
    findings(experiment.advice)


def outlook_line(
    criterion: Criterion, outlook: Outlook, *, doubted: bool, head: str = "outlook"
) -> None:
    """Print what can be seen (unless advice says that it is too little), and what it takes."""
    said = []
    if outlook.detectable is not None and not doubted:
        said.append(
            f"{shown(criterion, outlook.detectable)} or more shows four times in five (by"
            f" {outlook.source})"
        )
    if outlook.seconds is not None:
        said.append(f"about {counted(outlook.runs, 'run')}, {words.span(outlook.seconds)}")
    if said:
        typer.echo(wrapped(f"{head}: {'; '.join(said)}"))
