"""Turn a commit or a work tree with several changes into one experiment for each."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.gate import check
from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project, project_in
from gitexp.lab.registering.registering import Proposal, Started, register_all
from gitexp.rules.demand import demand
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.finding import Finding
from gitexp.rules.gate import hypothesis
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.gate.paths import is_config
from gitexp.rules.gate.single_changes import SingleChange, separate_changes
from gitexp.store.git import Git

if TYPE_CHECKING:
    from gitexp.store.git_output import FileChange

_NOTHING = "nothing was registered"


def find_parts(project: Project, name: str | None) -> list[SingleChange]:
    """Separate the changes of an experiment's commit, or without a name of the work tree.

    Raises:
        Refused: something differs that is not a config value, or cannot be an experiment alone.
        UsageError: nothing differs.
    """
    git = Git(project.repository.top or project.repository.common)
    if name is None:
        project.repository.work_tree()
        git.run("update-index", "-q", "--refresh", allow=(1, 128))
        files = git.differences("diff-index", git.resolve("HEAD") or project.tip, "--")
    else:
        _, commit = find_experiment(project.repository, name)
        base = git.text("merge-base", project.tip, commit, allow=(1,)).split("\n")[0]
        if not base:
            raise NotReady(f"{name} and {project.baseline} have no common commit")
        files = git.differences("diff-tree", base, commit)
    parts: list[SingleChange] = []
    findings: list[Finding] = []
    for file in files:
        edited = _read(project, git, file, stored=name is not None)
        if edited is None:
            message = f"{relative(project, file.path)} is not an edited config file"
            hint = 'take it along as code with one of the changes: gitexp start --code "HYPOTHESIS"'
            findings.append(Finding("C1", message, hint, relative(project, file.path)))
            continue
        settings = project.settings
        found, said = separate_changes(
            edited, settings.config, seed_key=settings.seed_key, baseline=project.baseline
        )
        parts += found
        findings += said
    if findings:
        raise Refused(_NOTHING, findings)
    if not parts:
        raise UsageError(
            "there is nothing to split: no config value differs",
            "edit the config, or name an experiment: gitexp start --split --of NAME",
        )
    return parts


def _read(project: Project, git: Git, file: FileChange, *, stored: bool) -> Edited | None:
    """Read a config file before and after; the edit must start from the baseline's tip."""
    path = relative(project, file.path)
    if file.old_mode != file.new_mode or not is_config(path, project.settings.config):
        return None
    new = file.new_id
    if not stored:
        on_disk = (git.directory / file.path).read_bytes()
        # As `git add` would store it: it converts line ends and applies clean filters.
        done = git.run("hash-object", "-w", f"--path={file.path}", "--stdin", stdin=on_disk)
        new = done.stdout.decode().strip()
    before, after, tip = git.objects([file.old_id, new, f"{project.tip}:{file.path}"])
    if before != tip:
        raise NotReady(
            f"{path} has changed on {project.baseline} since this edit was begun",
            f"make the edit on {project.baseline}'s version of the file",
        )
    return Edited(path, file.old_mode, file.new_mode, before, after)


def split(
    project: Project,
    name: str | None,
    texts: Sequence[str],
    ask: Callable[[str], str] | None,
) -> list[Started]:
    """Register one experiment for each change, each with a hypothesis; all of them or none.

    `texts` are hypotheses in the order of the changes; `ask` is asked for those that are missing.

    Raises:
        UsageError: hypotheses are missing and nobody was asked.
        Refused: a hypothesis breaks a rule.
    """
    if name is not None:
        project = project_in(project, check(project.repository, name).project.folder)
    parts = find_parts(project, name)
    given = list(texts)
    if ask is not None:
        given += [ask(str(part.change)) for part in parts[len(given) :]]
    if len(given) != len(parts):
        listed = "\n".join(f"  {part.change}" for part in parts)
        raise UsageError(
            f"{len(parts)} changes need as many hypotheses, and {len(given)} were given:\n{listed}",
            " ".join(
                ["gitexp start --split", *([f"--of {name}"] if name else [])]
                + [shlex.quote(_template(part)) for part in parts]
            ),
        )
    said = [hypothesis.lint(hypothesis_of(text), project.settings.metric) for text in given]
    demand([finding for findings in said for finding in findings], _NOTHING)
    return register_all(
        project,
        [
            Proposal(text, part.change, part.content, advice=findings, label=part.change.brief)
            for part, text, findings in zip(parts, given, said, strict=True)
        ],
    )


def _template(part: SingleChange) -> str:
    return f"{spell_key(part.change.key)}={spell(part.change.after)} … because …"
