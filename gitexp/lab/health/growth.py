"""Whether git is slow here because too many refs or objects are loose, in a file each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gitexp.lab.health.problem import Problem
from gitexp.rules.text import counted
from gitexp.store.archive import loose_objects_abound, loose_refs
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import pack_refs, writing


def check_growth(repository: Repository) -> Iterator[Problem]:
    """Find refs and objects that git should pack."""
    loose, many = loose_refs(repository)
    if loose > many:
        yield Problem(
            "D17",
            f"{counted(loose, 'ref')} of experiments have a file each, which makes every listing"
            " slow",
            "pack them: git pack-refs --all",
            partial(_pack, repository),
            advice=True,
        )
    if loose_objects_abound(repository):
        yield Problem(
            "D17",
            "many git objects have a file each, which takes space and time",
            "pack them: git gc",
            advice=True,
        )


def _pack(repository: Repository) -> None:
    with writing(repository) as lock:
        pack_refs(repository, lock)
