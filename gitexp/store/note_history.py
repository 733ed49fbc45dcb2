"""The history of a notes ref: edits that removed lines, and how to forget it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.store.cache import remove_cache
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Cut:
    """A commit of a notes ref (`edit`) that removed or changed lines of a note.

    `noted` is the commit that the note is about. `before` and `after` are the note's blobs; `after`
    is None if the note was removed.
    """

    edit: str
    noted: str
    before: str
    after: str | None


def find_cuts(repository: Repository, ref: str) -> list[Cut]:
    """Find edits that removed or changed lines of a note, newest first; one git process.

    A note that only moved to another folder of the notes tree has the same blob before and after.
    """
    done = repository.git.run(
        "log", "-m", "--raw", "--numstat", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
        "--no-textconv", "--no-notes", "--no-color", "--no-show-signature", "--format=%x02%H",
        ref, "--", allow=(128,),
    )  # fmt: skip
    cuts = []
    for text in decode(done.stdout).split("\x02")[1:]:
        edit, _, listed = text.partition("\0")
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        cut: set[str] = set()
        fields = iter(listed.lstrip("\n").split("\0"))
        for field in fields:
            if field.startswith(":"):
                _, _, old, new, status = field.split(" ")
                noted = next(fields).replace("/", "")
                if status != "A":
                    before[noted] = old
                if status != "D":
                    after[noted] = new
            elif field.strip():
                _, removed, path = field.split("\t")
                if removed != "0":
                    cut.add(path.replace("/", ""))
        cuts += [
            Cut(edit, noted, before[noted], after.get(noted))
            for noted in sorted(cut & before.keys())
            if before[noted] != after.get(noted)
        ]
    return cuts


def drop_past(repository: Repository, ref: str) -> None:
    """Forget where a notes ref has been, so that its reflog does not keep what was redacted."""
    remove_cache(repository.local)
    repository.git.run("reflog", "expire", "--expire=all", ref, allow=(1, 128))
