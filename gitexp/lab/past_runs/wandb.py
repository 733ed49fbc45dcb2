"""Runs from the folders that W&B leaves on disk: files/wandb-summary.json and files/config.yaml."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gitexp.errors import UsageError
from gitexp.lab.past_runs.columns import is_seed
from gitexp.lab.past_runs.files import read_text
from gitexp.lab.past_runs.mlflow import MOST_RUNS
from gitexp.lab.past_runs.table import number
from gitexp.rules.plan.past_runs import PastRun
from gitexp.rules.text import visible

SUMMARY = "wandb-summary.json"
_MOST_BYTES = 4_000_000


def summaries(folder: Path) -> list[Path]:
    """Summaries in a folder of runs or in one run, oldest first as the folders' names sort.

    Raises:
        UsageError: there are more than 10,000.
    """
    found = []
    for pattern in (SUMMARY, f"files/{SUMMARY}", f"*/files/{SUMMARY}", f"wandb/*/files/{SUMMARY}"):
        for path in folder.glob(pattern):
            # latest-run is a link to one of the others.
            if not path.parent.parent.is_symlink():
                found.append(path)
            if len(found) > MOST_RUNS:
                raise UsageError(
                    f"{visible(str(folder))} holds over {MOST_RUNS:,} runs",
                    "move the runs of one project into a folder of their own",
                )
    # offline-run-20250101_120000-abc: the time of the start
    return sorted(found, key=lambda path: path.parent.parent.name.removeprefix("offline-"))


def read_summaries(paths: list[Path]) -> tuple[PastRun, ...]:
    """Read one run a summary, with its configuration where there is one beside it.

    Raises:
        UsageError: a summary is not JSON.
    """
    return tuple(map(_run, paths))


def _run(path: Path) -> PastRun:
    try:
        summary = json.loads(read_text(path, _MOST_BYTES))
    except (ValueError, RecursionError):
        summary = None
    if not isinstance(summary, dict):
        raise UsageError(
            f"{visible(str(path))} is not a JSON object", "remove the run's folder, or its summary"
        )
    config = path.with_name("config.yaml")
    settings = _config(read_text(config, _MOST_BYTES)) if config.is_file() else {}
    return PastRun(
        label=path.parent.parent.name if path.parent.name == "files" else path.parent.name,
        scores={name: score for name, score in _scores(summary) if not name.startswith("_")},
        settings={key: value for key, value in settings.items() if not is_seed(key)},
        seed=next((value for key, value in settings.items() if is_seed(key)), ""),
    )


def _scores(summary: dict[str, Any]) -> list[tuple[str, float]]:
    """Top-level numbers; a metric with a defined summary is an object with its best or last."""
    found = []
    for name, value in summary.items():
        inner = next(iter(value.values()), None) if isinstance(value, dict) else value
        if isinstance(inner, int | float) and not isinstance(inner, bool):
            score = number(str(inner))
            if score is not None:
                found.append((name, score))
    return found


def _config(text: str) -> dict[str, str]:
    """Each top-level key with its block as text; `value:` is W&B's own frame around it.

    Nothing but equality is asked of a value, so no YAML is parsed.
    """
    blocks = re.split(r"^(?=[^\s#-])", text, flags=re.MULTILINE)
    parted = (block.partition(":") for block in blocks if ":" in block)
    return {
        key.strip("'\""): _value(block)
        for key, _, block in parted
        if key not in {"_wandb", "wandb_version"}
    }


def _value(block: str) -> str:
    lines = [line for line in block.split("\n") if not re.match(r"\s+desc:", line)]
    return "\n".join(lines).strip().removeprefix("value:").strip()
