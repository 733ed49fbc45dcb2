"""Names of experiments, and how two experiments with one name are told apart."""

from __future__ import annotations

import re
from collections.abc import Container

from gitexp.errors import UsageError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")

# Two clones may give one name to two experiments. The later one's branch then ends in digits of its
# commit's id; its message, which is its registration, stays as it is.
_FEWEST_DIGITS = 4
_LONGEST_NAME = 60


def is_name(text: str) -> bool:
    """Whether a text can name an experiment, and so a branch, a folder and a word to type."""
    return _NAME.fullmatch(text) is not None


def base_name(name: str, commit: str) -> str:
    """Name of an experiment without the digits of its own commit at the end."""
    short, dash, digits = name.rpartition("-")
    if dash and len(digits) >= _FEWEST_DIGITS and commit.startswith(digits) and is_name(short):
        return short
    return name


def set_apart(name: str, commit: str, taken: Container[str]) -> str:
    """Add digits to a name so that it is not one of those that are taken.

    Raises:
        UsageError: every such name is taken.
    """
    for count in range(_FEWEST_DIGITS, len(commit) + 1):
        short = name[: _LONGEST_NAME - count - 1].rstrip("-")
        if (apart := f"{short}-{commit[:count]}") not in taken:
            return apart
    raise UsageError(f"there is no name left for {commit}")


def names_commit(name: str, registered: str, commit: str) -> bool:
    """Whether a branch has the name that its message registers, with or without added digits."""
    if name == registered:
        return True
    short, _, digits = name.rpartition("-")
    cut = registered[: _LONGEST_NAME - len(digits) - 1].rstrip("-")
    return len(digits) >= _FEWEST_DIGITS and commit.startswith(digits) and short == cut
