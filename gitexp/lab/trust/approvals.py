"""What may run in this clone, as its owner approved it: one file, which is never shared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gitexp.store.local import locked, read_json, write_json
from gitexp.store.repository import Repository

_STORE = "trust.json"


class Approved(StrEnum):
    """What an approval is about, and so what its key is."""

    SETTINGS = "settings"  # folder and digest
    PROTOCOL = "protocol"
    CODE = "code"  # id of a commit
    SIGNER = "signer"  # fingerprint of a key


def approvals(repository: Repository, kind: Approved) -> dict[str, dict[str, Any]]:
    """Read what was approved of one kind, by its key."""
    return {
        key.removeprefix(_prefix(kind)): entry
        for key, entry in read_json(repository.local / _STORE).items()
        # Settings were the only kind once, and their entries name none.
        if isinstance(entry, dict) and entry.get("kind", Approved.SETTINGS) == kind
    }


def approve(
    repository: Repository, kind: Approved, entries: Mapping[str, Mapping[str, Any]]
) -> None:
    """Add approvals by key; what they say is kept with the time."""
    path = repository.local / _STORE
    time = datetime.now(UTC).isoformat(timespec="microseconds")
    with locked(path.with_name("trust.lock")):
        store = read_json(path)
        for key, entry in entries.items():
            store[f"{_prefix(kind)}{key}"] = {**entry, "kind": kind.value, "time": time}
        write_json(path, store)


def _prefix(kind: Approved) -> str:
    return "" if kind is Approved.SETTINGS else f"{kind}:"
