"""Guesses a project's settings from its files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.lab.guess.command import exists_in, find_script, find_wrapper, program_of
from gitexp.lab.guess.config import find_config, is_in_config_folder, leaves_of, malformed
from gitexp.lab.guess.metric import find_metric, is_partly_read, usual_effect
from gitexp.lab.guess.script import Script, ratio_of, read_script
from gitexp.lab.guess.seed import find_seed
from gitexp.rules.documents.metric_name import direction_of
from gitexp.rules.documents.settings import Settings
from gitexp.rules.gate.paths import is_config, is_pattern, matches

if TYPE_CHECKING:
    from gitexp.rules.documents.draft import DraftSettings

_NAME = re.compile(r"(eval[\w-]*|metrics?|prepare|scor(e|er|ing))\.(py|sh|r|jl)", re.IGNORECASE)
_LAUNCHED = re.compile(r"(?:torchrun|accelerate|deepspeed|mpirun|srun|python -m torch\S*)\s")
_PLAIN = re.compile(r"\w[\w ./-]*")  # what a setting takes as a path, and not as a pattern
_FOR_OUTPUT = re.compile(r"(?:.*[_-])?(?:out|save|log|checkpoint|ckpt)")  # keys of paths
_MOST = 8  # files that one line of settings holds


def guess(folder: Path, given: DraftSettings) -> DraftSettings:
    """Complete a draft with what the project's files show; what is given stays.

    A command that is given gets the seed as an option if its script takes one.
    """
    program, command = find_script(folder)
    if given.command:
        program, command = program_of(folder, given.command), given.command
    script = read_script(folder, program.path)
    config = given.config or find_config(folder, program, command, script)
    if not given.command and not given.config and config in {"", program.path}:
        # Without a config of its own, a script gets its values from what starts it.
        started, by = find_wrapper(folder, program.path)
        if _LAUNCHED.match(started.inner) and started.inner.endswith(program.path):
            by = ""  # it has options for the launcher alone
        found = find_config(folder, started, by, script) if by else ""
        if found not in {"", program.path}:
            program, command, config = started, by, found
    metric = given.metric or find_metric(script)
    seed_key, warnings, vary = given.seed_key, [], given.vary or script.split
    if not seed_key:
        command, seed_key, warning = find_seed(
            folder, program, command, config, script, vary or "split"
        )
        warnings += [warning] if warning else []
    if is_partly_read(script, metric):
        warnings.append(
            f"{program.path} prints {metric} as a percentage or a fraction, which is not read:"
            f" let it print {metric}=0.93, too"
        )
    if config and not is_pattern(config) and (wrong := malformed(folder, config)):
        warnings.append(f"{config} does not parse ({wrong}), so no experiment can change it yet")
    return replace(
        given, config=config, command=command, metric=metric,
        direction=given.direction or direction_of(metric) or "higher",
        effect=usual_effect(metric) if given.effect is None else given.effect,
        metrics=given.metrics or _find_metrics_file(script), seed_key=seed_key,
        vary=vary, test_ratio=_find_test_ratio(folder, config, script),
        predictions=_find_predictions(script), warnings=tuple(warnings),
    )  # fmt: skip


def printed_names(folder: Path, command: str) -> tuple[str, ...]:
    """Names that the script of a command prints before a number, metrics or not."""
    script = read_script(folder, program_of(folder, command).path)
    return tuple(dict.fromkeys("_".join(label.split()) for label in script.printed))


def mentioned_files(folder: Path, draft: DraftSettings) -> list[str]:
    """Paths here that the script or the config names, without those that it writes, or may."""
    script = read_script(folder, program_of(folder, draft.command).path)
    named = [*script.mentioned]
    leaves = {} if is_pattern(draft.config) else leaves_of(folder, draft.config)
    named += [
        posixpath.normpath(value)
        for key, value in leaves.items()
        if isinstance(value, str) and not _FOR_OUTPUT.match(str(key[-1]))
    ]
    results = {top for name in (*script.written, *script.appended) for top in _with_parents(name)}
    return [
        name
        for name in dict.fromkeys(named)
        if exists_in(folder, name) and (results.isdisjoint(_with_parents(name)))
    ]


def _find_test_ratio(folder: Path, config: str, script: Script) -> float | None:
    """The ratio that a script states itself, or that the config's one value of that name gives."""
    if script.test_ratio is not None or not script.test_size or is_pattern(config):
        return script.test_ratio
    leaves = leaves_of(folder, config)
    found = [value for key, value in leaves.items() if key[-1] == script.test_size]
    return ratio_of(found[0]) if len(found) == 1 else None


def _with_parents(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}


def _find_metrics_file(script: Script) -> str:
    written = [n for n in script.written if n.endswith((".json", ".toml"))]
    named = [n for n in written if re.search("metric|result|score|eval|summary", n.lower())]
    # Rows may grow line by line, a JSON document cannot.
    rows = [
        name
        for name in (*script.written, *script.appended)
        if re.search(r"metrics[\w.-]*\.(?:csv|jsonl)$", name)
    ]
    mentioned = [
        name
        for name in script.mentioned
        if re.search(r"metrics[\w.-]*\.(?:json|toml)$", name) and name not in script.appended
    ]
    # The longest is the whole path, of which another may be the end.
    return max(named or mentioned or rows, key=len, default="")


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
        and not is_in_config_folder(path)
        and not matches(path, settings.inert)
    ]
    return tuple(sorted(found)[:_MOST])
