"""Guesses a project's settings from its files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.rules.documents.settings import FILES
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import spell_key

if TYPE_CHECKING:
    from gitexp.rules.documents.draft import DraftSettings

# The most frequent first; the first one that a script mentions is proposed.
_METRICS = (
    ("accuracy", "higher", 0.005), ("val_accuracy", "higher", 0.005), ("acc", "higher", 0.005),
    ("f1", "higher", 0.005), ("roc_auc", "higher", 0.005), ("auc", "higher", 0.005),
    ("r2", "higher", 0.005), ("bleu", "higher", 0.5), ("rmse", "lower", 0.01),
    ("mae", "lower", 0.01), ("mse", "lower", 0.01), ("perplexity", "lower", 0.1),
    ("val_loss", "lower", 0.01), ("loss", "lower", 0.01),
)  # fmt: skip
_SCRIPTS = ("train.py", "main.py", "run.py", "experiment.py")
_CONFIGS = ("config", "params", "conf", "settings", "train", "default")
_KINDS = (".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".conf")
_SEEDS = ("seed", "random_seed", "random_state")
_NO_SEED = (
    "the training command does not get the seed, so repeats would all be the same run: use {seed}"
    " in the command, seed_key in the settings, or GITEXP_SEED in the script"
)


def guess(folder: Path, given: DraftSettings) -> DraftSettings:
    """Complete a draft with what the project's files show; what is given stays."""
    script, command = _find_script(folder)
    text = _read(folder / script) if script else ""
    config = given.config or _find_config(folder, text)
    metric, direction, effect = _find_metric(given.metric, text)
    command, seed_key, warning = _find_seed(folder, given, given.command or command, config, text)
    return replace(
        given, config=config, command=command, metric=metric,
        direction=given.direction or direction,
        effect=effect if given.effect is None else given.effect,
        metrics=given.metrics or _find_metrics_file(text), seed_key=seed_key,
        predictions=_find_predictions(text), warning=warning,
    )  # fmt: skip


def _find_script(folder: Path) -> tuple[str, str]:
    for name in _SCRIPTS:
        for place in ("", "scripts/", "src/"):
            if (folder / place / name).is_file():
                return f"{place}{name}", f"python {place}{name}"
    for path in sorted((folder / "src").glob("*/train.py")) + sorted(folder.glob("*/train.py")):
        package = path.parent.name
        if (path.parent / "__init__.py").is_file():
            return path.relative_to(folder).as_posix(), f"python -m {package}.train"
    return "", ""


def _find_config(folder: Path, script: str) -> str:
    """Find a config by its usual name, best one that the script mentions; else the only TOML."""
    found = [
        path.relative_to(folder).as_posix()
        for kind in _KINDS
        for place in ("", "config", "configs", "conf")
        for path in sorted((folder / place).glob(f"*{kind}"))
        if path.name not in {*FILES, "ruff.toml", "poetry.toml", "uv.toml", "KNOWN.toml"}
    ]
    named = [name for name in found if Path(name).stem in _CONFIGS]
    if named:
        return min(named, key=lambda name: Path(name).name not in script)
    tables = [name for name in found if name.endswith(".toml")]
    return tables[0] if len(tables) == 1 else ""


def _find_metric(given: str, script: str) -> tuple[str, str, float]:
    """The metric that the script mentions, or the one given: its name, direction and effect."""
    for name, direction, effect in _METRICS:
        if name == given if given else re.search(rf"\b{name}\b", script):
            return name, direction, effect
    return given, "higher", 0.005


def _find_metrics_file(script: str) -> str:
    named = re.search(r"""["'/]([\w.-]*metrics[\w.-]*\.(?:json|toml))["']""", script)
    return named[1] if named else ""


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
    if not config:
        return ""
    try:
        leaves = formats.read_leaves(config, (folder / config).read_bytes())
    except (OSError, formats.Malformed):
        return ""
    return next((spell_key(key) for key in leaves if key[-1] in _SEEDS), "")


def _find_predictions(script: str) -> str:
    """Find the file of per-example predictions; other files may have a similar name."""
    if re.search(r"\bgitexp\.predictions\b|from gitexp import .*\bpredictions\b", script):
        return "predictions.csv"
    named = re.search(r"""["'/]([\w.-]*predictions[\w.-]*\.(?:csv|npz|parquet))["']""", script)
    return named[1] if named and "y_true" in script and "y_pred" in script else ""


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
