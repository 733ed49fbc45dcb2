"""For LightGBM, with its own interface and that of scikit-learn."""

from __future__ import annotations

from typing import Any

from gitexp.callbacks.report import report


def lightgbm_callback(env: Any) -> None:  # noqa: ANN401 - as LightGBM calls it
    """Log each evaluation metric after each round, such as `valid_0_l2`."""
    found = {f"{data}_{name}": value for data, name, value, *_ in env.evaluation_result_list or ()}
    report(env.iteration + 1, found)
