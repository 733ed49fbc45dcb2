"""gitexp: git as the lab notebook of machine learning.

These are the functions that a training script can call. They need only the standard library, and
outside a run they do nothing or return a default, so the script also works on its own.
"""

from __future__ import annotations

import json as _json
import os as _os

TYPE_CHECKING = False  # as type checkers know it; typing itself takes milliseconds to load
if TYPE_CHECKING:
    from typing import Any

__all__ = ["artifact", "load", "log", "predictions", "run_dir", "sample", "seed"]
__version__ = "0.1.0"


def seed(default: int = 0) -> int:
    """Return the seed of this run, or `default` outside a run."""
    return int(_os.environ.get("GITEXP_SEED", default))


def sample(*arrays: Any, default: float = 1.0) -> Any:  # noqa: ANN401 - as many as are given
    """Return the share of the data to train on, in (0, 1], or that share of the rows of arrays.

    `gitexp.sample()` is the share, `default` outside a run. `X, y = gitexp.sample(X, y)` draws rows
    by the seed of this run; if the second array (of one, the first) holds classes, each keeps its
    share. Arrays, tables, sparse matrices, tensors and lists are taken, and come back as they are
    where the share is 1.

    Raises:
        ValueError: the arrays have different numbers of rows.
    """
    if len(arrays) == 1 and isinstance(arrays[0], (int, float)):
        default = arrays[0]  # its one parameter in 0.1.0
        arrays = ()
    share = float(_os.environ.get("GITEXP_SAMPLE", default))
    if not arrays:
        return share
    counts = [_rows(array) for array in arrays]
    if len(set(counts)) > 1:
        raise ValueError(f"gitexp.sample: the arrays have {counts} rows, and must have as many")
    if share < 1:
        from gitexp.statistics.sampling import rows_of_sample  # loads NumPy and scikit-learn

        drawn = rows_of_sample(counts[0], share, seed(), arrays[min(1, len(arrays) - 1)])
        arrays = tuple(_taken(array, drawn) for array in arrays)
    return arrays[0] if len(arrays) == 1 else arrays


def _rows(array: Any) -> int:  # noqa: ANN401 - an array of any library
    # A sparse matrix has no length.
    return int(array.shape[0]) if hasattr(array, "shape") else len(array)


def _taken(array: Any, rows: Any) -> Any:  # noqa: ANN401 - likewise
    if hasattr(array, "iloc"):
        return array.iloc[rows]
    if hasattr(array, "select") and hasattr(array, "features"):  # a data set of Hugging Face
        return array.select(rows)
    return array[rows] if hasattr(array, "shape") else [array[row] for row in rows]


def run_dir(default: str = ".") -> str:
    """Return the folder where files of this run are kept, or `default` outside a run."""
    return _os.environ.get("GITEXP_RUN_DIR", default)


def log(step: int | None = None, **metrics: float) -> None:
    """Report metrics by name; the last value of each name counts. Does nothing outside a run.

    A value can be anything that float() accepts, such as a NumPy scalar or a one-element tensor.
    """
    path = _os.environ.get("GITEXP_METRICS")
    if not path or not metrics:
        return
    line = {"metrics": {name: _number(value) for name, value in metrics.items()}}
    if step is not None:
        line["step"] = int(step)  # type: ignore[assignment]
    # One write per line, because the processes of a distributed run may log to the same file.
    with open(path, "a", encoding="utf-8") as handle:  # noqa: PTH123 - no pathlib in scripts
        handle.write(_json.dumps(line) + "\n")


def _number(value: Any) -> float:  # noqa: ANN401 - a number of any library
    # PyTorch warns of float() where a tensor is part of a graph, but not of item().
    return float(value.item() if hasattr(value, "item") else value)


def artifact(path: str | _os.PathLike[str]) -> None:
    """Put a file of this run on record: its path, size and sha256, never its content.

    Does nothing outside a run. The file itself is kept if it lies in `run_dir()`, or if `keep` in
    the settings names it.

    Raises:
        OSError: there is no such file.
    """
    record = _os.environ.get("GITEXP_ARTIFACTS")
    if not record:
        return
    import hashlib  # a script that records none does not need it

    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as handle:  # noqa: PTH123 - no pathlib in scripts
        while block := handle.read(1 << 20):
            digest.update(block)
            size += len(block)
    line = {"path": _os.path.abspath(path), "size": size, "sha256": digest.hexdigest()}  # noqa: PTH100
    with open(record, "a", encoding="utf-8") as handle:  # noqa: PTH123
        handle.write(_json.dumps(line) + "\n")


def predictions(y_true: object, y_pred: object, ids: object = None, **columns: object) -> None:
    """Store the true and the predicted value of each row. Does nothing outside a run.

    Columns are lists, arrays, series or tensors with one value per row. You can add further
    columns, such as y_score (probability of the positive label) or features. `ids` name the rows: a
    row must have the same id in every run. The default is 0, 1, 2, ... If you call it several
    times, the last call counts.

    Raises:
        ValueError: a column has another number of rows, or several values per row.
    """
    path = _os.environ.get("GITEXP_PREDICTIONS")
    if not path:
        return
    import csv  # a script that stores nothing does not need it

    if "id" in columns:
        raise ValueError("gitexp.predictions: the names of the rows are passed as ids=, not id=")
    true = _column("y_true", y_true)
    given = {"ids": range(len(true)) if ids is None else ids, "y_pred": y_pred} | columns
    rest = {name: _column(name, values) for name, values in given.items()}
    for name, values in rest.items():
        if len(values) != len(true):
            raise ValueError(
                f"gitexp.predictions: y_true has {len(true)} rows, but {name} has {len(values)}"
            )
    table = {"id": rest.pop("ids"), "y_true": true} | rest
    # Written aside and moved into place, so that nobody reads half a file.
    part = f"{path}.{_os.getpid()}"
    with open(part, "w", encoding="utf-8", newline="") as handle:  # noqa: PTH123
        writer = csv.writer(handle)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    _os.replace(part, path)  # noqa: PTH105


def load(path: str | _os.PathLike[str] = ".", *, runs: bool = False) -> Any:  # noqa: ANN401 - a frame
    """Return the log of the project in a folder as a pandas frame: a row an experiment, or a run.

    The columns are those of `gitexp export`. Dates know their zone, numbers are floats, NaN where
    there is none.

    Raises:
        gitexp.errors.NotReady: there is no project, or pandas is not installed.
    """
    from pathlib import Path  # as all that follows, no training script needs it

    from gitexp.workflows.export import load as read

    return read(Path(path).absolute(), runs=runs)


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
