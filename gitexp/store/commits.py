"""Make commits and branches from objects alone, without an index or a work tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gitexp.errors import NotReady, Refused
from gitexp.store.edited_trees import trees_with_file
from gitexp.store.git_errors import GitFailed, unsigned
from gitexp.store.kept_pack import kept_commits
from gitexp.store.refs import HEADS
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs, writing


def commit_file(repository: Repository, base: str, path: str, content: bytes, message: str) -> str:
    """Make a commit on `base` in which one file has new content; returns its id.

    A file that is not there yet is added, to a folder that is.

    Works on objects alone: no index, no work tree, the same cost in a tree of 50 files and 50,000.
    Author, committer and signing are what `git commit` would use.
    """
    [tree] = trees_with_file(repository, [(base, path, content)])
    return commit_tree(repository, tree, [base], message)


def commit_tree(repository: Repository, tree: str, parents: Sequence[str], message: str) -> str:
    """Make a commit as `git commit` would: same author, committer, and signature."""
    signing = repository.signs_commits  # commit-tree ignores commit.gpgsign unless it is told
    try:
        return repository.git.text(
            "-c", "i18n.commitEncoding=UTF-8", "commit-tree", *(["-S"] if signing else []),
            *(word for parent in parents for word in ("-p", parent)), "-F", "-", tree,
            stdin=message.encode(errors="surrogateescape"),
        )  # fmt: skip
    except GitFailed as failure:
        # If the signing program gives no reason, git gives none either.
        raise unsigned(failure.stderr) if signing else failure from None


def transplant(repository: Repository, base: str, commit: str, onto: str) -> str:
    """Return a tree: that of `onto`, with everything that changed from `base` to `commit`.

    No merge driver, attribute or detection of renames has a say in it.

    Raises:
        Refused: both changed the same lines.
    """
    git = repository.git
    ours, theirs = git.differences_of([(base, commit), (base, onto)])
    if not theirs:
        return git.text("rev-parse", f"{commit}^{{tree}}")
    moved = {file.path: file for file in theirs}
    entries = []
    for file in ours:
        there, mode, blob = moved.get(file.path), file.new_mode, file.new_id
        if there is not None and there.new_id != blob:
            contents = git.objects([file.old_id, blob, there.new_id])
            if None in contents or not mode == there.new_mode == file.old_mode:
                raise Refused(f"{file.path} was changed on both sides")
            before, after, now = (content or b"" for content in contents)
            merged = replay(repository, before, after, now)
            blob = write_blob(repository, merged)
        entries.append((mode, blob, file.path))
    return tree_with(repository, onto, entries)


def tree_with(repository: Repository, onto: str, files: Iterable[tuple[str, str, str]]) -> str:
    """Write a tree: that of `onto`, with files given as mode, blob and path.

    A file whose mode is zero is removed.
    """
    import tempfile  # loads random and OpenSSL, which few starts need

    git = repository.git
    lines = b"".join(
        f"{mode} {blob}\t{path}\0".encode(errors="surrogateescape") for mode, blob, path in files
    )
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        apart = {"GIT_INDEX_FILE": f"{folder}/index"}
        git.run("read-tree", onto, environment=apart)
        git.run("update-index", "-z", "--index-info", stdin=lines, environment=apart)
        return git.text("write-tree", "--missing-ok", environment=apart)


def write_blob(repository: Repository, content: bytes) -> str:
    """Store the content of a file; returns its id."""
    return repository.git.text("hash-object", "-w", "--stdin", stdin=content)


def create_branches(
    repository: Repository, commits: Mapping[str, str], below: Iterable[str] = ()
) -> None:
    """Create `exp/<name>` for each commit by name, all or none; an existing one is never moved.

    `below` are new commits that these stand on.

    Raises:
        NotReady: a name is taken, or a branch called `exp` leaves no room for `exp/...`.
        GitFailed: a gc took a part of a commit, which no ref held yet.
    """
    new = [*commits.values(), *below]
    moves = [f"create {HEADS}{name} {commit}" for name, commit in commits.items()]
    try:
        with writing(repository) as lock, kept_commits(repository, new, lock):
            move_refs(repository, moves, lock, reason="gitexp: start")
    except GitFailed as failure:
        if failure.lost:
            raise
        if "refs/heads/exp'" in failure.stderr:
            raise NotReady(
                "a branch called exp exists, and git cannot hold exp/... beside it",
                "git branch -m exp another-name",
            ) from None
        raise NotReady(
            f"exp/{', exp/'.join(commits)} could not be made: {failure.stderr.strip()}",
            "run the same command again",
        ) from None


def replay(repository: Repository, before: bytes, after: bytes, onto: bytes) -> bytes:
    """Apply the edit from `before` to `after` to another version of the file.

    Raises:
        Refused: the two touch the same lines.
    """
    if before == onto:
        return after
    import tempfile  # loads random and OpenSSL, which few starts need

    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        paths = [Path(folder, name) for name in ("onto", "before", "after")]
        for path, content in zip(paths, (onto, before, after), strict=True):
            path.write_bytes(content)
        done = repository.git.run(
            "merge-file", "-p", "--quiet", *map(str, paths), allow=range(1, 128)
        )
    if done.returncode:
        raise Refused(
            "the edit does not fit the tip of the baseline branch: both changed the same lines",
            hint="make the edit on the baseline's version of the file,"
            ' or name the key: gitexp start --set KEY=VALUE "HYPOTHESIS"',
        )
    return done.stdout
