"""The edit that becomes an experiment: said as KEY=VALUE, or made by hand in the work tree."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused, UsageError
from gitexp.lab.differences import hidden_edits, is_checked_out, relative
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.changed_lines import keep_line_end
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.keys import Key, keys_at, parse_key, spell_key
from gitexp.rules.gate.formats.values import same, spell
from gitexp.rules.gate.one_change import inspect
from gitexp.rules.gate.paths import is_config
from gitexp.store.commits import replay
from gitexp.store.git import Git
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from gitexp.lab.project import Project

_NOTHING = "not registered; nothing was created"


@dataclass(frozen=True, slots=True)
class Edit:
    """A config file before and after, as committed on the baseline's tip.

    `path` is relative to the project. `lies` is the file as it lies in the work tree, None where
    the work tree was not looked at.
    """

    path: str
    before: bytes
    after: bytes
    lies: bytes | None = None


def from_setting(project: Project, setting: str) -> Edit:
    """Set one value (`KEY=VALUE` or `FILE:KEY=VALUE`) in the baseline's config.

    Raises:
        UsageError: no such key, or more than one file has it.
        Refused: the value is the baseline's own, or the config does not parse.
    """
    found = find_key(project, setting)
    old = formats.read_leaves(found.path, found.content)[found.key]
    spelled_key = spell_key(found.key)
    if same(old, found.form.parse_value(found.typed)):
        message = f"{spelled_key} is {spell(old)} on {project.baseline} already"
        hint = f'give it another value: gitexp start --set {spelled_key}=VALUE "HYPOTHESIS"'
        finding = Finding("C10", message, hint, found.path)
        raise Refused(_NOTHING, [finding])
    try:
        edited: str = found.form.set_value(found.content.decode("utf-8"), found.key, found.spelled)
    except (ValueError, LookupError) as error:
        raise UsageError(
            f"{found.path}: {spelled_key} cannot be set from the command line: {error}",
            f'edit the line in {found.path} by hand, then: gitexp start "HYPOTHESIS"',
        ) from None
    return Edit(found.path, found.content, edited.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Setting:
    """`KEY=VALUE` as typed, the file that has the key, and the value as that file spells it."""

    path: str
    key: Key
    content: bytes
    form: ModuleType
    typed: str
    spelled: str


def find_key(project: Project, setting: str) -> Setting:
    """Find what `KEY=VALUE` or `FILE:KEY=VALUE` means on the baseline's tip.

    Raises:
        UsageError: no such key, or more than one file has it.
        Refused: a config does not parse.
    """
    typed, equals, value = setting.partition("=")
    if not equals or not typed.strip():
        raise UsageError(f"{setting!r} has no value", "write it as KEY=VALUE: model.C=10")
    wanted, _, key_text = typed.strip().rpartition(":")
    path, key, content, form = _find(project, wanted, key_text, value)
    return Setting(path, key, content, form, value, form.spell_value(value))


def _find(
    project: Project, wanted: str, key_text: str, value: str
) -> tuple[str, Key, bytes, ModuleType]:
    """Find the one config file that has a key."""
    files = _config_files(project)
    if wanted and wanted not in files:
        raise UsageError(
            f"{wanted} is no config file on {project.baseline}", f"try {', '.join(files)}"
        )
    found: list[tuple[str, Key, bytes, ModuleType]] = []
    every: set[str] = set()
    for path, content in files.items():
        form = formats.format_of(path)
        if form is None or wanted not in {"", path}:
            continue
        try:
            leaves = formats.read_leaves(path, content)
            names = parse_key(key_text)
        except formats.Malformed as error:
            message = f"{path} on {project.baseline} does not parse: {error}"
            hint = f"mend it on {project.baseline}"
            raise Refused(_NOTHING, [Finding("C7", message, hint, path, error.line)]) from None
        except ValueError:
            raise UsageError(f"{key_text!r} is not a key", "write it as in model.C=10") from None
        every.update(map(spell_key, leaves))
        found += [(path, key, content, form) for key in keys_at(leaves, names)]
    if not found:
        raise UsageError(
            f"no config file on {project.baseline} has the key {key_text}", _near(key_text, every)
        )
    if len(found) > 1:
        raise UsageError(
            f"{key_text} is in {' and '.join(path for path, *_ in found)}",
            f"say which: --set {found[0][0]}:{key_text}={value}",
        )
    return found[0]


def _near(key: str, every: Iterable[str]) -> str:
    import difflib

    near = (
        [other for other in every if other.lower() == key.lower()]
        or [other for other in every if other.lower().endswith(f".{key.lower()}")]
        or difflib.get_close_matches(key, every, 3)
    )
    new = 'a new line is added by hand: edit the file, then gitexp start "HYPOTHESIS"'
    return f"did you mean {', '.join(sorted(near))}? ({new})" if near else new


def _config_files(project: Project) -> dict[str, bytes]:
    """Config files at the baseline's tip, by path relative to the project."""
    git, declared = project.repository.git, project.settings.config
    globs = any(c in pattern for pattern in declared for c in "*?[")
    which = () if globs else ("--", *map(project.path, declared))
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", project.tip, *which).stdout
    modes = {}
    for entry in decode(listed).split("\0"):
        header, _, name = entry.partition("\t")
        inside = name.removeprefix(project.prefix)
        if "\n" in name:
            continue  # cat-file is asked line by line; such a file is still compared, by its id
        if name.startswith(project.prefix) and is_config(inside, declared):
            modes[inside] = header[:6]
    for path, mode in modes.items():
        if not mode.startswith("100"):
            raise Refused(_NOTHING, [_irregular(project, path)])
    contents = git.objects([f"{project.tip}:{project.path(path)}" for path in modes])
    found = zip(modes, contents, strict=True)
    files = {path: content for path, content in found if content is not None}
    if not files:
        raise NotReady(
            f"{', '.join(declared)} is not on {project.baseline}",
            f"commit it there, or name the right file in {project.settings_path}",
        )
    return files


