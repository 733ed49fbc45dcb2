"""Whose command runs: settings that this clone's owner has seen and approved, no others.

A pull can bring settings that name another command. `run` shows what they would change and stops.
"""

from __future__ import annotations

import difflib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady
from gitexp.rules.formats import spell, spell_key
from gitexp.store.local import locked, read_json, write_json

if TYPE_CHECKING:
    from gitexp.rules.settings import Settings
    from gitexp.store.git import Repository


def is_trusted(repository: Repository, settings: Settings) -> bool:
    """Whether these settings were approved in this clone."""
    return settings.digest in read_json(repository.local / "trust.json")


def demand_trust(
    repository: Repository, settings: Settings, path: str, experiment: str = ""
) -> None:
    """Stop before anything runs by settings that nobody here has approved.

    `experiment` names the one whose own baseline has these settings, where the branch has others.

    Raises:
        NotReady: shows them, as a diff against the ones approved last.
    """
    if not is_trusted(repository, settings):
        raise NotReady(
            f"{path} is not approved in this clone, and says what would be run:\n"
            + difference(repository, settings),
            f"approve it: gitexp trust {experiment}".rstrip(),
        )


def difference(repository: Repository, settings: Settings) -> str:
    """Show settings as a diff against the ones approved last in this clone."""
    store = read_json(repository.local / "trust.json")
    last: dict[str, Any] = max(
        (entry for entry in store.values() if isinstance(entry, dict)),
        key=lambda entry: str(entry.get("time")),
        default={},
    ).get("settings", {})
    lines = difflib.ndiff(_spelled(last), _spelled(settings.table))
    return "\n".join(f"  {line}" for line in lines if not line.startswith("?"))


def _spelled(table: dict[str, Any]) -> list[str]:
    return [f"{spell_key((name,))} = {spell(value)}" for name, value in sorted(table.items())]


def trust(repository: Repository, settings: Settings) -> None:
    """Approve settings for this clone."""
    path = repository.local / "trust.json"
    with locked(repository.local / "trust.lock"):
        store = read_json(path)
        store[settings.digest] = {
            "settings": json.loads(json.dumps(settings.table, default=str)),
            "time": datetime.now(UTC).isoformat(timespec="microseconds"),
        }
        write_json(path, store)
