"""Which class serves which table of the settings; each is loaded where it is asked for."""

# The imports inside functions load what few commands need.
from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.rules.documents.elsewhere import Dask, Elsewhere, Slurm, Ssh
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.engine.clusters.cluster import Cluster


def open_cluster(settings: Elsewhere, repository: Repository, *, printed: bool = False) -> Cluster:
    """Return what makes runs as a table of the settings says.

    `printed`: nothing is submitted, and there is a script to read instead.

    Raises:
        UsageError: there is no script for this kind of cluster.
        NotReady: a kind of cluster that somebody has written cannot be loaded.
    """
    if printed:
        if not isinstance(settings, Slurm):
            raise UsageError("--script goes with --on slurm", "gitexp run --on slurm --script")
        from gitexp.engine.clusters.slurm_script import PrintedScript

        return PrintedScript(settings)
    if isinstance(settings, Ssh):
        from gitexp.engine.clusters.ssh import SshHosts

        return SshHosts(settings)
    if isinstance(settings, Dask):
        from gitexp.engine.clusters.dask import DaskTasks

        return DaskTasks(settings)
    if isinstance(settings, Slurm):
        from gitexp.engine.clusters.slurm import SlurmArrays

        return SlurmArrays(settings, repository.local / "slurm")
    from gitexp.engine.clusters.own import demand_file, load_cluster

    file = demand_file(repository, settings.name)
    return load_cluster(file, settings, repository.local / settings.name)
