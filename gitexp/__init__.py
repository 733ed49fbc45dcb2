"""gitexp: git as the lab notebook of machine learning.

What a training script may import. Everything here is standard library and does nothing outside a
run, so a script that calls it still works by itself.
"""

from __future__ import annotations

import json as _json
import os as _os

__all__ = ["log", "run_dir", "sample", "seed"]
__version__ = "0.1.0"


def seed(default: int = 0) -> int:
    """Return the seed of this run, `default` outside one."""
    return int(_os.environ.get("GITEXP_SEED", default))


def sample(default: float = 1.0) -> float:
    """Return the fraction of the data to train on, in (0, 1]; `default` outside a run."""
    return float(_os.environ.get("GITEXP_SAMPLE", default))


def run_dir(default: str = ".") -> str:
    """Return the folder in which files of this run are kept, `default` outside a run."""
    return _os.environ.get("GITEXP_RUN_DIR", default)


def log(step: int | None = None, **metrics: float) -> None:
    """Report metrics; the last value of each name counts. Outside a run this does nothing.

    Values are anything that float() takes: NumPy scalars and one-element tensors, too.
    """
    path = _os.environ.get("GITEXP_METRICS")
    if not path or not metrics:
        return
    line = {"metrics": {name: float(value) for name, value in metrics.items()}}
    if step is not None:
        line["step"] = int(step)  # type: ignore[assignment]
    # One write of one line: processes of a distributed run may log into the same file.
    with open(path, "a", encoding="utf-8") as handle:  # noqa: PTH123 - no pathlib in scripts
        handle.write(_json.dumps(line) + "\n")
