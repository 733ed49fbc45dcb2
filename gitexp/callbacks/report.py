"""What a framework says about a step, handed on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gitexp

if TYPE_CHECKING:
    from collections.abc import Mapping


def report(step: int, metrics: Mapping[str, Any]) -> None:
    """Log the numbers among some metrics; whatever is not a number is left out."""
    numbers = {}
    for name, value in metrics.items():
        with suppress(TypeError, ValueError, RuntimeError):  # of a tensor with several elements
            numbers[name] = float(value.item() if hasattr(value, "item") else value)
    numbers.pop("step", None)
    gitexp.log(step, **numbers)
