"""Which class serves which table of the settings; each is loaded where it is asked for."""

# The imports inside functions load what few commands need.
from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.elsewhere import Ssh

if TYPE_CHECKING:
    from pathlib import Path

    from gitexp.engine.clusters.cluster import Cluster
    from gitexp.rules.documents.elsewhere import Elsewhere


def open_cluster(settings: Elsewhere, local: Path) -> Cluster:
    """Return what makes runs as a table of the settings says; `local` is the clone's own folder."""
    if isinstance(settings, Ssh):
        from gitexp.engine.clusters.ssh import SshHosts

        return SshHosts(settings)
    from gitexp.engine.clusters.slurm import SlurmArrays

    return SlurmArrays(settings, local / "slurm")
