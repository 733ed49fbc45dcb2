"""Note something about an experiment, for everybody who reads its results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.log.remarks import remark
from gitexp.lab.projects.experiment import find_experiment
from gitexp.rules.text import demand_plain
from gitexp.store.note_writing import store_aside
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.rules.documents.remark import Remark


@dataclass(frozen=True, slots=True)
class Noted:
    """The remark that was stored, and the experiment that it is on."""

    name: str
    commit: str
    remark: Remark


def note(repository: Repository, name: str, text: str) -> Noted:
    """Put a remark on an experiment, archived or not.

    Raises:
        UsageError: there is no such experiment; or the text is empty, too long, or not plain.
        NotReady, StoreBusy: it could not be stored.
    """
    ref, commit = find_experiment(repository, name)
    short = ref.rpartition("/")[2]
    if not text.strip():
        raise UsageError("the remark is empty", f'gitexp note {short} "TEXT"')
    store_aside(repository)
    [made] = remark(repository, [commit], demand_plain(text.strip(), "the remark"))
    return Noted(short, commit, made)
