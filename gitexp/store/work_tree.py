"""Move a branch that is checked out, and its files with it, so that no kill leaves it half-done.

`git merge --ff-only` can be taught by a dozen settings to do something else, and if it is killed,
files have changed that no commit explains. Here git's own lock on the index is taken first and says
what is going on. Then the branch moves by compare-and-swap, then files and index follow. As long as
the lock is there, git refuses to commit; the next gitexp command finishes what it says.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.branches import moved
from gitexp.store.git import Git
from gitexp.store.git_errors import GitFailed
from gitexp.store.kept_pack import kept_commits
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs, writing

if TYPE_CHECKING:
    from gitexp.store.git_output import FileChange

_LOCK, _NEXT = "index.lock", "index.gitexp"
_SUBMODULE = "160000"  # its mode


@dataclass(frozen=True, slots=True)
class Advance:
    """A branch that is checked out in a work tree moves from commit `old` to commit `new`."""

    ref: str
    old: str
    new: str
    work_tree: str
    git_dir: str

    @property
    def lock(self) -> Path:
        """Git's lock on the index of the work tree."""
        return Path(self.git_dir) / _LOCK


def advance_checkout(repository: Repository, ref: str, new: str, old: str, *, reason: str) -> None:
    """Move the branch that is checked out here, and the files with it; edits elsewhere stay.

    Raises:
        NotReady: it is not at `old`, git is at work in the work tree, or a file that would change
            is edited.
    """
    place = str(repository.work_tree())
    advance = Advance(ref, old, new, place, str(repository.git_dir))
    with writing(repository) as lock:
        _take(advance)
        try:
            _demand_checked_out(repository, advance)
            _demand_unedited(advance)
            with kept_commits(repository, [new], lock):
                move_refs(repository, [f"update {ref} {new} {old}"], lock, reason=reason)
            _follow(advance)
        except GitFailed:
            # A hook refused, somebody moved the branch, or somebody killed our git.
            _finish(repository, advance)
            if repository.git.resolve(ref) == old:
                raise
            if repository.git.resolve(ref) != new:
                raise moved(ref, old) from None
        except BaseException:
            _finish(repository, advance)
            raise
        advance.lock.unlink(missing_ok=True)
    # What git merge would have told (git-lfs makes files read-only there); it cannot refuse.
    hook = ("hook", "run", "--ignore-missing", "post-merge", "--", "0")
    Git(Path(place)).run(*hook, allow=range(1, 256))


def _demand_checked_out(repository: Repository, advance: Advance) -> None:
    if f"refs/heads/{repository.head_branch()}" != advance.ref:
        raise moved(advance.ref, advance.old)


def finish_advance(repository: Repository, index_lock: Path | None = None) -> None:
    """Finish what a killed command began in a work tree, this one by default.

    A command that is still at it is left alone.
    """
    advance = read_advance(index_lock or repository.git_dir / _LOCK)
    if advance is None:
        return
    with writing(repository, wait=False) as lock:
        if lock is not None and read_advance(advance.lock) == advance:
            _finish(repository, advance)


