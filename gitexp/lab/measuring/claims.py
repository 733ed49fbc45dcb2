"""Claims: locks by which only one gitexp of a clone runs a seed of a commit at a time."""

from __future__ import annotations

from pathlib import Path

from gitexp.store.local import is_locked
from gitexp.store.repository import Repository


def claim_of(repository: Repository, commit: str, seed: int) -> Path:
    """Lock file of a run."""
    return repository.local / "claims" / f"{commit}-{seed}.lock"


def claims(repository: Repository) -> dict[str, list[Path]]:
    """Claims on runs, by commit: lock files, which stay when the run has ended."""
    found: dict[str, list[Path]] = {}
    for path in (repository.local / "claims").glob("*.lock"):
        found.setdefault(path.name.partition("-")[0], []).append(path)
    return found


def is_held(claim: Path) -> bool:
    """Whether some gitexp of this clone is running it right now."""
    return is_locked(claim)
