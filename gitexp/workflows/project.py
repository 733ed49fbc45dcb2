"""What every command begins with: the repository, the project in it, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, UsageError
from gitexp.rules.settings import FILES, Settings, parse_settings, table_of
from gitexp.rules.text import visible
from gitexp.store.git import Repository
from gitexp.store.local import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO_SETTINGS = "gitexp init writes them: which config file, which command, which metric"


@dataclass(frozen=True, slots=True)
class Project:
    """A project as its baseline branch declares it.

    `prefix` is the project's folder below the repository's top ("" or ending in a slash), `tip` the
    commit at the tip of the baseline branch, `settings` and `settings_path` those of that commit.
    """

    repository: Repository
    prefix: str
    baseline: str
    tip: str
    settings_path: str
    settings: Settings

    @property
    def baseline_ref(self) -> str:
        """Full name of the baseline branch."""
        return f"refs/heads/{self.baseline}"

    def path(self, inside: str) -> str:
        """Path from the repository's top of a path that is relative to the project."""
        return f"{self.prefix}{inside}"


def open_project(directory: Path | None = None, *, keep_location: bool = False) -> Project:
    """Find repository, project, baseline branch and settings from a directory.

    Raises:
        NotReady: one of them is missing; the message says which and what to do.
    """
    repository = Repository.discover(directory or Path.cwd(), keep_location=keep_location)
    prefix = project_prefix(repository)
    baseline, tip = find_baseline(repository, prefix)
    path, settings = settings_at(repository, tip, prefix, baseline)
    return Project(repository, prefix, baseline, tip, path, settings)


def project_prefix(repository: Repository) -> str:
    """Folder of the project that the current directory belongs to.

    The nearest folder upwards that holds settings; else the one that `init` noted in this clone
    (hooks run at the top of the work tree, wherever the project is).
    """
    if repository.top is not None:
        parts = [part for part in repository.prefix.split("/") if part]
        for depth in range(len(parts), -1, -1):
            prefix = "".join(f"{part}/" for part in parts[:depth])
            if read_work_tree_table(repository.top / prefix) is not None:
                return prefix
    return repository.setting("gitexp.project") or ""


def read_work_tree_table(folder: Path) -> tuple[str, dict[str, object]] | None:
    """File name and table of the settings that lie in a folder of the work tree."""
    for name in FILES:
        try:
            table = table_of(name, (folder / name).read_bytes())
        except OSError:
            continue
        except NotReady:
            # A broken pyproject.toml is somebody else's; a broken gitexp.toml is reported where
            # the committed one is read.
            if name == "gitexp.toml":
                return name, {}
            continue
        if table is not None:
            return name, table
    return None


def find_baseline(repository: Repository, prefix: str) -> tuple[str, str]:
    """Name and tip of the baseline branch: this clone's own setting first, then the project's."""
    named = repository.setting("gitexp.baseline")
    candidates = [named] if named else []
    if not named:
        table = repository.top and read_work_tree_table(repository.top / prefix)
        if table and isinstance(table[1].get("baseline"), str):
            candidates.append(str(table[1]["baseline"]))
        candidates += ["main", "master"]
    for name in candidates:
        if tip := resolve_branch(repository, name):
            return name, tip
    if repository.git.resolve("HEAD") is None:
        raise NotReady(
            "this repository has no commit yet, and experiments need a baseline to differ from",
            "git add -A && git commit -m 'baseline', then: gitexp init",
        )
    raise NotReady(
        f"there is no baseline branch: {' and '.join(candidates)} not found",
        "git config gitexp.baseline BRANCH names it for this clone",
    )


def resolve_branch(repository: Repository, name: str) -> str | None:
    """Commit of a branch: this clone's own, else that of the remote which git would take."""
    if tip := repository.git.resolve(f"refs/heads/{name}"):
        return tip
    remotes = repository.git.text("remote").splitlines()
    followed = repository.setting(f"branch.{name}.remote")
    for remote in sorted(remotes, key=lambda remote: (remote != followed, remote)):
        if tip := repository.git.resolve(f"refs/remotes/{remote}/{name}"):
            return tip
    return None


