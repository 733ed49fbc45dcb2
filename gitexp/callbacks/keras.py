"""For Keras."""

from __future__ import annotations

from typing import Any

from keras.callbacks import Callback

from gitexp.callbacks.report import report


class KerasCallback(Callback):
    """Logs the metrics of each epoch: loss, val_loss and so on."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count epochs from 1, as Keras prints them."""
        report(epoch + 1, logs or {})
