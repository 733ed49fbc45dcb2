"""Which class serves which table of the settings; each is loaded where it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.elsewhere import Ssh

if TYPE_CHECKING:
    from gitexp.engine.clusters.cluster import Cluster
    from gitexp.rules.documents.elsewhere import Elsewhere


def open_cluster(settings: Elsewhere) -> Cluster:
    """Return what makes runs as a table of the settings says."""
    from gitexp.engine.clusters.ssh import SshHosts  # few commands leave this machine

    assert isinstance(settings, Ssh)  # noqa: S101 - the only one that is parsed
    return SshHosts(settings)