def choose_remote(
    repository: Repository,
    baseline: str,
    named: str | None = None,
    ask: Callable[[Sequence[str]], str] | None = None,
) -> str:
    """Choose a remote as git would: the named one, the one that the baseline follows, the only one.

    `ask` chooses among several; None where nobody is there to ask.

    Raises:
        UsageError: there is no such remote.
        NotReady: there is none at all, or several and nobody to ask.
    """
    remotes = repository.git.text("remote").splitlines()
    listed = ", ".join(remotes)
    if named is None:
        followed = repository.setting(f"branch.{baseline}.remote")
        named = followed if followed in remotes else remotes[0] if len(remotes) == 1 else None
    if named is None and remotes and ask is not None:
        named = ask(remotes)
    if named is None:
        if not remotes:
            raise NotReady("this clone has no remote to share with", "git remote add NAME URL")
        raise NotReady(
            f"which remote? {baseline} follows none, and there are {listed}",
            f"name it, or: git branch --set-upstream-to=REMOTE/{baseline} {baseline}",
        )
    if named not in remotes:
        raise UsageError(
            f"there is no remote {visible(named)}" + (f", only {listed}" if remotes else ""),
            "git remote add NAME URL",
        )
    return named


def settings_at(
    repository: Repository, commit: str, prefix: str, baseline: str = ""
) -> tuple[str, Settings]:
    """Read path and settings of a project as committed.

    Raises:
        NotReady: there are none in that commit, or they are not valid.
    """
    paths = [f"{prefix}{name}" for name in FILES]
    for path, content in zip(
        paths, repository.git.objects([f"{commit}:{path}" for path in paths]), strict=True
    ):
        table = table_of(path, content) if content is not None else None
        if table is not None:
            return path, parse_settings(path, table)
    where = f"on {baseline}" if baseline else f"in {commit[:10]}"
    raise NotReady(f"there are no gitexp settings {where}", _NO_SETTINGS)


def settings_of(project: Project, commit: str) -> Settings:
    """Settings of a project as some commit has them.

    Raises:
        NotReady: there are none in that commit, or they are not valid.
    """
    if commit == project.tip:
        return project.settings
    return settings_at(project.repository, commit, project.prefix)[1]


def short_name(name: str) -> str:
    """An experiment's name out of what people type: `brave-otter` or `exp/brave-otter`.

    Raises:
        UsageError: it cannot be the name of an experiment.
    """
    from gitexp.rules.registration import is_name

    short = name.removeprefix("refs/heads/").removeprefix("exp/")
    if not is_name(short):
        raise UsageError(
            f"{name!r} cannot be an experiment's name: small letters, digits and dashes",
            "gitexp log lists them",
        )
    return short


def find_experiment(project: Project, name: str | None) -> tuple[str, str]:
    """Full ref and commit of the experiment meant.

    That is the named one, else the one checked out, else the one last started in this clone.

    Raises:
        UsageError: there is no such experiment, or none was meant.
    """
    from gitexp.store.experiments import find_ref

    repository = project.repository
    if name is None:
        name = repository.head_branch() or ""
        if not name.startswith("exp/"):
            last = last_started(repository)
            if last is not None:
                return last
            raise UsageError(
                "which experiment? none is checked out and none was started in this clone",
                'gitexp start --set KEY=VALUE "HYPOTHESIS", or name one that gitexp log lists',
            )
    short = short_name(name)
    found = find_ref(repository, short)
    if found is None:
        raise UsageError(f"there is no experiment {short}", "gitexp log lists them")
    return found


def last_started(repository: Repository) -> tuple[str, str] | None:
    """Full ref and commit of the experiment last started in this clone, if it still exists."""
    from gitexp.rules.registration import is_name
    from gitexp.store.experiments import find_ref

    name = read_json(repository.local / "last.json").get("name")
    return find_ref(repository, name) if isinstance(name, str) and is_name(name) else None


def note_started(repository: Repository, name: str) -> None:
    """Remember an experiment as the one last started in this clone."""
    try:
        write_json(repository.local / "last.json", {"name": name})
    except OSError as error:
        raise GitexpError(f"{repository.local} cannot be written: {error.strerror}") from None
