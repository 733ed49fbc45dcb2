"""The refs of experiments: which one counts, and which names are taken."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name, names_commit
from gitexp.store.refs import ARCHIVE, HEADS, REMOTE_HEADS, REMOTES
from gitexp.store.repository import Repository


def own_ref(refs: Sequence[str], message: str, commit: str) -> str:
    """Choose the ref that a commit is known by: the one that its message names, if there is one."""
    known = [ref for ref in refs if is_experiments(ref)]
    if len(known) > 1:
        registered = split_message(message)[1].get("Experiment", "")

        def place(ref: str) -> tuple[bool, int]:
            return not names_commit(ref.rpartition("/")[2], registered, commit), rank(ref)

        known.sort(key=place)
    return known[0] if known else ""


def is_experiments(ref: str) -> bool:
    """Whether a ref has a name that an experiment can have."""
    inside = ref.removeprefix(HEADS).removeprefix(ARCHIVE)
    if ref.startswith(REMOTES):
        inside = ref.rpartition("/exp/")[2]
    return is_name(inside)


def rank(ref: str) -> int:
    """Rank a ref, lowest first: this clone's branch, its archive, a remote's branch."""
    return 0 if ref.startswith(HEADS) else 1 if ref.startswith(ARCHIVE) else 2


def find_ref(repository: Repository, name: str) -> tuple[str, str] | None:
    """Find an experiment by its name; returns its full ref and commit."""
    refs = repository.branches([f"{HEADS}{name}", f"{ARCHIVE}{name}", f"{REMOTES}*/exp/{name}"])
    return min(refs.items(), key=lambda item: rank(item[0]), default=None)


def find_refs(repository: Repository) -> dict[str, tuple[str, str]]:
    """Find the full ref and commit of every experiment, by name; the lowest rank counts."""
    found: dict[str, tuple[str, str]] = {}
    refs = repository.branches([HEADS, ARCHIVE, REMOTE_HEADS])
    for ref, commit in sorted(refs.items(), key=lambda item: rank(item[0])):
        if is_experiments(ref):
            found.setdefault(ref.rpartition("/")[2], (ref, commit))
    return found


def names_taken(repository: Repository) -> set[str]:
    """Return the names of all experiments that this clone knows, archived and remote ones too."""
    refs = repository.branches([HEADS, ARCHIVE, REMOTE_HEADS])
    return {ref.rpartition("/")[2] for ref in refs}
