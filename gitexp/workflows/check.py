"""The gate: what `check`, `run`, every hook and a server ask before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused
from gitexp.rules import hypothesis
from gitexp.rules.campaign import count
from gitexp.rules.finding import Finding
from gitexp.rules.one_change import Change, Edited, Inspection, inspect
from gitexp.rules.paths import is_config
from gitexp.rules.registration import Registration, hypothesis_of, parse_message
from gitexp.rules.verdict import campaign_level
from gitexp.store.experiments import Entry, read_commit
from gitexp.workflows.project import Project, find_experiment, settings_at
from gitexp.workflows.results import read_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.settings import Settings
    from gitexp.store.git import FileChange

# Level is written with six significant digits.
_LEVEL_SLACK = 1 + 1e-5


@dataclass(frozen=True, slots=True)
class Report:
    """What the gate says about one experiment; `settings` are those of its own baseline."""

    name: str
    entry: Entry
    settings: Settings
    change: Change | None
    registration: Registration | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the experiment may run."""
        return not any(not finding.advice for finding in self.findings)

    def demand(self) -> None:
        """Raise Refused with every finding where the experiment may not run."""
        if not self.ok:
            count = sum(not finding.advice for finding in self.findings)
            raise Refused(
                f"exp/{self.name}: refused, {count} rule{'' if count == 1 else 's'} broken",
                self.findings,
            )


def check(project: Project, name: str | None = None) -> Report:
    """Judge a committed experiment by every rule at once."""
    ref, commit = find_experiment(project, name)
    return check_commit(project, ref, commit)


def check_commit(project: Project, ref: str, commit: str) -> Report:
    """Judge the commit that an experiment's ref names."""
    repository = project.repository
    entry = read_commit(repository, ref, commit)
    findings, base = _about_place(project, entry)
    settings = settings_at(repository, base, project.prefix)[1]
    inspection = inspect_trees(project, settings, base, commit)
    findings += inspection.findings
    registration, said = _about_message(entry, inspection.change, settings)
    findings += said
    if registration is not None:
        findings += _about_level(project, registration, commit, settings)
    return Report(entry.name, entry, settings, inspection.change, registration, tuple(findings))


def _about_place(project: Project, entry: Entry) -> tuple[list[Finding], str]:
    """Check that the experiment is one commit on the baseline; returns what to compare it with."""
    git = project.repository.git
    if len(entry.parents) == 1 and git.succeeds(
        "merge-base", "--is-ancestor", entry.parents[0], project.tip
    ):
        return [], entry.parents[0]
    base = git.text("merge-base", project.tip, entry.commit, allow=(1,)).split("\n")[0]
    if not base:
        hint = f"gitexp retest {entry.name} registers the same change on {project.baseline}"
        if project.repository.shallow:
            hint = "git fetch --unshallow, and check again"
        raise NotReady(f"exp/{entry.name} and {project.baseline} have no common commit here", hint)
    ahead = int(git.text("rev-list", "--count", f"{base}..{entry.commit}"))
    return [
        Finding(
            "B1",
            f"exp/{entry.name} is {ahead} commits away from {project.baseline}, and an experiment"
            " is exactly one",
            f"git switch exp/{entry.name} && git reset --soft {base[:10]} && git commit",
        )
    ], base


def _about_message(
    entry: Entry, change: Change | None, settings: Settings
) -> tuple[Registration | None, list[Finding]]:
    findings = list(hypothesis.lint(hypothesis_of(entry.message), settings.metric))
    registration, said = parse_message(entry.message)
    findings += said
    if registration is None:
        return None, findings
    if registration.name != entry.name:
        findings.append(
            Finding(
                "T2",
                f"the trailer Experiment says {registration.name}, the branch {entry.name}",
                f"git branch -m exp/{entry.name} exp/{registration.name}",
            )
        )
    if change is not None and registration.change != str(change):
        findings.append(
            Finding(
                "T2",
                f"the trailer Change says {registration.change!r}, the diff {str(change)!r}",
                f"git commit --amend, and write: Change: {change}",
            )
        )
    return registration, findings


def _about_level(
    project: Project, registration: Registration, commit: str, settings: Settings
) -> list[Finding]:
    """Hold the level against what the campaign allows, this experiment's own success left out."""
    others = [r for r in read_results(project.repository) if r.entry.commit != commit]
    standings = [standing for result in others if (standing := result.standing())]
    _, confirmed = count(standings, registration.criterion.metric, registration.campaign)
    allowed = campaign_level(settings.error_budget, settings.planned, confirmed)
    if registration.level <= allowed * _LEVEL_SLACK:
        return []
    return [
        Finding(
            "T3",
            f"Level is {registration.level:g}, and campaign {registration.campaign} allows"
            f" {allowed:g} ({confirmed} confirmed, {settings.planned} planned)",
            f"git commit --amend, and write: Level: {allowed:g}",
        )
    ]


def inspect_trees(project: Project, settings: Settings, base: str, commit: str) -> Inspection:
    """Compare two commits by the one-change rule."""
    return _inspect(
        project, settings, project.repository.git.differences("diff-tree", base, commit)
    )


def inspect_index(project: Project, settings: Settings, base: str) -> Inspection:
    """Compare what is about to be committed with a commit by the one-change rule."""
    return _inspect(
        project, settings, project.repository.git.differences("diff-index", "--cached", base, "--")
    )


def _inspect(project: Project, settings: Settings, files: Sequence[FileChange]) -> Inspection:
    configs = [file for file in files if is_config(relative(project, file.path), settings.config)]
    blobs = [
        (file, mode, blob)
        for file in configs
        for mode, blob in ((file.old_mode, file.old_id), (file.new_mode, file.new_id))
        if mode.startswith("10")
    ]
    contents = dict(
        zip(
            [blob for _, _, blob in blobs],
            project.repository.git.objects([blob for _, _, blob in blobs]),
            strict=True,
        )
    )
    return inspect(
        [
            Edited(
                relative(project, file.path),
                file.old_mode,
                file.new_mode,
                contents.get(file.old_id),
                contents.get(file.new_id),
            )
            for file in files
        ],
        settings.config,
        seed_key=settings.seed_key,
        baseline=project.baseline,
    )


def relative(project: Project, path: str) -> str:
    """Path as the project sees it; what lies outside begins with a slash and matches no pattern."""
    if not project.prefix:
        return path
    inside = path.removeprefix(project.prefix)
    return inside if inside != path else f"/{path}"
