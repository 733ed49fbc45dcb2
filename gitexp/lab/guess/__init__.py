"""Guesses a project's settings from its files."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.lab.guess.command import exists_in, find_script, script_of
from gitexp.lab.guess.config import find_config, leaves_of, numbers_in, typed_key
from gitexp.lab.guess.script import Script, read_script
from gitexp.rules.documents.metric_name import direction_of, is_training_score
from gitexp.rules.gate.paths import is_config, is_pattern, matches

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitexp.rules.documents.draft import DraftSettings
    from gitexp.rules.documents.settings import Settings

# The best first: of what a script prints, and else mentions, the first one is proposed.
_METRICS = (
    "accuracy", "val_accuracy", "test_accuracy", "acc", "f1", "roc_auc", "auc", "r2", "bleu",
    "rmse", "mae", "mse", "perplexity", "val_loss", "test_loss", "loss",
)  # fmt: skip
_EFFECTS = {"bleu": 0.5, "perplexity": 0.1}  # smallest gain worth having, by the name's last word
_MEASURED_ON = {"test", "eval", "val", "valid", "validation", "dev", "holdout"}
SEEDS = ("seed", "random_seed", "random_state", "manual_seed", "rng_seed")
_NO_SEED = (
    "the training command does not get the seed, so repeats would all be the same run: use {seed}"
    " in the command, seed_key in the settings, or GITEXP_SEED in the script"
)
_NAME = re.compile(r"(eval[\w-]*|metrics?|prepare|scor(e|er|ing))\.(py|sh|r|jl)", re.IGNORECASE)
_PLAIN = re.compile(r"\w[\w ./-]*")  # what a setting takes as a path, and not as a pattern
_MOST = 8  # files that one line of settings holds


def guess(folder: Path, given: DraftSettings) -> DraftSettings:
    """Complete a draft with what the project's files show; what is given stays."""
    path, command = script_of(folder, given.command) if given.command else find_script(folder)
    script = read_script(folder, path) if path else Script()
    command = given.command or command
    config = given.config or find_config(folder, path, script)
    metric = given.metric or _find_metric(script)
    command, seed_key, warning = _find_seed(folder, given, command, config, script.text)
    return replace(
        given, config=config, command=command, metric=metric,
        direction=given.direction or direction_of(metric) or "higher",
        effect=_effect(metric) if given.effect is None else given.effect,
        metrics=given.metrics or _find_metrics_file(script), seed_key=seed_key,
        vary=given.vary or script.split, test_ratio=script.test_ratio,
        predictions=_find_predictions(script), warning=warning,
    )  # fmt: skip


def mentioned_files(folder: Path, draft: DraftSettings) -> list[str]:
    """Paths here that the script or the config names, without those that it writes, or may."""
    path, _ = script_of(folder, draft.command)
    script = read_script(folder, path) if path else Script()
    named = [*script.mentioned]
    leaves = {} if is_pattern(draft.config) else leaves_of(folder, draft.config)
    named += [posixpath.normpath(value) for value in leaves.values() if isinstance(value, str)]
    results = {top for name in (*script.written, *script.appended) for top in _with_parents(name)}
    return [
        name
        for name in dict.fromkeys(named)
        if exists_in(folder, name) and (results.isdisjoint(_with_parents(name)))
    ]


def _with_parents(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}


def _find_metric(script: Script) -> str:
    """The best of the names that are printed before a number, else of those mentioned."""
    printed = [name for one in script.printed if (name := _metric_name(one))]
    honest = [name for name in printed if not is_training_score(name)] or printed
    if honest:
        return min(honest, key=_rank)
    return next((n for n in _METRICS if re.search(rf"\b{n}\b", script.text)), "")


def _metric_name(label: str) -> str:
    """The metric that a printed label ends with, "" if it is none: `Final test accuracy` is one.

    A name of several words is written with underscores; that is how it is looked for in the output.
    """
    words = label.split()
    name = words[-1] if words else ""
    if not direction_of(name) or (direction_of(name) == "lower" and _rank(name) == len(_METRICS)):
        return ""
    if len(words) > 1 and words[-2].lower() in {*_MEASURED_ON, "train", "training"}:
        return f"{words[-2]}_{name}".lower()
    return name


def _rank(name: str) -> int:
    """Place of a metric in the order of preference, by its whole name or its last word."""
    plain = name.lower().replace("/", "_")
    last = re.split(r"[_./@-]", plain)[-1]
    places = [_METRICS.index(one) for one in (plain, last) if one in _METRICS]
    return min(places, default=len(_METRICS))


def _effect(metric: str) -> float:
    last = re.split(r"[_./-]", metric.lower())[-1]
    return _EFFECTS.get(last, 0.01 if direction_of(metric) == "lower" else 0.005)


def _find_metrics_file(script: Script) -> str:
    written = [n for n in script.written if n.endswith((".json", ".toml"))]
    named = [n for n in written if re.search("metric|result|score|eval|summary", n.lower())]
    # What grows line by line is not one JSON document.
    mentioned = [
        name
        for name in script.mentioned
        if re.search(r"metrics[\w.-]*\.(?:json|toml)$", name) and name not in script.appended
    ]
    # The longest is the whole path, of which another may be the end.
    return max(named, key=len, default=max(mentioned, key=len, default=""))


def _find_seed(
    folder: Path, given: DraftSettings, command: str, config: str, script: str
) -> tuple[str, str, str]:
    """How the seed gets into a run: the command, the seed_key, and a warning if there is no way."""
    if given.seed_key or "{seed}" in command or re.search(r"GITEXP_SEED|gitexp\.seed", script):
        return command, given.seed_key, ""
    if seed_key := _find_seed_key(folder, config):
        return command, seed_key, ""
    if re.search(r"""["']--seed["']""", script) and not given.command:
        return f"{command} --seed {{seed}}", "", ""
    return command, "", _NO_SEED if command else ""


def _find_seed_key(folder: Path, config: str) -> str:
    found = [(key, value) for _, key, value in numbers_in(folder, config)] if config else []
    every = [key for key, _ in found]
    for key, value in found:
        if str(key[-1]).rpartition(".")[2].lower() in SEEDS and type(value) is int:
            return typed_key(key, every)
    return ""


def _find_predictions(script: Script) -> str:
    """Find the file of per-example predictions; other files may have a similar name."""
    if re.search(r"\bgitexp\.predictions\b|from gitexp import .*\bpredictions\b", script.text):
        return "predictions.csv"
    if "y_true" not in script.text or "y_pred" not in script.text:
        return ""
    kinds = (".csv", ".npz", ".parquet")
    named = [
        name
        for name in [*script.written, *script.mentioned]
        if name.endswith(kinds) and "predictions" in name.lower()
    ]
    return max(named, key=len, default="")


def evaluating_files(tracked: Iterable[str], settings: Settings, script: str) -> tuple[str, ...]:
    """Tracked files whose names say that they evaluate, but for the training script itself."""
    found = [
        path
        for path in tracked
        if _NAME.fullmatch(path.rpartition("/")[2])
        and path != script
        and _PLAIN.fullmatch(path)
        and not is_config(path, settings.config)
        and not matches(path, settings.inert)
    ]
    return tuple(sorted(found)[:_MOST])
