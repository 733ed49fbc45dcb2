"""Paths in the settings that must not meet: a run's results and its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from gitexp.errors import NotReady


def demand_apart(
    path: str,
    results: Mapping[str, str],
    *,
    link: Sequence[str],
    config: Sequence[str],
    data: Sequence[str],
    keep: Sequence[str],
) -> None:
    """Refuse settings in which a result would be an input, too; `results` go by their setting.

    What `link` names is in your work tree, so a run neither removes nor moves any of it. Old
    results in it would be read as new ones, and a config in it would not be the commit's. (Where a
    folder is linked of which the commit has a part, a run may write new files there. `keep` takes
    them, passes over linked ones, and says so.)

    Raises:
        NotReady: two settings name the same files; the message names both.
    """
    exact = [one for one in config if not {*"*?["}.intersection(one)]
    inputs = {"link": link, "config": exact, "data": data}
    for name, one in results.items():
        for other, paths in inputs.items():
            for two in paths:
                if one and overlap(one, two):
                    _refuse(path, f'{name} = "{one}"', f'{other} = ["{two}"]', _REMOVED)
    for one in keep:
        for two in link:
            if one.rstrip("/") == two.rstrip("/"):
                _refuse(path, f'keep = ["{one}"]', f'link = ["{two}"]', _LINKED)
    for one in config:
        for two in link:
            if overlap(one, two):
                _refuse(path, f'config = ["{one}"]', f'link = ["{two}"]', _COMMITTED)


_REMOVED = "a result is removed before each run, and that would remove an input"
_LINKED = "linked files stay where they are, so none would be kept"
_COMMITTED = "a config belongs to the commit, and linked files do not"


def _refuse(path: str, one: str, other: str, why: str) -> None:
    raise NotReady(
        f"{path}: {one} and {other} name the same files: {why}",
        f"let the command write its results to a folder of their own, and correct {path}",
    )


def overlap(one: str, other: str) -> bool:
    """Whether every match of one pattern is, or is inside, a possible match of the other.

    A pattern with `**` may match anywhere, so it is never certain to.
    """
    first, second = (text.rstrip("/").split("/") for text in (one, other))
    if "**" in first or "**" in second:
        return first == second
    return all(fnmatchcase(a, b) or fnmatchcase(b, a) for a, b in zip(first, second, strict=False))
