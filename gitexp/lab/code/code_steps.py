"""Baseline commits that change only code, and the earlier ones that they are proven to repeat."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gitexp.lab.projects.differences import relative
from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.found import CODE_FOUND, Found
from gitexp.rules.documents.same_settings import run_alike
from gitexp.rules.documents.settings_file import FILES
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.kept_values import keeps_values
from gitexp.rules.gate.paths import is_config, matches
from gitexp.rules.gate.protected import is_protected
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.git_output import FileChange
    from gitexp.store.lineage import LineageStep

_FURTHEST = 200  # commits in which a measured ancestor is looked for


class CodeStep(NamedTuple):
    """A baseline commit that changes only code since `ancestor`, the nearest with records."""

    commit: str
    ancestor: str


def alters_runs(project: Project, settings: Settings, file: FileChange) -> bool:
    """Whether a file that differs can alter a run; what measures can, whatever its name."""
    path = relative(project, file.path)
    if is_protected(settings, path):
        return True
    if matches(path, settings.unread):
        return False
    if path not in FILES or file.old_mode != file.new_mode:
        return True
    return not run_alike(path, *project.repository.git.objects([file.old_id, file.new_id]))


def changes_only_code(project: Project, settings: Settings, files: Iterable[FileChange]) -> bool:
    """Whether files that differ are code: no value of a config, no setting, nothing that measures.

    Keys of a config may be gone, as the switch of code that is always on.
    """
    altering = [file for file in files if alters_runs(project, settings, file)]
    paths = [relative(project, file.path) for file in altering]
    if any(path in FILES or is_protected(settings, path) for path in paths):
        return False
    configs = [
        (file, path)
        for file, path in zip(altering, paths, strict=True)
        if is_config(path, settings.config)
    ]
    ids = [one for file, _ in configs for one in (file.old_id, file.new_id)]
    read = iter(project.repository.git.objects(ids, largest=LARGEST) if ids else ())
    return all(
        keeps_values(path, next(read), next(read)) and file.old_mode == file.new_mode
        for file, path in configs
    )


def code_steps(
    project: Project, settings: Settings, commit: str
) -> Iterator[tuple[LineageStep, bool]]:
    """Walk from a commit to the last one that changed more than code.

    Each step comes with whether it can alter a run.
    """
    for step in project.repository.lineage.since(commit):
        if not step.parent:
            return
        alters = any(alters_runs(project, settings, file) for file in step.files)
        if alters and not changes_only_code(project, settings, step.files):
            return
        yield step, alters


class ProvenSteps:
    """What is on record of a project's baseline commits that were compared with an ancestor."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._notes: dict[str, str] = {}

    def against(self, commit: str) -> str:
        """The ancestor that a commit is proven to repeat, empty if there is none."""
        neutral = (one for one in self.checks(commit) if one.found is Found.NEUTRAL)
        return next((check.baseline for check in neutral), "")

    def checks(self, commit: str) -> list[Check]:
        """What comparisons of a commit with an ancestor have shown."""
        if commit not in self._notes:
            # Those of the commits before it are asked for soon, in the same git process.
            steps = islice(self._project.repository.lineage.since(commit), _FURTHEST)
            commits = [step.commit for step in steps]
            notes = read_notes(self._project.repository, RUNS, commits)
            self._notes |= dict.fromkeys(commits, "") | notes
        return step_checks(self._notes[commit], commit, self._project.folder)


def step_checks(text: str, commit: str, folder: str) -> list[Check]:
    """What the note of a baseline commit says of comparisons with an ancestor in a project."""
    return [
        check
        for check in parse_checks(text, commit)
        if check.baseline and check.project == folder and check.found in CODE_FOUND
    ]


def unproven_step(project: Project, settings: Settings, base: str) -> CodeStep | None:
    """Find out whether a commit without records changes only code since one that has some.

    None if it was compared already, or if records are not shared between experiments.
    """
    if settings.rules < 2 or settings.pairing:
        return None
    steps = [*islice(code_steps(project, settings, base), _FURTHEST)]
    first = next((at for at, (_, alters) in enumerate(steps) if alters), None)
    if first is None:
        return None
    from gitexp.rules.documents.record import parse_records  # a hook seldom comes this far

    commits = [base, *(step.parent for step, _ in steps)]
    notes = read_notes(project.repository, RUNS, commits)

    def has_records(commit: str) -> bool:
        records = parse_records(notes.get(commit, ""))
        return any(record.ok and record.project == project.folder for record in records)

    commit = steps[first][0].commit
    compared = step_checks(notes.get(commit, ""), commit, project.folder)
    if compared or any(map(has_records, commits[: first + 1])):
        return None
    ancestor = next(filter(has_records, commits[first + 1 :]), "")
    return CodeStep(commit, ancestor) if ancestor else None
