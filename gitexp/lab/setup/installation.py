"""What `init` changes in a clone, step by step, and how each step is undone.

Undoing is remembered in init.json beside gitexp's other local files.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.errors import GitexpError
from gitexp.lab.projects.baseline_branch import baseline_key
from gitexp.lab.projects.baseline_files import commit_here
from gitexp.store import hooks
from gitexp.store.git import Git
from gitexp.store.git_output import decode
from gitexp.store.local import read_json, write_json
from gitexp.store.note_commits import begin_notes, forget_empty_notes
from gitexp.store.refs import VERDICTS

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One thing that `init` changed, and the command that undoes it."""

    what: str
    undo: str


def commit_settings(repository: Repository, prefix: str, text: str) -> SetupStep:
    """Write the settings file and commit it alone; nothing is left if git refuses the commit."""
    path = f"{prefix}gitexp.toml"
    commit_here(Git(repository.work_tree()), path, None, text.encode(), "Set up gitexp")
    commit = repository.git.text("rev-parse", "--short", "HEAD")
    _remember(repository, settings=[*_remembered(repository).get("settings", []), path])
    shown = "".join(f"\n    | {line}" for line in text.splitlines())
    return SetupStep(f"wrote {path} and committed it ({commit}):{shown}", f"git revert {commit}")


def configure(repository: Repository, baseline: str, prefix: str) -> list[SetupStep]:
    """Note the baseline branch in git's configuration, and show verdicts in `git log`."""
    steps = []
    key = baseline_key(prefix)
    if repository.setting(key) != baseline:
        # --undo restores what was there before the first init.
        local = repository.git.text("config", "--local", "--get", key, allow=(1,))
        _remember(repository, before={key: local, **_remembered(repository).get("before", {})})
        repository.git.run("config", "--local", key, baseline)
        shown = shlex.quote(key)
        steps.append(SetupStep(f"git config {shown} {baseline}", f"git config --unset {shown}"))
    return steps + show_verdicts(repository)


def show_verdicts(repository: Repository) -> list[SetupStep]:
    """Make `git log` show verdicts, unless it does already."""
    steps = []
    if VERDICTS not in repository.config.get("notes.displayref", ()):
        repository.git.run("config", "--local", "--add", "notes.displayRef", VERDICTS)
        _remember(repository, display=True)
        begin_notes(repository, VERDICTS)
        steps.append(
            SetupStep(
                f"git config notes.displayRef {VERDICTS} (git log shows verdicts)",
                f"git config --unset notes.displayRef '^{VERDICTS}$'",
            )
        )
    return steps


def install_hooks(repository: Repository) -> list[SetupStep]:
    """Install the hooks unless they are; hooks that were there still run, before gitexp's."""
    installed = hooks.install(repository)
    if not installed.written:
        return []
    where, top = installed.folder, repository.top
    if top is not None and where.is_relative_to(top):
        where = where.relative_to(top)
    what = f"installed hooks in {where}: {', '.join(installed.written)}"
    if installed.aside:
        one = len(installed.aside) == 1
        named = ", ".join(installed.aside)
        what += f" (the {named} {'hook that was' if one else 'hooks that were'} there"
        what += f" {'runs' if one else 'run'} first)"
    if installed.former_path:
        what += f" (core.hooksPath was {installed.former_path}; its hooks run first)"
    return [SetupStep(what, "gitexp init --undo")]


def uninstall(repository: Repository) -> list[str]:
    """Undo all steps; returns what was undone, in words."""
    branch = repository.head_branch()
    facts = _remembered(repository)
    folders = {path: path.rpartition("/")[0] for path in facts.get("settings", [])}
    # Looked up first: the configuration that says so is removed below.
    on_baseline = {
        path: branch is not None
        and branch == repository.setting(baseline_key(f"{folder}/" if folder else ""))
        for path, folder in folders.items()
    }
    # If this is killed half-way, it can be run again: what later steps need is removed last.
    done = hooks.uninstall(repository)
    for path, here in on_baseline.items():
        if here:
            done.append(_remove_settings(repository, path))
        else:
            done.append(f"{path} was left alone: it is only removed on the baseline branch")
    done += _unconfigure(repository, facts)
    if (repository.local / "trust.json").exists():
        (repository.local / "trust.json").unlink()
        done.append("took back the approval of the settings")
    (repository.local / "init.json").unlink(missing_ok=True)
    return done


def _unconfigure(repository: Repository, facts: dict[str, Any]) -> list[str]:
    done = []
    for key, value in facts.get("before", {}).items():
        if value:
            repository.git.run("config", "--local", key, value)
            done.append(f"{key} is {value} again")
        else:
            repository.git.run("config", "--local", "--unset", key, allow=(5,))
            done.append(f"unset {key}")
    if facts.get("display"):
        repository.git.run(
            "config", "--local", "--unset", "notes.displayRef", f"^{VERDICTS}$", allow=(5,)
        )
        forget_empty_notes(repository, VERDICTS)
        done.append("unset notes.displayRef")
    return done


def _remove_settings(repository: Repository, path: str) -> str:
    git = type(repository.git)(repository.work_tree())
    if git.resolve("HEAD") is None or git.run("ls-tree", "-z", "HEAD", path).stdout == b"":
        return f"{path} is not on this branch and was left alone elsewhere"
    state = decode(git.run("status", "--porcelain", "-z", "--", path).stdout)
    if not state:
        git.run("rm", "--quiet", "--", path)
    elif not state.startswith("D "):  # which an undo that was killed leaves
        return f"{path} is edited and was left alone; remove it by hand"
    try:
        git.run("commit", "--quiet", "--only", "-m", "Remove gitexp's settings", "--", path)
    except GitexpError as error:
        git.run("restore", "--source=HEAD", "--staged", "--worktree", "--", path)
        return f"{path} was left alone, because its removal could not be committed: {error.message}"
    return f"removed {path} and committed that"


def _remembered(repository: Repository) -> dict[str, Any]:
    return read_json(repository.local / "init.json")


def _remember(repository: Repository, **facts: object) -> None:
    write_json(repository.local / "init.json", _remembered(repository) | facts)
