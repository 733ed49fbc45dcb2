"""An edit with code in it, split: the code commit, and the one config line that becomes E on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.code.switch import from_switch, refuse_without_switch
from gitexp.lab.gate.code import check_code
from gitexp.lab.projects.comparison import Comparison
from gitexp.lab.projects.differences import inspect_files, read_edited, relative
from gitexp.lab.projects.project import settings_at
from gitexp.lab.registering.committing import Code
from gitexp.lab.registering.edit import NOT_REGISTERED, Edit
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import same
from gitexp.rules.gate.kept_values import assigned_values
from gitexp.rules.gate.paths import is_config
from gitexp.store.commits import tree_with, write_blob

if TYPE_CHECKING:
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.change import Change
    from gitexp.rules.gate.one_change import Inspection
    from gitexp.store.git_output import FileChange


@dataclass(frozen=True, slots=True)
class CodeEdit:
    """Code for experiments, and the config files that differ besides.

    `project` is as of the baseline commit below the code. `files` differ between the two;
    `configs` are those that are to differ between the code and the experiment on it.
    `option` is the one of `gitexp start` that says where the code is.
    """

    project: Project
    code: Code
    files: tuple[FileChange, ...]
    configs: tuple[Edited, ...]
    option: str = "--code"

    @property
    def tree(self) -> str:
        """The tree of the code commit, or the commit itself."""
        return self.code.tree or self.code.commit

    def choose(self, setting: str | None) -> tuple[Edit, Inspection]:
        """The edit of the config, `KEY=VALUE` or the one that is there, inspected with the code.

        Raises:
            Refused: there is none, or more than one; or the value cannot be set.
            UsageError: the key cannot be set.
        """
        if setting is None and not self.configs:
            raise refuse_without_switch(self.project, self.code.paths, self.option)
        if setting is not None and self.configs:
            names = ", ".join(file.path for file in self.configs)
            raise UsageError(
                f"{names} is edited, and --set {setting} would be a second change",
                f'leave out --set: gitexp start {self.option} "HYPOTHESIS"\n'
                f"or take the edit in {names} back, and keep --set",
            )
        configs = self.configs
        if setting is not None:
            edit = from_switch(self.project, setting, self.tree)
            configs = (Edited(edit.path, "100644", "100644", edit.before, edit.after),)
        inspection = inspect_files(self.project, configs)
        found = (*inspection.findings, *self.findings(inspection.change))
        first = configs[0]
        edit = Edit(first.path, first.before or b"", first.after or b"")
        return edit, inspection._replace(findings=found)

    def findings(self, change: Change | None) -> list[Finding]:
        """What is wrong with the code, below an experiment that makes this change."""
        project, base = self.project, self.code.base
        return check_code([Comparison(project, base, (), code_files=self.files)], [change])[0]


def split_code(project: Project, base: str, tree: str) -> CodeEdit:
    """Split what differs between a baseline commit and a tree into code and config.

    A config in Python is code as well: all of it but one value goes with the code.

    Raises:
        UsageError: no code differs.
        NotReady: the baseline commit has no settings.
    """
    project = project_as_of(project, base)
    differing = project.repository.git.differences("diff-tree", base, tree)
    kept, configs = list[tuple[str, str, str]](), list[Edited]()
    [files] = read_edited([(project, differing)], is_config)
    for file, edited in zip(differing, files, strict=True):
        if not is_config(edited.path, project.settings.config):
            kept.append((file.new_mode, file.new_id, file.path))
            continue
        below = code_in(edited)
        if below is not None:
            kept.append((file.new_mode, write_blob(project.repository, below), file.path))
            edited = edited._replace(before=below)  # noqa: PLW2901
        if edited.before != edited.after or file.old_mode != file.new_mode:
            configs.append(edited)
    if not kept:
        only = f"only {configs[0].path} differs" if configs else "no file differs"
        raise UsageError(
            f"{only} from {project.baseline}, and --code is for an edit of code",
            'gitexp start "HYPOTHESIS"' if configs else "edit the code and one config line first",
        )
    below_tree = tree_with(project.repository, base, kept)
    below_files = tuple(project.repository.git.differences("diff-tree", base, below_tree))
    paths = tuple(relative(project, file.path) for file in below_files)
    return CodeEdit(project, Code(base, paths, tree=below_tree), below_files, tuple(configs))


def project_as_of(project: Project, base: str) -> Project:
    """The project as one of its baseline commits declares it."""
    if base == project.tip:
        return project
    path, settings = settings_at(project.repository, base, project.prefix, project.baseline)
    return project._replace(tip=base, settings_path=path, settings=settings)


def fork_of(project: Project, commit: str) -> str:
    """The baseline commit where a commit left the baseline branch: its last one, if it is on it.

    Raises:
        NotReady: they have no common commit.
    """
    git = project.repository.git
    found = git.text("merge-base", project.tip, commit, allow=(1,)).split("\n")[0]
    if not found:
        raise NotReady(
            f"this and {project.baseline} have no common commit",
            f"begin from it: git switch --create work {project.baseline}",
        )
    return found


def code_in(file: Edited) -> bytes | None:
    """What a config in Python brings as code: all that differs but the values that it assigns.

    None for any other file, and where only values differ. A value that is new stays with the code,
    which reads it.
    """
    before, after = file.before, file.after
    regular = file.old_mode == file.new_mode and file.new_mode.startswith("100")
    if not regular or before is None or after is None or not file.path.endswith(".py"):
        return None
    try:
        old, new = assigned_values(before), assigned_values(after)
        changed = [key for key in old if key in new and not same(old[key], new[key])]
        content = after
        for key in changed:
            content = formats.copy_value(file.path, key, before, content)
    except Malformed:
        return None  # which the gate says
    except (LookupError, ValueError) as error:
        raise Refused(
            NOT_REGISTERED,
            [
                Finding(
                    "C1",
                    f"{file.path} is code and config, and its value cannot be told from its code:"
                    f" {error}",
                    "leave the old value in the file, and name the new one:"
                    ' gitexp start --code --set KEY=VALUE "HYPOTHESIS"',
                    file.path,
                )
            ],
        ) from None
    return None if content == before else content
