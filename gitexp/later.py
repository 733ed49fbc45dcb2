"""Spare the hooks what the standard library loads and they never use.

`dataclasses` imports inspect, and with it ast, dis and tokenize, for classes without a docstring:
10 ms of CPU, a tenth of a hook. Ours have docstrings, so it stays away until somebody asks.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module, and becomes it at the first question."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the module has it
        from importlib import import_module

        del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


if "inspect" not in sys.modules:
    sys.modules["inspect"] = _Later("inspect")
