"""Approval of settings: only commands that the owner of this clone has approved are run.

A pull can bring settings with another command. `run` shows what would change, and stops.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady
from gitexp.lab.approvals import Approved, approvals, approve
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell

if TYPE_CHECKING:
    from gitexp.lab.project import Project


def is_trusted(project: Project) -> bool:
    """Whether the settings of this project were approved in this clone."""
    return _key(project) in approvals(project.repository, Approved.SETTINGS)


def _key(project: Project) -> str:
    # In another folder the same command runs another program.
    return project.prefix + project.settings.digest


def demand_trust(project: Project, here: Project, experiment: str = "") -> None:
    """Stop unless the settings of a project were approved in this clone.

    `here` is the project of the current directory, which `gitexp trust` approves without a name;
    `experiment` is the experiment that has these settings.

    Raises:
        NotReady: they were not; the message shows them as a diff against the last approved ones.
    """
    if not is_trusted(project):
        experiment = experiment if _key(project) != _key(here) else ""
        raise NotReady(
            f"{project.settings_path} is not approved in this clone; it says what would run:\n"
            + difference(project),
            f"approve it: gitexp trust {experiment}".rstrip(),
        )


def difference(project: Project) -> str:
    """Return a project's settings as a diff against those last approved for it in this clone."""
    store = approvals(project.repository, Approved.SETTINGS)
    last: dict[str, Any] = max(
        (entry for entry in store.values() if entry.get("project", "") == project.prefix),
        key=lambda entry: str(entry.get("time")),
        default={},
    ).get("settings", {})
    lines = difflib.ndiff(_spelled(last), _spelled(project.settings.table))
    return "\n".join(f"  {line}" for line in lines if not line.startswith("?"))


def _spelled(table: dict[str, Any]) -> list[str]:
    return [f"{spell_key((name,))} = {spell(value)}" for name, value in sorted(table.items())]


def trust(project: Project) -> None:
    """Approve a project's settings for this clone."""
    table = json.loads(json.dumps(project.settings.table, default=str))
    approval = {"project": project.prefix, "settings": table}
    approve(project.repository, Approved.SETTINGS, {_key(project): approval})
