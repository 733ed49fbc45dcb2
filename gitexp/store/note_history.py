"""The history of a notes ref: edits that removed lines, and how to forget it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gitexp.store.cache import remove_cache
from gitexp.store.git_output import decode
from gitexp.store.repository import Repository

_Blobs = defaultdict[str, list[str]]

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
    done = repository.git.run(
        "log", "-m", "--raw", "--numstat", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
        "--no-textconv", "--no-notes", "--no-color", "--no-show-signature", "--format=%x02%H",
        ref, *former, "--", allow=(128,),
    )  # fmt: skip
    cuts = [cut for tip in former for cut in _lost(repository, tip, ref)]
    for edit, listed in _by_edit(decode(done.stdout)):
        before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        cut: set[str] = set()
        fields = iter(listed)
        for field in fields:
            if field.startswith(":"):
                _note_change(field, next(fields), before, after)
            else:
                _, removed, path = field.split("\t", 2)
                if removed != "0":
                    cut.add(path.replace("/", ""))
        cuts += _cuts(edit, before, after, cut & before.keys())
    return cuts


def _cuts(edit: str, before: _Blobs, after: _Blobs, noted: Iterable[str]) -> list[Cut]:
    """Edits of notes; a commit may have several, in folders of different depth."""
    return [
        Cut(edit, commit, blob, after[commit][-1] if after[commit] else None)
        for commit in sorted(noted)
        for blob in before[commit]
        if blob not in after[commit]
    ]


def _by_edit(shown: str) -> list[tuple[str, list[str]]]:
    """What git lists of each edit; a path may look like the start of another one."""
    found: list[tuple[str, list[str]]] = []
    fields = iter(shown.split("\0"))
    for field in fields:
        line = field.lstrip("\n")
        if line.startswith("\x02"):
            found.append((line[1:], []))
        elif line.startswith(":"):
            found[-1][1].extend((line, next(fields)))
        elif line:
            found[-1][1].append(line)
    return found


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
    before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    done = repository.git.run(
        "diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", "--end-of-options",
        tip, ref, "--", allow=(128,),
    )  # fmt: skip
    # 128: git has lost a part of the former tip; the doctor names that.
    fields = iter(decode(done.stdout).split("\0"))
    for field in fields:
        if field.startswith(":"):
            _note_change(field, next(fields), before, after)
    return _cuts(tip, before, after, before)


def _note_change(raw: str, path: str, before: _Blobs, after: _Blobs) -> None:
    """Add what git's raw format says of one path: the note's blob before and after, by commit."""
    _, _, old, new, status = raw.split(" ")
    noted = path.replace("/", "")
    if status != "A":
        before[noted].append(old)
    if status != "D":
        after[noted].append(new)


def drop_past(repository: Repository, ref: str) -> None:
    """Forget where a notes ref has been, so that its reflog does not keep what was redacted."""
    remove_cache(repository.local)
    repository.git.run("reflog", "expire", "--expire=all", ref, allow=(1, 128))
