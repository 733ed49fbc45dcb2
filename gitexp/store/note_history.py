"""The history of a notes ref: edits that removed lines, and how to forget it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass

from gitexp.store.cache import remove_cache
from gitexp.store.git import RAW
from gitexp.store.git_output import FileChange, decode, parse_history, parse_raw
from gitexp.store.repository import Repository

_MOST_MOVES = 100_000  # of a ref that are looked up in its reflog
_MOST_TIPS = 200  # of those that a rewrite left behind


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
    """Find edits that removed or changed lines of a note, newest first.

    What the ref held before it was reset or rewritten counts as long as its reflog knows. A note
    that only moved to another folder of the notes tree has the same blob before and after.
    """
    former = _former_tips(repository, ref)
    out = repository.git.log(
        "-m", *RAW, "--numstat", "--no-textconv", "--format=%x01%H", ref, *former, "--",
        allow=(128,),
    )  # fmt: skip
    cuts = [cut for tip in former for cut in _lost(repository, tip, ref)]
    for (edit,), files, counts in parse_history(out, fields=1):
        lines = (line.split("\t", 2) for line in counts)
        cuts += _cuts(edit, files, {_noted(path) for _, removed, path in lines if removed != "0"})
    return cuts


def _cuts(edit: str, files: Iterable[FileChange], cut: Container[str] | None = None) -> list[Cut]:
    """Notes that an edit removed or changed, or those of them that are `cut`.

    A commit may have several notes, in folders of different depth.
    """
    before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for file in files:
        for blobs, blob in ((before, file.old_id), (after, file.new_id)):
            if blob.strip("0"):
                blobs[_noted(file.path)].append(blob)
    return [
        Cut(edit, noted, blob, after[noted][-1] if noted in after else None)
        for noted, blobs in sorted(before.items())
        for blob in blobs
        if (cut is None or noted in cut) and blob not in after.get(noted, ())
    ]


def _noted(path: str) -> str:
    """The commit that a note is about, by its path in the notes tree."""
    return path.replace("/", "")


def _former_tips(repository: Repository, ref: str) -> list[str]:
    """Commits that the ref once pointed to and that it does not contain any more."""
    git = repository.git
    walked = git.run("rev-list", "--walk-reflogs", f"--max-count={_MOST_MOVES}", ref, "--",
                     allow=(128, 129))  # fmt: skip
    tips = dict.fromkeys(decode(walked.stdout).split())
    if not tips:
        return []
    asked = "".join(f"{tip}\n" for tip in (*tips, f"^{ref}"))
    out = git.run("rev-list", "--stdin", stdin=asked.encode(), allow=(128,)).stdout
    gone = {*decode(out).split()}
    left = [tip for tip in tips if tip in gone][:_MOST_TIPS]
    return git.text("merge-base", "--independent", *left).split() if left else []


def _lost(repository: Repository, tip: str, ref: str) -> list[Cut]:
    """Notes of a former tip that are not the same in the ref now."""
    words = ("diff-tree", *RAW, "--end-of-options", tip, ref, "--")
    # 128: git has lost a part of the former tip; the doctor names that.
    return _cuts(tip, parse_raw(repository.git.run(*words, allow=(128,)).stdout))


def drop_past(repository: Repository, ref: str) -> None:
    """Forget where a notes ref has been, so that its reflog does not keep what was redacted."""
    remove_cache(repository.local)
    repository.git.run("reflog", "expire", "--expire=all", ref, allow=(1, 128))
