"""For the Trainer of Hugging Face's transformers."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from gitexp.callbacks.report import report


class HuggingFaceCallback(TrainerCallback):
    """Logs what the Trainer logs: loss, learning rate, and what an evaluation gave."""

    def on_log(
        self,
        args: Any,  # noqa: ANN401, ARG002 - as the Trainer calls it
        state: Any,  # noqa: ANN401 - likewise
        control: Any,  # noqa: ANN401, ARG002 - likewise
        logs: dict[str, Any] | None = None,
        **_: Any,  # noqa: ANN401 - likewise
    ) -> None:
        """Log from the first process of a distributed run alone."""
        if state.is_world_process_zero:
            report(state.global_step, logs or {})
