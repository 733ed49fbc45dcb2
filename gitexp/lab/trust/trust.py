"""Approval of what runs and of what measures: nothing runs before this clone's owner has seen it.

A pull can bring settings with another command, or another evaluation. `run` shows what would
change, and stops.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.errors import NotReady
from gitexp.lab.trust.approvals import Approved, approvals, approve
from gitexp.lab.trust.protocol_trust import (
    approve_protocol,
    is_protocol_approved,
    protocol_difference,
    protocol_key,
)
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell

if TYPE_CHECKING:
    from gitexp.lab.projects.project import Project


class Unapproved(NamedTuple):
    """What would be used here and was not approved; `difference` is against what was, last."""

    what: str
    said: str
    difference: str


def unapproved(project: Project, commit: str = "") -> list[Unapproved]:
    """What this clone has not approved of a project at a baseline commit, by default the tip."""
    commit, found = commit or project.tip, []
    if not settings_approved(project):
        said = f"{project.settings_path} is not approved in this clone; it says what would run"
        found.append(Unapproved(project.settings_path, said, difference(project)))
    if not is_protocol_approved(project, commit):
        said = (
            "protected files differ from what you approved in this clone, and results rest on them"
        )
        found.append(Unapproved("protected files", said, protocol_difference(project, commit)))
    return found


def is_trusted(project: Project) -> bool:
    """Whether all of that was approved in this clone."""
    return settings_approved(project) and is_protocol_approved(project, project.tip)


def settings_approved(project: Project) -> bool:
    """Whether the settings of a project were approved in this clone."""
    return _key(project) in approvals(project.repository, Approved.SETTINGS)


def _key(project: Project) -> str:
    # In another folder the same command runs another program.
    return project.prefix + project.settings.digest


def demand_trust(project: Project, here: Project, experiment: str = "", commit: str = "") -> None:
    """Stop unless settings and protected files of a project were approved in this clone.

    `here` is the project of the current directory, which `gitexp trust` approves without a name;
    `experiment` is the experiment that has these settings, `commit` its baseline commit.

    Raises:
        NotReady: they were not; the message shows them as a diff against the last approved ones.
    """
    waiting = unapproved(project, commit)
    if waiting:
        alike = _keys(project, commit or project.tip) == _keys(here, here.tip)
        raise NotReady(
            "\n".join(f"{one.said}:\n{one.difference}" for one in waiting),
            f"approve it: gitexp trust {'' if alike else experiment}".rstrip(),
        )


def _keys(project: Project, commit: str) -> tuple[str, str]:
    return _key(project), protocol_key(project, commit)


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


def trust(project: Project, commit: str = "") -> None:
    """Approve a project's settings for this clone, and the protected files of a commit."""
    table = json.loads(json.dumps(project.settings.table, default=str))
    approval = {"project": project.prefix, "settings": table}
    approve(project.repository, Approved.SETTINGS, {_key(project): approval})
    approve_protocol(project, commit or project.tip)
