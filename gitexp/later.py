"""Spare the hooks what costs a process of 60 ms more than it gives.

`dataclasses` imports inspect, and with it ast, dis and tokenize, for classes without a docstring:
10 ms. Ours have docstrings, so it stays away until somebody asks. And what is over so soon leaves
nothing that collecting garbage would be worth: 4 ms.
"""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module, and becomes it at the first question."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the module has it
        from importlib import import_module  # few processes ever ask

        del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


if "inspect" not in sys.modules:
    gc.disable()
    sys.modules["inspect"] = _Later("inspect")
