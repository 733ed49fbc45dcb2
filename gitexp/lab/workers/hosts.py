"""The machines of a cluster, asked once what they have, before the first of them runs something."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gitexp.engine import command as commands
from gitexp.engine.clusters.hosts import Host, lack, say_differences, say_unlike
from gitexp.errors import NotReady

if TYPE_CHECKING:
    from gitexp.engine.clusters.cluster import Cluster
    from gitexp.engine.engine import Order
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.session import Session


class AskedHosts:
    """What they have; `said` is told how they differ, and `tree` is the work tree there."""

    def __init__(self, cluster: Cluster, tree: str, said: Callable[[str], None]) -> None:
        self._cluster, self._tree, self._said = cluster, tree, said
        self._hosts: Mapping[str, Host] | None = None
        self._unreached: NotReady | None = None

    def demand_fit(self, session: Session, order: Order, partners: Iterable[str]) -> None:
        """Refuse a run whose partner, of one of these conditions, ran on what no machine has.

        Raises:
            NotReady: none of them has those accelerators, or the cluster cannot be reached.
        """
        ledger = session.ledger
        if self._unreached is not None:
            raise self._unreached  # that took long enough once
        if self._hosts is None:
            try:
                self._hosts = self._ask(ledger, session.bench.base)
            except NotReady as error:
                self._unreached = error
                raise
        for name in partners:
            known = ledger.environments.of(name)
            models = [str(one) for one in known.get("accelerators") or ()]
            if lack(self._hosts, models):
                there = ", ".join(dict.fromkeys(models))
                raise NotReady(
                    f"{order.label}, seed {order.seed}: its partner ran on {there}, which none of"
                    f" these machines has: {', '.join(self._hosts)}. Both runs of a pair need the"
                    " same accelerators",
                    f"add a machine that has them to the settings, or measure both on fresh seeds:"
                    f" gitexp retest {session.name}",
                )

    def _ask(self, ledger: Ledger, base: str) -> Mapping[str, Host]:
        words = commands.build(ledger.settings, seed=0)
        hosts = self._cluster.hosts("" if isinstance(words, str) else words[0], self._tree)
        ledger.environments.read(base)
        known = ledger.environments.of_good(ledger.records(base)).values()
        packages = {name for one in known for name in one.get("packages") or ()}
        for text in (*say_differences(hosts, packages), *say_unlike(hosts, known)):
            self._said(text)
        return hosts
