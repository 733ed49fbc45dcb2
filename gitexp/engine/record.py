"""The lines that a run leaves in the notebook: its record, its environment, surplus metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitexp.engine.machine import machine
from gitexp.engine.variables import kept_variables
from gitexp.rules.documents.lines import Kind, stamped
from gitexp.rules.documents.record import LONGEST, Record
from gitexp.store.local import salt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitexp.engine.loaded import Loaded
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository


def describe(
    repository: Repository,
    settings: Settings,
    loaded: Loaded,
    variables: Mapping[str, str],
) -> dict[str, Any]:
    """Environment line: what a run depended on besides its commit, stored once per commit."""
    key = salt(repository.local)
    here = machine()
    fields = {
        "python": loaded.python,
        "implementation": loaded.implementation,
        "executable": loaded.executable,
        "packages": loaded.packages,
        "accelerators": list(loaded.accelerators or here.get("gpus", ())),  # type: ignore[call-overload]
        "machine": here,
        "git": repository.git_version,
        "command": settings.command,
        "variables": kept_variables(variables, key),
    }
    return stamped(Kind.ENVIRONMENT, fields)


def shorten(record: Record, metric: str) -> tuple[Record, list[dict[str, Any]]]:
    """Keep the record's line short: metrics that do not fit are returned as bulk lines."""
    if len(record.line()) <= LONGEST:
        return record, []
    # A character that JSON escapes takes six bytes.
    record = replace(record, failure=record.failure[: 300 if record.failure.isascii() else 50])
    rest = dict(record.metrics)
    kept = {metric: rest.pop(metric)} if metric in rest else {}
    for name in sorted(rest, key=len):
        trial = replace(record, metrics=kept | {name: rest[name]})
        if len(trial.line()) > LONGEST:
            break
        kept[name] = rest[name]
    more = {k: v for k, v in record.metrics.items() if k not in kept}
    fields = {
        "seed": record.seed, "attempt": record.attempt, "condition": record.condition,
        "values": more,
    }  # fmt: skip
    return replace(record, metrics=kept), [stamped(Kind.METRICS, fields)] if more else []
