"""Start a hook 14 ms sooner: load `inspect` only when it is used, and collect no garbage.

A hook takes 60 ms in all. For classes without a docstring, `dataclasses` imports inspect, and with
it ast, dis and tokenize (10 ms); gitexp's classes have docstrings. Collecting garbage takes 4 ms,
and so short a process does not need the memory. Importing this module does both.
"""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands in for a module, which is imported when an attribute is first read."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the module has it
        from importlib import import_module  # few hooks ever get here

        del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


if "inspect" not in sys.modules:
    gc.disable()
    sys.modules["inspect"] = _Later("inspect")
