"""Whether two versions of a settings file run the same: a budget or a comment voids no records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli

from gitexp.errors import NotReady
from gitexp.rules.documents.settings_file import FILES, table_of

# What is asked of results, and not of a run that counts; and where runs are made: their condition
# says what that alters. A setting that is not named here alters
# what runs.
_ASKED_OF_RESULTS = frozenset({
    "effect", "repeats", "test_ratio", "planned", "error_budget", "rules", "canary",
    "sample", "first_seed", "notify", "on",
})  # fmt: skip


def run_alike(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Whether a settings file differs only in what cannot alter a run."""
    if path not in FILES or before is None or after is None:
        return False
    try:
        old, new = table_of(path, before), table_of(path, after)
        if old is None or new is None:
            return False
        if not _locked(old) <= _locked(new):
            return False
        return _of_runs(old) == _of_runs(new) and _around(path, before) == _around(path, after)
    except NotReady:
        return False


def _of_runs(table: Mapping[str, Any]) -> str:
    # As text, since 1 == True == 1.0.
    left_out = _ASKED_OF_RESULTS | {"protect"}
    return repr(sorted((k, v) for k, v in table.items() if k not in left_out))


def _locked(table: Mapping[str, Any]) -> set[str]:
    """What `protect` names: more of it alters nothing, less of it may let in what does."""
    value = table.get("protect", [])
    return {str(one) for one in (value if isinstance(value, list) else [value])}


def _around(path: str, content: bytes) -> str:
    """Return what a pyproject.toml holds for other tools."""
    if path == "gitexp.toml":
        return ""
    document = tomli.loads(content.decode("utf-8-sig"))
    tools = {name: table for name, table in document["tool"].items() if name != "gitexp"}
    return repr({**document, "tool": tools})
