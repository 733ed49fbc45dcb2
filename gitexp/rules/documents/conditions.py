"""Names of conditions with their generations, and what their environment lines say of packages.

Where a baseline has moved, its old records pair with no new run. A condition is named by a hash;
from the second generation on, its number follows: `9f3c2a.2`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBERED = re.compile(r".+\.([1-9][0-9]{0,5})")


def generation_of(condition: str) -> int:
    """Generation that a condition belongs to."""
    found = _NUMBERED.fullmatch(condition)
    return int(found[1]) if found else 1


def newest_generation(conditions: Iterable[str]) -> int:
    """The newest generation among conditions."""
    return max(map(generation_of, conditions), default=1)


def of_generation(condition: str, generation: int) -> str:
    """Name of a condition in a generation."""
    return condition if generation < 2 else f"{condition}.{generation}"


def version_of(package: str | None) -> str:
    """Version of a package in an environment line."""
    return str(package).partition(" ")[0]
