"""Where `run --on` has its runs made, and the remote where they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.clusters.kinds import open_cluster
from gitexp.errors import NotReady
from gitexp.lab.projects.project import Project
from gitexp.lab.remote import choose_remote
from gitexp.lab.workers.meeting import Meeting
from gitexp.lab.workers.remote_cluster import RemoteCluster, table_of
from gitexp.workflows.sync import sync

if TYPE_CHECKING:
    from gitexp.rules.documents.where import Where


def cluster_of(project: Project, where: Where, *, printed: bool = False) -> RemoteCluster | None:
    """Return the cluster that is wanted, and the remote that its workers use; None for here.

    `printed`: nothing is submitted, and there is a script to read instead.

    Raises:
        UsageError: there is no such kind of cluster, or no such remote.
        NotReady: the settings say nothing about it, or this clone has no remote.
    """
    if not where.on:
        return None
    table = table_of(project, where)
    try:
        name = choose_remote(project.repository, project.baseline, where.remote or None)
    except NotReady as error:
        said = f"runs on other machines come back by a remote: {error.message}"
        raise NotReady(said, error.hint) from None
    tree = table.tree or str(project.repository.top or "")
    meeting = Meeting(project, name, lambda: sync(project, name), tree)
    return RemoteCluster(open_cluster(table, project.repository, printed=printed), meeting)
