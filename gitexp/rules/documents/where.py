"""Where somebody wants runs to be made."""

from __future__ import annotations

from typing import NamedTuple


class Where(NamedTuple):
    """A kind of cluster; `on` is "" for this machine.

    `remote` is the one that results come back through, and `address` that of Dask's scheduler, ""
    for what this clone and its settings say.
    """

    on: str = ""
    remote: str = ""
    address: str = ""


HERE = Where()
