"""New settings: guessed, asked for, checked, and completed by a trial, before they are written."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.command import build, shell_syntax
from gitexp.errors import NotReady, UsageError
from gitexp.lab.guess import guess, printed_names
from gitexp.lab.guess.command import find_programs
from gitexp.lab.guess.config import configs_in, files_in_use, numbers_in, typed_key
from gitexp.lab.guess.seed import SEEDS
from gitexp.rules.documents.draft import DraftSettings, render
from gitexp.rules.documents.metric_name import direction_of
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import parse_settings, table_of
from gitexp.rules.gate.formats.keys import keys_at, short_name, spell_key
from gitexp.rules.gate.notebook import find_notebook
from gitexp.rules.gate.paths import is_pattern
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.trial import Trial


_QUESTIONS = {
    "command": "Training command ({seed} is filled in)",
    "metric": "Metric that it reports",
    "config": "Config file of which one line may change",
}
_VARY = (
    "What does a new seed change? split (test rows, too), seed (training only), none;\n"
    "or try: run the command up to three times now, to see"
)
_MOST_QUESTIONS = 3
_VARY_ANSWERS = ("split", "seed", "none", "try")
_AGAIN = "Please answer split, seed, none or try"
_EXAMPLES = {"config": "config.toml", "command": "python train.py", "metric": "accuracy"}
_OPTIONS = ("shell", "config", "command", "metric", "direction", "effect", "metrics", "seed_key",
            "vary", "link")  # fmt: skip
_OF_SPLITS = re.compile(r"(?:test|val|valid|validation|eval|holdout)(?:[_-]|$)")
_SHOWN = 6  # names that a script prints


@dataclass(frozen=True, slots=True)
class Settled:
    """Settings to write. `said` is what was given or answered, the rest of `draft` is guessed.

    `trial` says whether to try the command first.
    """

    draft: DraftSettings
    said: DraftSettings
    trial: bool


def _in_one_word(given: DraftSettings) -> DraftSettings:
    # What is printed as `Test accuracy` is found by the name Test_accuracy.
    return replace(given, metric="_".join(given.metric.split()))


def settle(
    here: Path, given: DraftSettings, ask: Callable[[str, str], str] | None, *, trial: bool
) -> Settled:
    """Complete what is given by guesses and, with `ask`, by the answers to at most 3 questions.

    Raises:
        UsageError: config, command or metric is not known, or there is no such config.
    """
    given = _in_one_word(given)
    draft, asked = guess(here, given), 0
    for field, question in _QUESTIONS.items() if ask is not None else ():
        # The config is asked for only where nothing looks like one.
        if ask is None or getattr(given, field) or (field == "config" and draft.config):
            continue
        shown = _printed(here, draft) if field == "metric" else ""
        if field == "command" and not draft.command:
            shown = _runnable(programs) if (programs := find_programs(here)) else ""
        answer = ask(question + shown, getattr(draft, field)).strip()
        asked += 1
        given = _in_one_word(replace(given, **{field: answer}))  # type: ignore[arg-type]
        draft = guess(here, given)
    if ask is not None and asked < _MOST_QUESTIONS and not (given.vary or trial):
        answer = ask(_VARY, draft.vary or "split").strip().lower()
        if answer not in _VARY_ANSWERS:
            answer = ask(_AGAIN, draft.vary or "split").strip().lower()
        trial = answer == "try"
        given = given if trial else replace(given, vary=answer)
        draft = guess(here, given)
    _demand_no_shell(draft, given)
    _demand_no_notebook(here, draft)
    lacking = [n for n in ("config", "command", "metric") if not getattr(draft, n)]
    if lacking:
        raise _not_found(here, draft, given, lacking)
    files = here.glob(draft.config) if is_pattern(draft.config) else [here / draft.config]
    if not any(file.is_file() for file in files):
        raise UsageError(f"there is no {draft.config} in {here}", "gitexp init --config FILE")
    return Settled(draft, given, trial)


def _demand_no_shell(draft: DraftSettings, given: DraftSettings) -> None:
    found = [] if draft.shell else shell_syntax(draft.command)
    if not found:
        return
    options = typed_options(replace(given, command=draft.command))
    raise UsageError(
        f"the command has {' and '.join(found)}, which only a shell understands, and no shell runs"
        " it",
        f"to run it by /bin/sh: gitexp init --shell{options}",
    )


def _demand_no_notebook(here: Path, draft: DraftSettings) -> None:
    """Stop where only a notebook could run: a commit does not record the order of its cells."""
    found = find_notebook(draft.command)
    if not draft.command:
        found = next((path.name for path in sorted(here.glob("*.ipynb"))), "")
    if found:
        raise UsageError(
            f"{found} is a notebook, and only scripts can run",
            f"jupyter nbconvert --to script {shlex.quote(found)}, commit the script, then:"
            " gitexp init",
        )


def _not_found(
    here: Path, draft: DraftSettings, given: DraftSettings, lacking: Sequence[str]
) -> UsageError:
    """Say what is not known, with what the script prints, and the command to complete."""
    unknown = ", ".join(lacking)
    shown = _printed(here, draft) if "metric" in lacking else ""
    printed = printed_names(here, draft.command)
    examples = _EXAMPLES | ({"metric": printed[-1]} if printed else {})
    if "command" in lacking and (programs := find_programs(here)):
        shown += _runnable(programs)
        examples["command"] = f"python {programs[0]}"
        found = guess(here, replace(given, command=examples["command"]))
        lacking = [name for name in lacking if name == "command" or not getattr(found, name)]
    if "config" in lacking and (config := next(configs_in(here), "")):
        examples["config"] = config
    asked = "".join(f" --{name} {shlex.quote(examples[name])}" for name in lacking)
    return UsageError(
        f"could not find out: {unknown}{shown}",
        f"gitexp init{typed_options(given)}{asked}",
    )


def _printed(here: Path, draft: DraftSettings) -> str:
    """What else could be the metric, of what a script prints; the last names are the likeliest.

    Where one was found, only other metrics; else whatever stands before a number.
    """
    names = printed_names(here, draft.command)
    if draft.metric:
        names = tuple(name for name in names if direction_of(name))
    is_known = {name.lower() for name in names} <= {draft.metric.lower()}
    return "" if is_known else f" (the script prints {', '.join(names[-_SHOWN:])})"


def _runnable(programs: Sequence[str]) -> str:
    more = f" and {len(programs) - _SHOWN} more" if len(programs) > _SHOWN else ""
    return f" ({', '.join(programs[:_SHOWN])}{more} can be run)"


def typed_options(given: DraftSettings) -> str:
    """The options of `init` that say what is given."""
    words = [
        f" --{name.replace('_', '-')}" + ("" if value is True else f" {shlex.quote(str(value))}")
        for name in _OPTIONS
        for value in _listed(getattr(given, name))
    ]
    return "".join(words)


def _listed(value: object) -> list[object]:
    if isinstance(value, tuple):
        return list(value)
    return [] if value in ("", None, False) else [value]


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
        test_ratio=trial.test_ratio if draft.test_ratio is None else draft.test_ratio,
        # Two runs say more about the seed than the text of the script.
        warnings=draft.warnings if trial.vary == "none" or trial.runs == 1 else (),
    )


def uncommitted(repository: Repository, here: Path, settings: Settings) -> list[str]:
    """Files that the settings name and that exist here, but are not committed."""
    configs = [name for name in settings.config if not is_pattern(name)]
    words = dict.fromkeys([*configs, *settings.command.split()])
    # Not Path.is_file, which raises an error if a word is too long for a file name.
    files = [word for word in words if word[0] != "/" and os.path.isfile(here / word)]  # noqa: PTH113
    found = repository.git.objects([f"HEAD:{repository.prefix}{file}" for file in files])
    return [file for file, content in zip(files, found, strict=True) if content is None]


def guessed_keys(rendered: str, draft: DraftSettings, said: DraftSettings) -> tuple[str, ...]:
    """Keys of new settings that nobody gave, or not so."""
    known = {
        name
        for name in said.__slots__
        if getattr(said, name) not in ("", None, (), False)
        and getattr(said, name) == getattr(draft, name)
    }
    keys = [line.split()[0] for line in rendered.splitlines() if line[:1] != "#"]
    return tuple(key for key in keys if key not in known | {"baseline", "rules"})


def example_key(here: Path, config: str, command: str) -> str:
    """A key of the config whose number an experiment may change; KEY if there is none.

    Learning rates and their like are written with a point, sizes without. Another share of test
    rows would change what is measured.
    """
    found = [*numbers_in(here, config)]
    chosen = files_in_use(here, config, command)
    every = [key for _, key, _ in found]
    found = [one for one in found if one[0] in chosen] or found
    found.sort(key=lambda one: type(one[2]) is int)
    for file, key, _ in found:
        name = short_name(key)
        plain = (name or str(key[-1])).lower()
        if plain not in SEEDS and not _OF_SPLITS.match(plain) and "(" not in spell_key(key):
            is_odd = str(key[-1]).startswith("-") or "[" in str(key[-1])
            short = is_odd and len(keys_at(every, (name,))) == 1
            typed = name if short else typed_key(key, every)
            return typed if every.count(key) == 1 else f"{file}:{typed}"
    return "KEY"


def commit_command(files: Sequence[str]) -> str:
    """Command that commits files, to be pasted."""
    listed = shlex.join(files)
    return f"git add {listed} && git commit -m {shlex.quote('Add ' + ', '.join(files))}"
