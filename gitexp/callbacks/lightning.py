"""For Lightning, under its present or its former name."""

from __future__ import annotations

from typing import Any

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    from pytorch_lightning.callbacks import Callback

from gitexp.callbacks.report import report


class LightningCallback(Callback):
    """Logs what the model logged by `self.log`, after each epoch and each validation."""

    def on_train_epoch_end(
        self,
        trainer: Any,  # noqa: ANN401 - as Lightning calls it
        pl_module: Any,  # noqa: ANN401, ARG002 - likewise
    ) -> None:
        """Log from the first process of a distributed run alone."""
        self._report(trainer)

    def on_validation_end(
        self,
        trainer: Any,  # noqa: ANN401 - as Lightning calls it
        pl_module: Any,  # noqa: ANN401, ARG002 - likewise
    ) -> None:
        """Leave out the trial validation before the first step."""
        if not trainer.sanity_checking:
            self._report(trainer)

    @staticmethod
    def _report(trainer: Any) -> None:  # noqa: ANN401 - as above
        if trainer.is_global_zero:
            report(trainer.global_step, trainer.callback_metrics)
