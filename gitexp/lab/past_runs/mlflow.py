"""Runs from MLflow's file store, read as the plain files that they are.

STORE/EXPERIMENT/RUN holds meta.yaml, params/NAME with one value, and metrics/NAME with a line
"timestamp value step" for each value that was logged; the last step counts.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.lab.past_runs.columns import is_seed
from gitexp.lab.past_runs.files import read_text
from gitexp.lab.past_runs.table import number
from gitexp.rules.plan.past_runs import Kept, PastRun
from gitexp.rules.text import visible

MOST_RUNS = 10_000
_MOST_FILES = 1_000  # metrics or parameters of one run
_MOST_BYTES = 4_000_000  # of one of their files
_FAILED = {"4", "5", "FAILED", "KILLED"}


def run_folders(store: Path) -> list[Path]:
    """Folders of runs in a store with one experiment, in an experiment, or the run itself.

    Raises:
        UsageError: there are more than 10,000, or those of several experiments.
    """
    found: list[Path] = []
    for depth in ("", "*/", "*/*/"):
        for meta in store.glob(f"{depth}meta.yaml"):
            # What MLflow 3 keeps of a model looks like a run.
            is_model = meta.parent.parent.name == "models"
            if (meta.parent / "metrics").is_dir() and ".trash" not in meta.parts and not is_model:
                found.append(meta.parent)
            if len(found) > MOST_RUNS:
                raise UsageError(
                    f"{visible(str(store))} holds over {MOST_RUNS:,} runs",
                    f"name the folder of one experiment in {visible(str(store))}",
                )
    experiments = sorted({folder.parent for folder in found})
    if len(experiments) > 1:
        raise UsageError(
            f"{visible(str(store))} holds {len(experiments)} experiments, and only runs of one can"
            " be compared",
            f"name one of them: gitexp audit {shlex.quote(visible(str(experiments[0])))}",
        )
    return found


def read_store(folders: list[Path]) -> tuple[PastRun, ...]:
    """Read runs in the order in which they started; deleted ones are left out.

    Raises:
        UsageError: a file of theirs cannot be read.
    """
    metas = [(_meta(folder / "meta.yaml"), folder) for folder in folders]
    alive = [(meta, folder) for meta, folder in metas if meta.get("lifecycle_stage") != "deleted"]
    alive.sort(key=lambda one: (number(one[0].get("start_time", "")) or 0.0, str(one[1])))
    return tuple(_run(folder, meta) for meta, folder in alive)


def _meta(path: Path) -> dict[str, str]:
    found = re.findall(r"^(\w+):[ \t]*(.*?)[ \t\r]*$", read_text(path, _MOST_BYTES), re.MULTILINE)
    return {key: value.strip("'\"") for key, value in found}


def _run(folder: Path, meta: dict[str, str]) -> PastRun:
    params = {
        name: read_text(path, _MOST_BYTES).strip() for name, path in _files(folder / "params")
    }
    scores = {name: score for name, path in _files(folder / "metrics") if (score := _last(path))}
    return PastRun(
        label=meta.get("run_name") or folder.name,
        scores={name: value for name, (_, _, value) in scores.items()},
        settings={key: value for key, value in params.items() if not is_seed(key)},
        seed=next((value for key, value in params.items() if is_seed(key)), ""),
        kept=Kept.FAILED if meta.get("status") in _FAILED else Kept.UNSAID,
    )


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files with their names below a folder (a name may contain slashes), links not followed."""
    left = _MOST_FILES
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names)[:left]:
            path = Path(place, name)
            if not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path
        left -= min(left, len(names))
        if not left:
            return


def _last(path: Path) -> tuple[float, float, float] | None:
    """Step, time and value of the latest line with a finite value."""
    found = []
    for line in read_text(path, _MOST_BYTES).splitlines():
        cells = [number(cell) for cell in line.split()[:3]]
        if len(cells) >= 2 and cells[0] is not None and cells[1] is not None:
            step = cells[2] if len(cells) > 2 and cells[2] is not None else 0.0
            found.append((step, cells[0], cells[1]))
    return max(found, default=None)
