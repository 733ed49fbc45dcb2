"""New settings: guessed, asked for, checked, and completed by a trial, before they are written."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitexp.engine.command import build
from gitexp.errors import NotReady, UsageError
from gitexp.lab.guess import guess
from gitexp.rules.documents.draft import DraftSettings, render
from gitexp.rules.documents.settings import Settings, parse_settings, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gitexp.lab.trial import Trial
    from gitexp.store.repository import Repository


def settle(
    here: Path, given: DraftSettings, ask: Callable[[str, str], str] | None
) -> DraftSettings:
    """Complete what is given by guesses and, with `ask`, by answers.

    Raises:
        UsageError: config, command or metric is not known, or there is no such config.
    """
    draft = guess(here, given)
    if ask is not None:
        for field, question in (
            ("config", "config file of which one line may change"),
            ("command", "training command ({seed} is filled in)"),
            ("metric", "metric that the command reports"),
        ):
            if not getattr(given, field):
                answer = ask(question, getattr(draft, field)).strip()
                given = replace(given, **{field: answer})  # type: ignore[arg-type]
                draft = guess(here, given)
    lacking = [n for n in ("config", "command", "metric") if not getattr(draft, n)]
    if lacking:
        raise UsageError(
            f"could not find out: {', '.join(lacking)}",
            "gitexp init " + " ".join(f"--{n} {_example(n)}" for n in lacking),
        )
    if not (here / draft.config).is_file():
        raise UsageError(f"there is no {draft.config} in {here}", "gitexp init --config FILE")
    return draft


def _example(name: str) -> str:
    return {"config": "config.toml", "command": "'python train.py'", "metric": "accuracy"}[name]


def as_settings(draft: DraftSettings, baseline: str) -> Settings:
    """The settings that a draft makes.

    Raises:
        UsageError: a value is not allowed.
    """
    table: dict[str, Any] = table_of("gitexp.toml", render(draft, baseline).encode()) or {}
    try:
        settings = parse_settings("gitexp.toml", table)
        build(settings, seed=0)
    except NotReady as error:
        # Nothing is written yet: the mistake is on the command line, or in an answer.
        message = error.message.removeprefix("gitexp.toml: ")
        raise UsageError(message, "see what each option accepts: gitexp init -h") from None
    return settings


def with_trial(draft: DraftSettings, trial: Trial) -> DraftSettings:
    """Fill in what a trial has shown."""
    # A module that the script imports may call gitexp.predictions.
    predictions = draft.predictions or ("predictions.csv" if trial.stored else "")
    return replace(
        draft,
        vary=trial.vary,
        repeats=trial.proposed.repeats,
        planned=trial.proposed.planned,
        # With ids that clash, every experiment would stop before its verdict.
        predictions="" if trial.clash else predictions,
        # Two runs say more about the seed than the text of the script.
        warning=draft.warning if trial.vary == "none" or trial.runs == 1 else "",
    )


def uncommitted(repository: Repository, here: Path, settings: Settings) -> list[str]:
    """Files that the settings name and that exist here, but are not committed."""
    words = dict.fromkeys([*settings.config, *settings.command.split()])
    # Not Path.is_file, which raises an error if a word is too long for a file name.
    files = [word for word in words if word[0] != "/" and os.path.isfile(here / word)]  # noqa: PTH113
    found = repository.git.objects([f"HEAD:{repository.prefix}{file}" for file in files])
    return [file for file, content in zip(files, found, strict=True) if content is None]


def commit_command(files: Sequence[str]) -> str:
    """Command that commits files, to be pasted."""
    listed = shlex.join(files)
    return f"git add {listed} && git commit -m {shlex.quote('Add ' + ', '.join(files))}"
