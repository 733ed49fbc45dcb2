"""What setting up a repository prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import hanging, print_json, width, wrapped
from gitexp.lab.setup.agent_files import FOLDER, SHARED, AgentFile
from gitexp.rules.text import counted, duration

if TYPE_CHECKING:
    from gitexp.lab.measuring.trial import Trial
    from gitexp.workflows.init import Setup

# Also what was fetched of a remote's notes.
WITHOUT_NOTES = "git log --exclude='refs/*notes/gitexp*' --all"
_UNDO = "gitexp init --undo"


def tried(trial: Trial) -> None:
    """Print what the trial runs showed, and what each way to spend runs costs and detects."""
    typer.echo(
        f"{counted(trial.runs, 'trial run')}, {duration(trial.seconds)} each; not recorded, because"
        " there are no settings yet."
    )
    for sentence in trial.reasons:
        typer.echo(wrapped(sentence, ""))
    typer.echo(
        f"\n  {'repeats':<14} {'planned':>7} {'experiment':>11} {'+ baseline':>11}"
        f" {'campaign':>9}  detects"
    )
    for choice in trial.choices:
        sees = "-" if choice.in_sds is None else f"{choice.in_sds:.1f} sd"
        typer.echo(
            f"  {'/'.join(map(str, choice.repeats)):<14} {choice.planned:>7}"
            f" {duration(choice.experiment):>11} {duration(choice.alone):>11}"
            f" {duration(choice.campaign):>9}  {sees:>7}"
            f"{'  <- proposed' if choice.proposed else ''}"
        )
    if trial.proposed.planned < max(choice.planned for choice in trial.choices):
        typer.echo(
            wrapped(
                "A campaign of 5 starts at four times the level of one of 20, and about twice as"
                " many of its confirmed results are false: it is proposed because runs take long."
                " If they take days, gitexp start --repeats 1 has a single one judged, by its"
                " predictions on a fixed split."
            )
        )
    few = trial.choices[0]
    if few.in_sds is not None:
        typer.echo(
            wrapped(
                "Costs assume that every look is taken. An effect of this size is confirmed 4 times"
                " in 5; sd is the standard deviation of paired differences (experiment less"
                " baseline)."
                f" Three repeats detect nothing below {few.in_sds:.1f} sd, and few changes do that"
                " much."
            )
        )
    typer.echo("")


def initialized(done: Setup, *, as_json: bool) -> None:
    """Print what init changed and how to take it back."""
    if as_json:
        print_json(done)
        return
    if done.trial is not None:
        tried(done.trial)
    if not done.steps:
        typer.echo("Everything is already set up here; nothing was changed.")
    for step in done.steps:
        typer.echo(step.what if "\n" in step.what else wrapped(step.what, ""))
        if step.undo != _UNDO:
            typer.echo(f"    undo: {step.undo}")
    if done.guessed:
        then = "If one is wrong, edit gitexp.toml and commit it, then: gitexp trust"
        typer.echo("\n" + hanging("Guessed: ", f"{', '.join(done.guessed)}. {then}"))
    for warning in done.warnings:
        said, *command = warning.split("\n")
        typer.echo("\n" + "\n".join([wrapped(f"Note: {said}", ""), *command]))
    if done.steps:
        typer.echo(f"\n{_UNDO} reverts all of it.")
        if not done.server:
            typer.echo(f"To see it all with plain git: {WITHOUT_NOTES}")
    if done.steps and done.server:
        typer.echo("Pushes of experiments that break a rule are now refused here.")
    elif done.steps and done.key == "KEY":  # no number is known by a key
        typer.echo(
            'next: edit one line of the config, then: gitexp start "HYPOTHESIS because REASON"'
        )
    elif done.steps:
        words = f"next: gitexp start --set {done.key}=VALUE", '"HYPOTHESIS because REASON"'
        # In two lines it can still be pasted.
        typer.echo((" " if len(" ".join(words)) <= width() else " \\\n      ").join(words))


def undone(done: Sequence[str], *, as_json: bool) -> None:
    """Print what undoing did."""
    if as_json:
        print_json(done)
        return
    for line in done or ["there is nothing to undo"]:
        typer.echo(line)


def agents(files: Sequence[AgentFile], *, removed: bool, as_json: bool) -> None:
    """Print which files for agents were written or removed, and how to share that."""
    if as_json:
        print_json(files)
        return
    changed = [one for one in files if one.done]
    for one in changed:
        typer.echo(f"{one.done} {one.path}{f' ({one.part})' if one.part else ''}")
    if not changed:
        there = "there is nothing to remove" if removed else "the files are already up to date"
        typer.echo(f"Nothing was changed: {there}.")
        return
    if removed:
        typer.echo("\nIf they were committed, commit their removal too: git status shows it.")
        return
    typer.echo(f"\nnext: git add :/{FOLDER} :/{SHARED} && git commit -m 'Tell agents about gitexp'")
    typer.echo("undo: gitexp init --agents --remove")
