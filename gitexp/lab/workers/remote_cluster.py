"""A cluster that makes runs instead of this machine, and the remote where they meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, UsageError
from gitexp.lab.projects.project import Project
from gitexp.lab.trust.trust import demand_trust
from gitexp.lab.workers.engine import RemoteEngine
from gitexp.rules.documents.elsewhere import KINDS, Dask, Elsewhere, Own, demand_address
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.engine.clusters.cluster import Cluster
    from gitexp.engine.engine import Engine, Order
    from gitexp.lab.measuring.session import Session
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.lab.workers.meeting import Meeting
    from gitexp.rules.documents.where import Where

_EXAMPLES = {
    "ssh": 'hosts = ["gpu1", "gpu2"]',
    "slurm": 'partition = "gpu"',
    "dask": 'address = "tcp://host:8786"',
}


@dataclass(frozen=True, slots=True)
class RemoteCluster:
    """A cluster that makes runs, and the meeting of their results at a remote."""

    cluster: Cluster
    meeting: Meeting

    def engine(self, session_of: Callable[[Order], Session], jobs: int, watcher: Watcher) -> Engine:
        """What has runs made on it, at most `jobs` at once, for sessions that ask for them."""
        return RemoteEngine(self.cluster, self.meeting, watcher, session_of, jobs)


def table_of(project: Project, where: Where) -> Elsewhere:
    """The table of the settings for a kind of cluster, as the baseline's tip has it now.

    Raises:
        UsageError: there is no such kind, or it has no address.
        NotReady: the settings have no table for it, or are not approved in this clone.
    """
    name = where.on
    if name not in KINDS:
        return _own_table(project, name)
    demand_trust(project, project)
    found = next((one for one in project.settings.on if isinstance(one, KINDS[name])), None)
    if where.address:
        demand_address(where.address)
        found = found if isinstance(found, Dask) else Dask()
        return replace(found, address=where.address, class_="", arguments={})
    if found is None:
        table = "on" if project.settings_path.endswith("gitexp.toml") else "tool.gitexp.on"
        raise NotReady(
            f"{project.settings_path} on {project.baseline} has no table for {name}",
            f"add it there and commit it:\n[{table}.{name}]\n{_EXAMPLES[name]}",
        )
    return found


def _own_table(project: Project, name: str) -> Own:
    """The table for a kind of cluster that somebody has written, an empty one if there is none."""
    own = {one.name: one for one in project.settings.on if isinstance(one, Own)}
    if name not in own:
        # Few commands come this far.
        from gitexp.engine.clusters.own import SETTING

        known = (key.removeprefix(SETTING) for key in project.repository.config)
        if name not in known:
            kinds = ", ".join(dict.fromkeys([*KINDS, *own]))
            raise UsageError(
                f"--on takes one of {kinds}, not {visible(name)}",
                "or add one of your own: docs/clusters.md",
            )
    demand_trust(project, project)
    return own.get(name, Own(name))
