"""For XGBoost, with its own interface and that of scikit-learn."""

from __future__ import annotations

from typing import Any

from xgboost.callback import TrainingCallback

from gitexp.callbacks.report import report


class XGBoostCallback(TrainingCallback):
    """Logs each evaluation metric after each round, such as `validation_logloss`."""

    def after_iteration(
        self,
        model: Any,  # noqa: ANN401 - as XGBoost calls it
        epoch: int,
        evals_log: dict[str, dict[str, list[Any]]],
    ) -> bool:
        """Go on with the training: whether it is hopeless is for `stop_if` to say."""
        last = {
            f"{data}_{name}": values[-1]
            for data, metrics in evals_log.items()
            for name, values in metrics.items()
        }
        # A cross-validation gives means with their standard deviations.
        means = {n: v[0] if isinstance(v, tuple) else v for n, v in last.items()}
        report(epoch + 1, means)
        return super().after_iteration(model, epoch, evals_log) or False
