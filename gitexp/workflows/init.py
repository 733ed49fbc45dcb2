"""Set a repository up: settings committed, hooks installed, settings approved for this clone."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.command import missing_program
from gitexp.errors import NotReady, UsageError
from gitexp.lab.guess import evaluating_files, mentioned_files
from gitexp.lab.guess.command import program_of
from gitexp.lab.measuring.missing_inputs import missing_inputs
from gitexp.lab.measuring.trial import Trial, try_out
from gitexp.lab.projects.baseline_branch import (
    baseline_key,
    find_baseline,
    no_baseline,
    resolve_branch,
)
from gitexp.lab.projects.baseline_files import commit_on_baseline
from gitexp.lab.projects.project import Project, project_at, settings_at
from gitexp.lab.projects.project_folder import read_work_tree_table
from gitexp.lab.setup.installation import (
    SetupStep,
    commit_settings,
    configure,
    install_hooks,
    uninstall,
)
from gitexp.lab.setup.new_settings import (
    as_settings,
    commit_command,
    example_key,
    guessed_keys,
    settle,
    typed_options,
    uncommitted,
    with_trial,
)
from gitexp.lab.trust.trust import settings_approved, trust
from gitexp.rules.documents.draft import DraftSettings, render
from gitexp.rules.documents.raised_rules import with_rules
from gitexp.rules.documents.settings import RULES, Settings
from gitexp.rules.documents.settings_file import FILES, table_of
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.gate.paths import is_pattern
from gitexp.store import hooks
from gitexp.store.git_output import decode
from gitexp.store.repository import Repository
from gitexp.store.work_tree_commit import demand_no_merge

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gitexp.lab.measuring.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Setup:
    """What `init` changed, and what it warns of.

    `server` says whether this is a server's repository, `trial` what trying the command showed.
    `guessed` are the keys of new settings that nobody gave, and `key` is one to experiment with.
    """

    steps: tuple[SetupStep, ...]
    warnings: tuple[str, ...] = ()
    server: bool = False
    trial: Trial | None = None
    guessed: tuple[str, ...] = ()
    key: str = "KEY"


def init(
    directory: Path,
    given: DraftSettings,
    ask: Callable[[str, str], str] | None,
    watch: Callable[[], AbstractContextManager[Watcher]],
    *,
    baseline: str = "",
    trial: bool = False,
) -> Setup:
    """Set the repository up; in a bare one, which only takes pushes, install the server's hook.

    `ask` gets a question and a default and returns the answer; None asks nothing. With `trial`, or
    if the answer is yes, the command is run before anything is changed, and `watch` shows it. You
    can repeat it: what is there already is left alone.

    Raises:
        NotReady: there is no commit yet, or the baseline branch is not checked out.
        UsageError: something could not be found out, and nobody was asked.
        CommandFailed: the trial failed; nothing was changed.
    """
    repository = Repository.discover(directory)
    if repository.top is None:
        # A server judges what is pushed and runs nothing, so it needs no more than the hook.
        return Setup(tuple(install_hooks(repository)), server=True)
    if repository.git.resolve("HEAD") is None:
        raise no_baseline(repository, [repository.head_branch() or "HEAD"])
    hooks.demand_room(repository)
    prefix = repository.prefix
    existing = read_work_tree_table(repository.work_tree() / prefix)
    if existing is None:
        demand_no_merge(repository.git_dir)
        name = _new_baseline(repository, baseline)
        done = _write_settings(repository, given, ask, watch, name, trial=trial)
    else:
        there = _project_there(repository, prefix, existing, baseline)
        _demand_as_given(given, there.settings, f"{prefix}{existing[0]}", there.baseline)
        name, done = there.baseline, _keep_settings(there, existing[0], watch if trial else None)
    steps = [*done.steps, *configure(repository, name, prefix), *install_hooks(repository)]
    project = project_at(Repository.discover(directory), prefix)  # as configured by now
    if not settings_approved(project):
        trust(project)
        steps.append(SetupStep("approved the settings for this clone", "gitexp init --undo"))
    return replace(done, steps=tuple(steps))


def undo(directory: Path) -> list[str]:
    """Take back what `init` did; experiments and results stay. Returns what was done, in words."""
    return uninstall(Repository.discover(directory))


# --- new settings -------------------------------------------------------------------------------


def _new_baseline(repository: Repository, given: str) -> str:
    """Name of the baseline branch, which must be checked out.

    Raises:
        NotReady: another branch is checked out, or none, or an experiment.
    """
    branch = repository.head_branch() or ""
    name = (
        given
        or repository.setting(baseline_key(repository.prefix))
        or repository.setting("gitexp.baseline")
        or branch
    )
    if branch != name or not branch:
        raise NotReady(
            "the settings are committed on the baseline branch, and"
            f" {f'{name} is not' if name else 'no branch is'} checked out",
            f"git switch {name or 'main'} && gitexp init",
        )
    if branch.startswith("exp/"):
        raise NotReady("this is an experiment, not a baseline", "git switch main && gitexp init")
    return name


def _write_settings(
    repository: Repository,
    given: DraftSettings,
    ask: Callable[[str, str], str] | None,
    watch: Callable[[], AbstractContextManager[Watcher]],
    baseline: str,
    *,
    trial: bool,
) -> Setup:
    """Settle the settings, with a trial if wanted, and commit them."""
    prefix, warnings, tried = repository.prefix, [], None
    here = repository.work_tree() / prefix
    settled = settle(here, given, ask, trial=trial)
    draft = settled.draft
    lacking = [] if draft.link else missing_inputs(repository, mentioned_files(here, draft))
    if lacking and not settled.trial:  # a trial shows whether it does without
        links = "".join(f" --link {shlex.quote(name)}" for name in lacking)
        warnings.append(
            f"{draft.command} may need {', '.join(lacking)}, which git does not track, so runs do"
            f" not get it; if so:\n  gitexp init --undo && gitexp init{typed_options(given)}{links}"
        )
    settings = as_settings(draft, baseline)
    script = program_of(here, draft.command).path
    judging = evaluating_files(_tracked(repository, here), settings, script)
    draft = replace(draft, protect=judging)
    missing = uncommitted(repository, here, settings)
    if not is_pattern(draft.config) and draft.config in missing:
        raise NotReady(
            f"{draft.config} is not committed, and experiments start from what is",
            commit_command([draft.config]) + " && gitexp init",
        )
    if missing:
        warnings.append(
            f"{', '.join(missing)} is not committed, so no run would find it:\n"
            + commit_command(missing)
        )
    if not settled.trial and (program := missing_program(settings, here, repository.work_tree())):
        warnings.append(
            f"there is no program {program} on PATH or in the project, so no run could start on"
            " this machine"
        )
    if settled.trial:
        tip = repository.git.text("rev-parse", "HEAD")
        with watch() as watcher:
            tried = try_out(
                repository, prefix, settings, tip, watcher,
                again=f"gitexp init --try{typed_options(settled.said)}", inputs=lacking,
            )  # fmt: skip
        draft = with_trial(draft, tried)
        as_settings(draft, baseline)
    warnings += draft.warnings
    text = render(draft, baseline)
    step = commit_settings(repository, prefix, text)
    return Setup(
        (step,), tuple(warnings), trial=tried, guessed=guessed_keys(text, draft, settled.said),
        key=example_key(here, draft.config, draft.command),
    )  # fmt: skip


def _tracked(repository: Repository, here: Path) -> list[str]:
    """Files of the project that are committed and in the work tree."""
    out = repository.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD").stdout
    prefix = repository.prefix
    inside = [path for path in decode(out).split("\0") if path.startswith(prefix)]
    return [name for path in inside if (here / (name := path.removeprefix(prefix))).is_file()]


# --- settings that are there --------------------------------------------------------------------


def _project_there(
    repository: Repository, prefix: str, existing: tuple[str, dict[str, object]], baseline: str
) -> Project:
    """Find the baseline branch of a project that has settings.

    Raises:
        NotReady: there is no such branch, or no valid settings on it.
    """
    if baseline:
        tip = resolve_branch(repository, baseline) or ""
        if not tip:
            raise NotReady(f"there is no branch {baseline}", "gitexp init --baseline BRANCH")
    else:
        try:
            baseline, tip = find_baseline(repository, prefix)
        except NotReady:
            # Nothing names a branch, and none has a usual name: take the one that is checked out.
            baseline = repository.head_branch() or ""
            named = (
                repository.setting(baseline_key(prefix))
                or repository.setting("gitexp.baseline")
                or existing[1].get("baseline")
            )
            if named or not baseline or baseline.startswith("exp/"):
                raise
            tip = repository.git.resolve("HEAD") or ""
    paths = [f"{tip}:{prefix}{name}" for name in FILES]
    if not any(
        content is not None and table_of(path, content) is not None
        for path, content in zip(paths, repository.git.objects(paths), strict=True)
    ):
        raise NotReady(
            f"the settings in {prefix}{existing[0]} are not committed on {baseline}",
            f"git switch {baseline} && git add {existing[0]} && git commit -m 'Set up gitexp'"
            " && gitexp init",
        )
    path, settings = settings_at(repository, tip, prefix, baseline)
    return Project(repository, prefix, baseline, tip, path, settings)


def _keep_settings(
    project: Project, name: str, watch: Callable[[], AbstractContextManager[Watcher]] | None
) -> Setup:
    """Leave settings as they are, but for the rules of verdict; try them where that is watched."""
    steps, warnings = _raise_rules(project)
    if watch is None:
        return Setup(steps, warnings)
    with watch() as watcher:
        tried = try_out(project.repository, project.prefix, project.settings, project.tip, watcher)
    warnings += _disagreement(tried, project.settings, project.baseline, name)
    return Setup(steps, warnings, trial=tried)


def _raise_rules(project: Project) -> tuple[tuple[SetupStep, ...], tuple[str, ...]]:
    """Commit the line `rules` where the settings are those of an earlier version.

    Returns the step that was taken, or what to do instead where the upstream branch has the line.
    """
    if project.settings.rules >= RULES:
        return (), ()
    path = project.settings_path.removeprefix(project.prefix)
    tips = [project.repository.git.resolve(f"{project.baseline}@{{upstream}}"), project.tip]
    names = [f"{tip or project.tip}:{project.settings_path}" for tip in tips]
    theirs, before = project.repository.git.objects(names)
    after = with_rules(path, before or b"")
    if theirs == after:
        return (), (f"the upstream of {project.baseline} has `rules = {RULES}`: git pull",)
    message = f"Judge new experiments by rules {RULES} of gitexp"
    commit = commit_on_baseline(project, path, before, after, message)[:10]
    what = f"added `rules = {RULES}` to {project.settings_path} and committed it ({commit})"
    return (SetupStep(what, "none; rules of verdict are only ever raised (V12)"),), ()


def _demand_as_given(given: DraftSettings, settings: Settings, path: str, baseline: str) -> None:
    """Stop if options ask for other settings than there are: `init` does not change settings.

    Raises:
        UsageError: the message names what differs.
    """
    there = settings.table | {"config": settings.config[0]}
    differ = [
        f"{name} = {spell(there.get(name, ''))}"
        for name in DraftSettings.__slots__
        if _plain(getattr(given, name)) not in ("", None, [], False, there.get(name))
    ]
    if differ:
        raise UsageError(
            f"{path} has settings already, and init does not change them: {', '.join(differ)}",
            f"git switch {baseline} && $EDITOR {path} && git commit -am 'Settings' && gitexp trust",
        )


def _plain(value: object) -> object:
    """A value as TOML has it, which knows no tuples."""
    return list(value) if isinstance(value, tuple) else value


def _disagreement(trial: Trial, settings: Settings, baseline: str, path: str) -> tuple[str, ...]:
    """Warn if a trial shows that a seed changes something else than the settings say."""
    if trial.vary == settings.vary:
        return ()
    warning = (
        f'the settings on {baseline} say vary = "{settings.vary}", but the trial says'
        f' "{trial.vary}": correct {path} there and commit it, then: gitexp trust'
    )
    return (warning,)
