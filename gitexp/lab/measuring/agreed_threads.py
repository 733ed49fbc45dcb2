"""One number of threads where several commands make the first runs of a baseline at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitexp.store.local import locked, read_json, write_json

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


def agree_on_threads(repository: Repository, prefix: str, mine: int) -> int:
    """Return the number that a command running now has chosen for this project, else `mine`.

    Until a run of the baseline is on record, nothing else fixes the number, and commands with
    another --jobs would measure the baseline in another condition.
    """
    path = repository.local / "threads.json"
    with locked(repository.local / "threads.lock"):
        chosen = read_json(path)
        match chosen.get(prefix):
            case {"threads": int(number), "process": int(process)} if number > 0:
                if _is_alive(process):
                    return number
        write_json(path, chosen | {prefix: {"threads": mine, "process": os.getpid()}})
    return mine


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return process > 0