def from_work_tree(project: Project) -> Edit:
    """Take the one edited config file of the work tree.

    The edit is the one from HEAD to the work tree, replayed on the baseline's tip.

    Raises:
        Refused: nothing is edited, or more than one file is.
        NotReady: the file is half staged, or not on the baseline.
    """
    repository = project.repository
    top = Git(repository.work_tree())
    head = top.resolve("HEAD") or project.tip
    # Refreshing the index first makes untouched files with a new time stamp count as unchanged.
    top.run("update-index", "-q", "--refresh", allow=(1, 128))
    if (lock := repository.git_dir / "index.lock").exists():
        raise NotReady(
            "another git command holds the index of this work tree",
            f"run the same command again; if no git is running: rm -f {shlex.quote(str(lock))}",
        )
    path = _edited_config(project, top, head)
    full = project.path(path)
    # What git would commit: line-end conversion and clean filters applied, as `git add` does.
    lies = (top.directory / full).read_bytes()
    blob = decode(top.run("hash-object", "-w", f"--path={full}", "--stdin", stdin=lies).stdout)
    committed, staged, clean, onto = top.objects(
        [f"{head}:{full}", f":{full}", blob.strip(), f"{project.tip}:{full}"]
    )
    if committed is None or clean is None or onto is None:
        raise NotReady(
            f"{path} is not on {project.baseline}", f"commit it on {project.baseline} first"
        )
    if staged not in {committed, clean}:
        raise NotReady(
            f"{path} has one edit staged and another one in the work tree",
            f"to take the work tree's: git add {project.pathspec(path)}\n"
            f"to take the staged one: git restore {project.pathspec(path)}",
        )
    if not is_checked_out(top, blob.strip(), full, lies):
        # It goes back to its committed state, and what git does not see would be lost.
        raise Refused(_NOTHING, [_overlooked(full)])
    clean = keep_line_end(committed, clean)
    try:
        after = replay(repository, committed, clean, onto)
    except Refused:
        raise _does_not_fit(project, Edited(path, "100644", "100644", committed, clean)) from None
    return Edit(path, onto, after, lies)


