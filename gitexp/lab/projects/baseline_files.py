"""Reading and committing files of the project on the tip of its baseline branch."""

from __future__ import annotations

from contextlib import suppress

from gitexp.errors import GitexpError, NotReady
from gitexp.lab.projects.project import Project
from gitexp.store.branches import move_branch
from gitexp.store.commits import commit_file
from gitexp.store.git import Git
from gitexp.store.kept_pack import again_if_lost


def read_on_baseline(project: Project, path: str) -> bytes | None:
    """Content of a file, `path` relative to the project; None where there is no such file."""
    return project.repository.git.objects([f"{project.tip}:{project.path(path)}"])[0]


def commit_on_baseline(
    project: Project, path: str, before: bytes | None, after: bytes, message: str
) -> str:
    """Commit new content of a file on the tip of the baseline branch; return the commit's id.

    `path` is relative to the project, `before` what the tip holds there (None: no such file).

    Raises:
        NotReady: the branch is checked out in another work tree, the file is edited in this one, or
            somebody moved the branch meanwhile.
    """
    repository = project.repository
    place = repository.checked_out().get(project.baseline_ref)
    full = project.path(path)
    if place is None:
        reason = message.partition("\n")[0]

        def commit() -> str:
            made = commit_file(repository, project.tip, full, after, message)
            move_branch(repository, project.baseline_ref, made, project.tip, reason=reason)
            return made

        return again_if_lost(commit)
    if repository.top is None or place != repository.top:
        raise NotReady(f"{project.baseline} is checked out in {place}", f"run it there: cd {place}")
    git = Git(repository.work_tree())
    target = git.directory / full
    git.run("update-index", "-q", "--refresh", allow=(1,))
    there = target.read_bytes() if target.exists() else None
    if there != before or git.differences("diff-index", "HEAD", "--", full):
        raise NotReady(
            f"{path} has uncommitted edits", f"commit them, or: git restore --staged -W {path}"
        )
    return commit_here(git, full, before, after, message)


def commit_here(git: Git, path: str, before: bytes | None, after: bytes, message: str) -> str:
    """Write a file of the work tree at `git`, and commit it alone; return the commit's id.

    If git refuses the commit, the file is again as it was `before` (None: there was none).
    """
    target = git.directory / path
    safe = ("-c", "core.safecrlf=false")  # else git may refuse our line ends
    try:
        target.write_bytes(after)
        if before is None:
            git.run(*safe, "add", "--intent-to-add", "--force", "--", path)
        # --only leaves everything else that is staged as it is.
        git.run(*safe, "commit", "--quiet", "--only", "-m", message, "--", path)
    except (GitexpError, OSError):
        if before is None:
            target.unlink(missing_ok=True)  # first: if the disk is full, `reset` needs its room
        else:
            target.write_bytes(before)
        with suppress(GitexpError):
            git.run("reset", "--quiet", "--", path)
        raise
    return git.text("rev-parse", "HEAD")
