"""Remarks on experiments, which stay beside their records and travel with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gitexp.engine.clock import now
from gitexp.errors import UsageError
from gitexp.lab.log.verdict_notes import rewrite_views
from gitexp.rules.documents.remark import LONGEST_REMARK, Remark
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository


def remark(
    repository: Repository, commits: Sequence[str], text: str, withdrawn: Collection[str] = ()
) -> list[Remark]:
    """Put a remark beside each of these experiments, in the name of who makes commits here.

    The notes that git shows have it, too. Of those in `withdrawn`, it is why they were given up.

    Raises:
        UsageError: it is too long.
        StoreBusy, NotReady: it could not be written.
    """
    if len(text) > LONGEST_REMARK:
        raise UsageError(
            f"a remark may have {LONGEST_REMARK:,} characters, but this one has {len(text):,}",
            "put the long version in a file of the repository, and name the file here",
        )
    # `Name <address> seconds zone`; the address says more than a reader needs.
    by = _plain(repository.git.text("var", "GIT_AUTHOR_IDENT").rpartition(" <")[0])
    time = now()
    remarks = [Remark(commit, _plain(text), by, time, commit in withdrawn) for commit in commits]
    append_lines(repository, RUNS, {remark.commit: [remark.line()] for remark in remarks})
    rewrite_views(repository, commits)
    return remarks


def _plain(text: str) -> str:
    # Bytes that are not UTF-8 reach Python as halves of surrogate pairs, which no note can hold.
    return text.encode(errors="replace").decode()
