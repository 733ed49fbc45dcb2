"""What a shell script or a makefile runs: the commands in it that start Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in the order in which make looks for them

_CONTINUED = re.compile(r"\\\r?\n\s*")
_STARTS_PYTHON = re.compile(
    r"(?:^|[\s;&|(/@-])(?:python[\d.]*|torchrun|accelerate|deepspeed|uv|poetry)\s"
    r"|\$[({]?\w*PY(?:THON)?\w*[)}]?\s"  # $(PYTHON) train.py
)
_SEED_TAKEN = re.compile(r"\$[{(]?([A-Z_]*SEED)\b")


def commands_in(text: str, target: str = "") -> Iterator[str]:
    """Yield the commands of a shell script that start Python, or those of a makefile's target."""
    for line in (_recipe(text, target) if target else _CONTINUED.sub(" ", text)).splitlines():
        if _STARTS_PYTHON.search(line) and not line.lstrip().startswith("#"):
            yield line.strip()


def targets_in(text: str) -> list[str]:
    """Return the targets of a makefile whose recipes start Python."""
    names = re.findall(r"^([\w-]+)\s*:(?!=)", text, re.MULTILINE)
    return [name for name in dict.fromkeys(names) if any(commands_in(text, name))]


def seed_variable(text: str) -> str:
    """Return the variable from which a script takes its seed, "" if there is none."""
    found = _SEED_TAKEN.search(text)
    return found[1] if found else ""


def _recipe(text: str, target: str) -> str:
    lines = re.search(
        rf"^{re.escape(target)}\s*:(?!=)[^\n]*\n((?:\t[^\n]*\n?|\s*\n)*)",
        _CONTINUED.sub(" ", text), re.MULTILINE,
    )  # fmt: skip
    return lines[1] if lines else ""
