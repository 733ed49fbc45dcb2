"""A package in an environment line: its version, and a hash of what was loaded of it."""

from __future__ import annotations


def version_of(package: str | None) -> str:
    """Version of a package in an environment line."""
    return str(package).partition(" ")[0]
