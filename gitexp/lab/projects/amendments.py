"""Baseline commits that changed what measures or what is asked for, read from its history."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitexp.errors import NotReady
from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.past_settings import read_settings
from gitexp.rules.documents.goal import FILE as GOALS
from gitexp.rules.documents.goal import changed_goals, parse_goals
from gitexp.rules.documents.protocol import changed_protocol
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import FILES
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.protected import is_protected
from gitexp.rules.verdict.campaign import campaign_level

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.goal import Goal
    from gitexp.store.git_output import FileChange
    from gitexp.store.lineage import LineageStep

_FURTHEST = 2000  # commits in which a change of protocol is looked for


class BaselineCommit(Protocol):
    """A commit of a baseline branch, and the files in which it differs from its first parent."""

    @property
    def commit(self) -> str:
        """Its id."""

    @property
    def files(self) -> Sequence[FileChange]:
        """What it changed."""


class Amendment(NamedTuple):
    """What a baseline commit changed about how results are judged.

    `files` are protected ones, `settings` those that measure, as `KEY: BEFORE -> AFTER`; `asked`
    are criterion, goals and a limit of p that was raised, as `criterion: BEFORE -> AFTER`.
    """

    files: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def protocol(self) -> tuple[str, ...]:
        """What measures differently since, so that results before and after are not comparable."""
        return self.files + self.settings


UNAMENDED = Amendment()


def read_amendments(
    project: Project, commits: Sequence[BaselineCommit], origin: str
) -> dict[str, Amendment]:
    """Find amendments among commits that follow one another, newest first, by commit.

    `origin` is the parent of the oldest one, empty where history begins. Until a project has
    settings, nothing is measured, so its first ones change nothing.
    """
    changed = {
        one.commit: [file for file in one.files if relative(project, file.path) in (*FILES, GOALS)]
        for one in commits
    }
    with_settings = [
        commit
        for commit, files in changed.items()
        if any(relative(project, file.path) in FILES for file in files)
    ]
    asked_of = [*filter(None, [origin]), *with_settings]
    known = read_settings(project.repository, project.prefix, asked_of)
    goals = _read_goals(project, [file for files in changed.values() for file in files])
    now = _valid(known.get(origin)) or _last_valid(project, origin)
    found = {}
    for one in reversed(commits):
        # Settings that cannot be read measure nothing; those that mend them are compared with the
        # last ones that did.
        before, now = now, _valid(known.get(one.commit)) or now
        if before is None or now is None:
            continue
        paths = [relative(project, file.path) for file in one.files]
        touched = [p for p in paths if is_protected(before, p) or is_protected(now, p)]
        asked = _changed_criterion(before, now)
        for file in changed[one.commit]:
            if relative(project, file.path) == GOALS:
                both = goals[file.old_id], goals[file.new_id]
                asked += (f"goal: {said}" for said in changed_goals(*both))
        amendment = Amendment(tuple(touched), changed_protocol(before, now), tuple(asked))
        if amendment != UNAMENDED:
            found[one.commit] = amendment
    return found


def _valid(settings: Settings | NotReady | None) -> Settings | None:
    return settings if isinstance(settings, Settings) else None


def _last_valid(project: Project, commit: str) -> Settings | None:
    """The settings before a commit in which they cannot be read, None if there never were any."""
    steps = islice(project.repository.lineage.since(commit), _FURTHEST)
    touching = [
        step.parent
        for step in steps
        if step.parent and any(relative(project, file.path) in FILES for file in step.files)
    ]
    found = read_settings(project.repository, project.prefix, touching).values()
    return next(filter(None, map(_valid, found)), None)


def _changed_criterion(before: Settings, after: Settings) -> list[str]:
    """Say how the criterion of experiments without their own changed, or the limit was raised."""
    old, new = before.criterion, after.criterion
    said = [] if old == new else [f"criterion: {old} -> {new}"]
    limit, raised = (campaign_level(one.error_budget, one.planned, 0) for one in (before, after))
    return [*said, f"limit of p: {limit:g} -> {raised:g}"] if raised > limit else said


def _read_goals(project: Project, files: Iterable[FileChange]) -> dict[str, list[Goal]]:
    """Goals by the id of their file; none where it is absent or cannot be read."""
    ids = [
        blob
        for file in files
        if relative(project, file.path) == GOALS
        for blob in (file.old_id, file.new_id)
    ]
    contents = project.repository.git.objects(ids, largest=LARGEST) if ids else []
    found = {}
    for blob, content in zip(ids, contents, strict=True):
        try:
            found[blob] = parse_goals(content or b"")
        except NotReady:
            found[blob] = []
    return found


# --- which commits share a protocol -------------------------------------------------------------


def protocols_of(project: Project, commits: Collection[str]) -> dict[str, str]:
    """Name the protocol of each commit and of the baseline's tip by the change that began it.

    Where no change of protocol lies between commits, they have the same name. A commit that is not
    here, or whose history does not meet that of the tip, is taken to share its protocol.
    """
    wanted = {*commits}
    line = _walk(project, project.tip, lambda seen: wanted <= seen)
    found = _named(project, line, "")
    others = dict.fromkeys(wanted - found.keys(), found[project.tip])
    for commit in others:
        if not commit or project.repository.git.resolve(commit) is None:
            continue
        branch = _walk(project, commit, lambda seen: not found.keys().isdisjoint(seen))
        meets = found.get(branch[-1].commit)
        if meets is not None:
            others[commit] = _named(project, branch, meets)[commit]
    return found | others


def _walk(project: Project, start: str, ends: Callable[[set[str]], bool]) -> list[LineageStep]:
    """Walk back from a commit, until the commits that were seen end it."""
    line: list[LineageStep] = []
    seen: set[str] = set()
    for step in islice(project.repository.lineage.since(start), _FURTHEST):
        line.append(step)
        seen.add(step.commit)
        if ends(seen):
            break
    return line


def _named(project: Project, line: Sequence[LineageStep], first: str) -> dict[str, str]:
    """Name the protocol of each commit of a line, whose oldest one has the `first`."""
    changes = read_amendments(project, line[:-1], line[-1].commit) if line[1:] else {}
    names, now = {}, first
    for step in reversed(line):
        if step.commit in changes and changes[step.commit].protocol:
            now = step.commit
        names[step.commit] = now
    return names