def read_advance(lock: Path) -> Advance | None:
    """Read what a lock on an index says; None if it is git's own, or there is none."""
    try:
        found = json.loads(lock.read_bytes())
        advance = Advance(**found["gitexp"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    fits = all(isinstance(value, str) for value in asdict(advance).values())
    return advance if fits and advance.lock == lock else None


def _demand_unedited(advance: Advance) -> None:
    """Refuse edits, and files unknown to git, in the files that would change."""
    git = Git(Path(advance.work_tree))
    staged = {file.path for file in git.differences("diff-index", "--cached", advance.old, "--")}
    # The index is locked, so git may list files here that were only touched.
    touched = {f.path: f.new_mode for f in git.differences("diff-index", advance.old, "--")}
    changed = git.differences("diff-tree", advance.old, advance.new)
    overlooked = [
        file.path
        for file in _overlooked(git, changed)
        if _found(git, file) not in {file.old_id, _nothing(file)}
    ]
    if overlooked:
        raise NotReady(
            f"{', '.join(overlooked)} is edited here, and the merge changes it; git was told to"
            " overlook the edit (assume-unchanged or skip-worktree)",
            "show it to git: git update-index --no-assume-unchanged --no-skip-worktree"
            f" {shlex.join(overlooked)}\nthen commit it, or set it aside: git stash",
        )
    edited = [
        file.path
        for file in changed
        if file.path in staged
        or touched.get(file.path, file.old_mode) != file.old_mode
        or ((file.path in touched or _is_gone(file.old_mode)) and _found(git, file) != file.old_id)
    ]
    if edited:
        raise NotReady(
            f"{', '.join(sorted(edited))} is edited here, and the merge changes it",
            "commit your edits, or set them aside: git stash -u\nthen run the same command again",
        )


def _overlooked(git: Git, files: Sequence[FileChange]) -> list[FileChange]:
    """Those files whose edits git does not look for."""
    if not (paths := [file.path for file in files if not _is_gone(file.old_mode)]):
        return []
    listed = git.fields("--literal-pathspecs", "ls-files", "-v", "-z", "--", *paths)
    tags = {entry[2:]: entry[0] for entry in listed}
    return [file for file in files if (tag := tags.get(file.path, "H")) == "S" or tag.islower()]


def _take(advance: Advance) -> None:
    """Take git's lock on the index, with word of what is going on in it."""
    text = json.dumps({"gitexp": asdict(advance)}).encode()
    written = advance.lock.with_name(f"{_NEXT}.{os.getpid()}")
    try:
        with written.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # The lock appears with its content, or not at all.
        os.link(written, advance.lock)
    except FileExistsError:
        raise NotReady(
            f"another git command is at work in {advance.work_tree}, or left its lock behind:"
            f" {advance.lock}; nothing changed",
            "wait for it, or remove the lock if no git is running; then run the same command again",
        ) from None
    finally:
        written.unlink(missing_ok=True)


def _finish(repository: Repository, advance: Advance) -> None:
    """Let files and index follow if the branch has moved, then let go of the index."""
    head = Git(Path(advance.work_tree)).text("symbolic-ref", "--quiet", "HEAD", allow=(1, 128))
    if repository.git.resolve(advance.ref) == advance.new and head == advance.ref:
        _follow(advance)
    (advance.lock.with_name(_NEXT)).unlink(missing_ok=True)
    advance.lock.unlink(missing_ok=True)


def _follow(advance: Advance) -> None:
    """Bring files and index to the new commit; a file that somebody edited stays as it is."""
    git = Git(Path(advance.work_tree))
    index, made = Path(advance.git_dir) / "index", Path(advance.git_dir) / _NEXT
    with suppress(OSError):
        made.with_name(f"{_NEXT}.lock").unlink()
    shutil.copyfile(index, made)
    apart = {"GIT_INDEX_FILE": str(made)}
    changed = git.differences("diff-tree", advance.old, advance.new)
    ours = [file for file in changed if _may_change(git, advance.new, file)]
    git.run("read-tree", "-i", "-m", advance.old, advance.new, environment=apart)
    for file in ours:
        if _is_gone(file.new_mode):
            (git.directory / file.path).unlink(missing_ok=True)
    written = [
        file.path.encode(errors="surrogateescape") + b"\0"
        for file in ours
        if not _is_gone(file.new_mode)
    ]
    git.run(
        "checkout-index", "--force", "--index", "--quiet", "-z", "--stdin",
        stdin=b"".join(written), environment=apart,
    )  # fmt: skip
    _replace(made, index)


def _replace(made: Path, index: Path) -> None:
    """Put a file in another's place, and sync the folder that names both."""
    folder = os.open(index.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.replace(made.name, index.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_gone(mode: str) -> bool:
    return not int(mode, 8)


def _may_change(git: Git, new: str, file: FileChange) -> bool:
    """Whether a file is as one of the commits has it, or as a killed git left it on the way."""
    if _SUBMODULE in {file.old_mode, file.new_mode}:
        return False
    found = _found(git, file)
    if found in {file.old_id, file.new_id} or found == _nothing(file):
        return True
    path = git.directory / file.path
    if _is_gone(file.new_mode) or not path.is_file():
        return False
    due = git.run("cat-file", "--filters", f"{new}:{file.path}").stdout
    return due.startswith(path.read_bytes())


def _found(git: Git, file: FileChange) -> str:
    """The blob that the work tree has there; zeros for none, "" for what is not a file."""
    path = git.directory / file.path
    if path.is_symlink():
        return git.text("hash-object", "--stdin", stdin=os.fsencode(path.readlink()))
    if path.is_file():
        return git.text("hash-object", "--", file.path)
    return "" if path.exists() else _nothing(file)


def _nothing(file: FileChange) -> str:
    return "0" * len(file.new_id)