def _does_not_fit(project: Project, edited: Edited) -> Refused:
    """Say that the baseline changed the edited line too, and what sets its value there."""
    change = inspect([edited], project.settings.config, baseline=project.baseline).change
    setting = "KEY=VALUE"
    if change is not None:
        setting = shlex.quote(f"{spell_key(change.key)}={spell(change.after)}")
    return Refused(
        f"{edited.path}: the edit does not fit the tip of {project.baseline}: both changed the same"
        " lines",
        hint=f'set the value there: gitexp start --set {setting} "HYPOTHESIS"',
    )


def _edited_config(project: Project, top: Git, head: str) -> str:
    """Name the one edited file, which must be a config file; untracked files never matter."""
    edited = top.differences("diff-index", head, "--")
    names = [relative(project, file.path) for file in edited]
    config = next((name for name in names if is_config(name, project.settings.config)), "")
    if not names:
        if hidden := list(hidden_edits(project)):
            raise Refused(_NOTHING, [_overlooked(path) for path in hidden])
        message = "no config line is edited in the work tree"
        hint = (
            f"edit one line of {', '.join(project.settings.config)}, or:"
            ' gitexp start --set KEY=VALUE "HYPOTHESIS"'
        )
        raise Refused(_NOTHING, [Finding("C10", message, hint)])
    others = [name for name in names if name != config]
    if others:
        hint = (
            "commit it, or put it aside with git stash; or leave it as it is and use: gitexp start"
            ' --set KEY=VALUE "HYPOTHESIS"'
        )
        message = "{} is edited too, and the experiment would hold one config line only"
        # git takes :/ for the top of the work tree.
        shown = [f":{name}" if name.startswith("/") else name for name in others]
        raise Refused(_NOTHING, [Finding("C1", message.format(n), hint, n) for n in shown])
    if edited[0].new_mode != edited[0].old_mode:
        message = f"{config} changed its mode or is gone"
        raise Refused(_NOTHING, [Finding("C6", message, _restoring(project, config), config)])
    if not edited[0].new_mode.startswith("100"):
        # Reading it would read what it points to, wherever that lies.
        raise Refused(_NOTHING, [_irregular(project, config)])
    return config


def _overlooked(path: str) -> Finding:
    quoted = shlex.quote(path)
    return Finding(
        "W1",
        f"{path} is edited where git does not look, for a flag in the index or a clean filter",
        f"git update-index --no-assume-unchanged -- {quoted};"
        f" git update-index --no-skip-worktree -- {quoted}\nor leave it as it is and use: gitexp"
        ' start --set KEY=VALUE "HYPOTHESIS"',
        path,
    )


def _irregular(project: Project, path: str) -> Finding:
    return Finding(
        "C6",
        f"{path} is no regular file, and an experiment changes one value of one",
        f"name the file itself in {project.settings_path}",
        path,
    )


def put_back(project: Project, edit: Edit) -> None:
    """Give the edited file its committed state back; the edit now lives in the experiment.

    Raises:
        NotReady: git could not, or the file was edited again meanwhile and is left as it is.
    """
    top = Git(project.repository.work_tree())
    full = project.path(edit.path)
    try:
        if (top.directory / full).read_bytes() != edit.lies:
            raise NotReady("it was edited again meanwhile")
        top.run("restore", "--source=HEAD", "--staged", "--worktree", "--", full)
    except GitexpError as error:
        raise NotReady(
            f"the experiment is registered, but {edit.path} was not put back: {error.message}",
            _restoring(project, edit.path),
        ) from None


def _restoring(project: Project, path: str) -> str:
    return f"git restore --source=HEAD --staged --worktree -- {project.pathspec(path)}"
