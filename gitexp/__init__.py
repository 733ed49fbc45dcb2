"""gitexp: git as the lab notebook of machine learning.

What a training script may import. Everything here is standard library and does nothing outside a
run, so a script that calls it still works by itself.
"""

from __future__ import annotations

import json as _json
import os as _os

__all__ = ["log", "predictions", "run_dir", "sample", "seed"]
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


def predictions(y_true: object, y_pred: object, ids: object = None, **columns: object) -> None:
    """Store what was true and what was predicted, row by row. Outside a run this does nothing.

    Takes lists, arrays, series and tensors of one value a row, as do further columns (y_score: the
    positive label's probability). `ids` name the rows, the same row by the same id in every run;
    without them it is 0, 1, 2 ... Of several calls the last one counts.

    Raises:
        ValueError: a column has another number of rows, or several values a row.
    """
    path = _os.environ.get("GITEXP_PREDICTIONS")
    if not path:
        return
    import csv  # late: a script that stores nothing need not load it

    if "id" in columns:
        raise ValueError("gitexp.predictions: the rows' names are given as ids=, not id=")
    true = _column("y_true", y_true)
    given = {"ids": range(len(true)) if ids is None else ids, "y_pred": y_pred} | columns
    rest = {name: _column(name, values) for name, values in given.items()}
    for name, values in rest.items():
        if len(values) != len(true):
            raise ValueError(
                f"gitexp.predictions: y_true has {len(true)} rows and {name} has {len(values)}"
            )
    table = {"id": rest.pop("ids"), "y_true": true} | rest
    # Moved into place whole: of two processes or a killed one, nobody reads half a file.
    part = f"{path}.{_os.getpid()}"
    with open(part, "w", encoding="utf-8", newline="") as handle:  # noqa: PTH123
        writer = csv.writer(handle)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    _os.replace(part, path)  # noqa: PTH105


def _column(name: str, values: object) -> list[object]:
    found = values.tolist() if hasattr(values, "tolist") else values
    try:
        found = list(found)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"gitexp.predictions: {name} is one value, not a column") from None
    for row, value in enumerate(found):
        if hasattr(value, "tolist"):
            value = value.tolist()  # noqa: PLW2901 - a list of NumPy numbers or tensors
        if isinstance(value, list | tuple):
            if len(value) != 1:
                raise ValueError(
                    f"gitexp.predictions: {name} has {len(value)} values in row {row}; give each"
                    f" its own column, such as {name}=p[:, 1]"
                )
            [value] = value  # noqa: PLW2901 - an array of shape (n, 1)
        found[row] = value
    return found
