"""An edit made by hand in the work tree: taken for the experiment, then undone there."""

from __future__ import annotations

import shlex

from gitexp.errors import GitexpError, NotReady, Refused
from gitexp.lab.projects.differences import hidden_edits, is_checked_out, relative
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED, Edit, irregular
from gitexp.rules.finding import Finding
from gitexp.rules.gate.changed_lines import keep_line_end
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.gate.one_change import inspect
from gitexp.rules.gate.paths import is_config
from gitexp.store.commits import replay
from gitexp.store.git import Git


def from_work_tree(project: Project) -> Edit:
    """Take the edit of the one edited config file, and apply it to the baseline's tip.

    Raises:
        Refused: no file is edited, or more than one.
        NotReady: part of the edit is staged, or the file is not on the baseline.
    """
    repository = project.repository
    top, head = open_work_tree(project)
    path = _edited_config(project, top, head)
    full = project.path(path)
    # What git would commit: `git add` converts line ends and applies clean filters.
    on_disk = (top.directory / full).read_bytes()
    blob = top.text("hash-object", "-w", f"--path={full}", "--stdin", stdin=on_disk)
    committed, staged, clean, onto = top.objects(
        [f"{head}:{full}", f":{full}", blob, f"{project.tip}:{full}"]
    )
    if committed is None or clean is None or onto is None:
        raise NotReady(
            f"{path} is not on {project.baseline}", f"commit it on {project.baseline} first"
        )
    if staged not in {committed, clean}:
        raise NotReady(
            f"{path} has one edit staged and another in the work tree",
            f"to use the one in the work tree: git add {project.pathspec(path)}\n"
            f"to use the staged one: git restore {project.pathspec(path)}",
        )
    if not is_checked_out(top, blob, full, on_disk):
        # The file is restored afterwards, and what git does not see would be lost.
        raise Refused(NOT_REGISTERED, [overlooked(full)])
    clean = keep_line_end(committed, clean)
    try:
        after = replay(repository, committed, clean, onto)
    except Refused:
        raise _does_not_fit(project, Edited(path, "100644", "100644", committed, clean)) from None
    return Edit(path, onto, after, on_disk)


def edited_code(project: Project) -> str:
    """An edited file of the work tree that is code, or both code and config; "" if none is."""
    if project.repository.top is None:
        return ""
    top, head = open_work_tree(project)
    names = [relative(project, file.path) for file in top.differences("diff-index", head, "--")]
    config = project.settings.config
    return next((name for name in names if name.endswith(".py") or not is_config(name, config)), "")


def open_work_tree(project: Project) -> tuple[Git, str]:
    """Return git at the top of the work tree, ready to list edits, and the commit of HEAD.

    Raises:
        NotReady: there is no work tree, or another git is at work in it.
    """
    repository = project.repository
    top = Git(repository.work_tree())
    # Refreshing the index first makes untouched files with a new time stamp count as unchanged.
    top.run("update-index", "-q", "--refresh", allow=(1, 128))
    if (lock := repository.git_dir / "index.lock").exists():
        raise NotReady(
            "another git command has locked the index of this work tree",
            f"run the same command again; if git is not running: rm -f {shlex.quote(str(lock))}",
        )
    return top, top.resolve("HEAD") or project.tip


def _does_not_fit(project: Project, edited: Edited) -> Refused:
    """Say that the baseline changed the edited line too, and how to set the value there."""
    change = inspect([edited], project.settings.config, baseline=project.baseline).change
    setting = "KEY=VALUE"
    if change is not None:
        setting = shlex.quote(f"{spell_key(change.key)}={spell(change.after)}")
    return Refused(
        f"{edited.path}: the edit does not apply to the tip of {project.baseline}: both changed the"
        " same lines",
        hint=f'set the value instead: gitexp start --set {setting} "HYPOTHESIS"',
    )


def _edited_config(project: Project, top: Git, head: str) -> str:
    """Find the one edited file, which must be a config file; untracked files do not matter."""
    edited = top.differences("diff-index", head, "--")
    names = [relative(project, file.path) for file in edited]
    config = next((name for name in names if is_config(name, project.settings.config)), "")
    if not names:
        if hidden := list(hidden_edits(project)):
            raise Refused(NOT_REGISTERED, [overlooked(path) for path in hidden])
        message = "no config line is edited in the work tree"
        hint = (
            f"edit one line of {', '.join(project.settings.config)}, or:"
            ' gitexp start --set KEY=VALUE "HYPOTHESIS"'
        )
        raise Refused(NOT_REGISTERED, [Finding("C10", message, hint)])
    others = [name for name in names if name != config]
    if others:
        hint = (
            'to take it along, as code below the experiment: gitexp start --code "HYPOTHESIS"\n'
            "or commit it, or git stash it; or leave it and use:"
            ' gitexp start --set KEY=VALUE "HYPOTHESIS"'
        )
        message = "{} is edited too, and an experiment changes only one config line"
        # git reads :/ as the top of the work tree.
        shown = [f":{name}" if name.startswith("/") else name for name in others]
        raise Refused(NOT_REGISTERED, [Finding("C1", message.format(n), hint, n) for n in shown])
    if edited[0].new_mode != edited[0].old_mode:
        message = f"{config} was deleted, or its mode has changed"
        raise Refused(NOT_REGISTERED, [Finding("C6", message, _restoring(project, config), config)])
    if not edited[0].new_mode.startswith("100"):
        # Reading a symbolic link would read what it points to, wherever that is.
        raise Refused(NOT_REGISTERED, [irregular(project, config)])
    return config


def overlooked(path: str) -> Finding:
    """Refuse an edit that git does not see, and so would not take."""
    quoted = shlex.quote(path)
    return Finding(
        "W1",
        f"{path} has an edit that git does not see (a flag in the index, or a clean filter)",
        f"git update-index --no-assume-unchanged -- {quoted};"
        f" git update-index --no-skip-worktree -- {quoted}\nor leave it and use:"
        ' gitexp start --set KEY=VALUE "HYPOTHESIS"',
        path,
    )


def put_back(project: Project, edit: Edit) -> None:
    """Restore the edited file to its committed state; the edit is in the experiment now.

    Raises:
        NotReady: git could not, or the file was edited again and is left as it is.
    """
    top = Git(project.repository.work_tree())
    full = project.path(edit.path)
    try:
        if (top.directory / full).read_bytes() != edit.on_disk:
            raise NotReady("it was edited again in the meantime")
        top.run("restore", "--source=HEAD", "--staged", "--worktree", "--", full)
    except GitexpError as error:
        raise NotReady(
            f"the experiment is registered, but {edit.path} was not restored: {error.message}",
            _restoring(project, edit.path),
        ) from None


def _restoring(project: Project, path: str) -> str:
    return f"git restore --source=HEAD --staged --worktree -- {project.pathspec(path)}"
