"""A code commit: code for an experiment, and nothing of what is measured or configured."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.rules.documents.change import Change, spell_file
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import FILES, table_of
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats.values import ABSENT, differing
from gitexp.rules.gate.kept_values import assigned_values
from gitexp.rules.gate.notebook import is_notebook
from gitexp.rules.gate.paths import is_config, matches
from gitexp.rules.gate.protected import is_protected

if TYPE_CHECKING:
    from gitexp.rules.gate.edited import Edited

_REGULAR = ("100644", "100755")


def inspect_code(
    files: Sequence[Edited],
    settings: Settings,
    *,
    change: Change | None = None,
    baseline: str = "main",
) -> list[Finding]:
    """Judge the files that differ between a baseline and a code commit on it.

    `change` is what the experiment on it changes, if that is known: the switch, which a config in
    Python may get with the code. Only configs and settings need their contents.
    """
    findings: list[Finding] = []
    for file in files:
        findings += _inspect(file, settings, change, baseline)
    return findings


def needs_content(path: str, config: Sequence[str]) -> bool:
    """Whether a file of a code commit must be read to be judged."""
    return _may_be_settings(path) or is_config(path, config)


def _may_be_settings(path: str) -> bool:
    """Whether a file may hold gitexp's settings, of this project or of another one below it."""
    return path.rpartition("/")[2] in FILES


def _inspect(
    file: Edited, settings: Settings, change: Change | None, baseline: str
) -> Iterator[Finding]:
    name, path = spell_file(file.path), file.path
    if is_protected(settings, path):
        yield Finding(
            "A2",
            f"the code commit touches {name}, which is protected: it belongs to what measures",
            f"leave it out of the code; change it on {baseline} and commit it there: that is a"
            " change of protocol, so results before and after it are not compared",
            path,
        )
    elif path.rpartition("/")[2] == ".gitattributes" and (settings.protect or settings.data):
        yield Finding(
            "A2",
            f"the code commit touches {name}, which decides how git writes protected files",
            f"leave it out of the code; change it on {baseline} and commit it there",
            path,
        )
    elif is_config(path, settings.config):
        yield from _in_config(file, change, baseline)
    if _may_be_settings(path) and _own_table(file.before, path) != _own_table(file.after, path):
        yield _refused(path, f"{name}: gitexp's settings differ from {baseline}", baseline)
    if is_notebook(path) and file.new_mode != "000000" and not matches(path, settings.inert):
        yield Finding(
            "A5",
            f"the code commit has the notebook {name}, and only scripts can run",
            f"jupyter nbconvert --to script {shlex.quote(path)}, and leave the notebook out",
            path,
        )


def _in_config(file: Edited, change: Change | None, baseline: str) -> Iterator[Finding]:
    """A1: a config may be touched only if it is code too, and no value in it differs."""
    name, before, after = spell_file(file.path), file.before, file.after
    regular = file.old_mode == file.new_mode and file.new_mode in _REGULAR
    if not regular or before is None or after is None or not file.path.endswith(".py"):
        yield _refused(file.path, f"{name} is a config, and differs from {baseline}", baseline)
        return
    try:
        old, new = (assigned_values(content) for content in (before, after))
    except ValueError as error:
        yield Finding("C7", f"{name} does not parse: {error}", "fix the file", file.path)
        return
    for key in differing(old, new):
        one = Change(file.path, key, old.get(key, ABSENT), new.get(key, ABSENT))
        # The switch comes with the code, switched off; the experiment changes it.
        is_switch = change is not None and one.place == change.place and key not in old
        if not is_switch:
            what = f"{name} is code and config, and {one.brief} in it differs"
            yield _refused(file.path, what, baseline)


def _refused(path: str, what: str, baseline: str) -> Finding:
    return Finding(
        "A1",
        f"the code commit changes what only an experiment may: {what}",
        "take it out of the code; the experiment changes the one config line that switches the"
        f" code on, and other values change on {baseline} first",
        path,
    )


def _own_table(content: bytes | None, path: str) -> str:
    """Gitexp's settings in a file, as text, since 1 == True == 1.0."""
    if content is None:
        return ""
    try:
        return repr(table_of(path, content))
    except NotReady as error:
        return error.message
