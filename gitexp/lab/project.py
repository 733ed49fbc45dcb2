"""What every command begins with: the repository, the project in it, and its settings."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.settings import FILES, Settings, parse_settings, table_of
from gitexp.rules.text import visible
from gitexp.store.local import read_json, write_json
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LAST = "last.json"  # names of the experiments last started, by project folder
NO_SETTINGS = "write them: gitexp init"


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

    @property
    def folder(self) -> str:
        """The project's folder as trailers and records name it, empty at the top."""
        return self.prefix.rstrip("/")

    def path(self, inside: str) -> str:
        """Path from the repository's top of a path that is relative to the project."""
        return f"{self.prefix}{inside}"

    def pathspec(self, inside: str) -> str:
        """Such a path as a git command names it, wherever in the work tree it is typed."""
        return shlex.quote(f":/{self.path(inside)}")


def open_project(directory: Path | None = None) -> Project:
    """Find repository, project, baseline branch and settings from a directory.

    Raises:
        NotReady: one of them is missing; the message says which and what to do.
    """
    from gitexp.store.note_writing import mend_refs

    repository = Repository.discover(directory or Path.cwd())
    mend_refs(repository)
    return project_at(repository, project_prefix(repository))


def project_at(repository: Repository, prefix: str) -> Project:
    """Project of a folder of the repository, as its baseline branch declares it.

    Raises:
        NotReady: it has no baseline branch, or no settings there.
    """
    baseline, tip = find_baseline(repository, prefix)
    path, settings = settings_at(repository, tip, prefix, baseline)
    return Project(repository, prefix, baseline, tip, path, settings)


def project_prefix(repository: Repository) -> str:
    """Folder of the project that the current directory belongs to.

    The nearest folder upwards that holds settings; else the one that `init` noted in this clone
    (hooks run at the top of the work tree, wherever the project is).

    Raises:
        NotReady: this clone knows several projects, and the directory is in none of them.
    """
    if repository.top is not None:
        for prefix in folders_upwards(repository.prefix):
            if read_work_tree_table(repository.top / prefix) is not None:
                return prefix
    known = known_projects(repository)
    if len(known) > 1:
        import shlex

        raise NotReady(
            f"this repository holds several projects: {', '.join(known)}",
            f"cd into the folder of one, and again: cd {shlex.quote(known[0])}",
        )
    return known[0] if known else ""


def folders_upwards(folder: str) -> list[str]:
    """A folder and all above it, nearest first, each "" or ending in a slash."""
    parts = [part for part in folder.split("/") if part]
    return ["".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1)]


def baseline_key(prefix: str) -> str:
    """Key of git's configuration that names a project's baseline branch in this clone."""
    return f"gitexp.{prefix.rstrip('/')}.baseline" if prefix else "gitexp.baseline"


def known_projects(repository: Repository) -> list[str]:
    """Folders of the projects that `init` noted in this clone; the top itself is ""."""
    here = [""] if repository.setting("gitexp.baseline") else []
    return here + [
        key.removeprefix("gitexp.").removesuffix(".baseline") + "/"
        for key in repository.config
        if key.startswith("gitexp.") and key.endswith(".baseline") and key != "gitexp.baseline"
    ]


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
    """Name and tip of a project's baseline branch: what this clone says, then the settings.

    Where there is no work tree, as on a server, HEAD names the branch that everybody starts from.
    """
    named = repository.setting(baseline_key(prefix)) or repository.setting("gitexp.baseline")
    candidates = [named] if named else ["main", "master"]
    if not named:
        first: object = repository.head_branch()
        if repository.top is not None:
            table = read_work_tree_table(repository.top / prefix)
            first = table[1].get("baseline") if table else None
        if isinstance(first, str):
            candidates = [*dict.fromkeys([first, *candidates])]
    for name in candidates:
        if tip := resolve_branch(repository, name):
            return name, tip
    if repository.top is not None and repository.git.resolve("HEAD") is None:
        raise NotReady(
            "this repository has no commit yet, and experiments need a baseline to differ from",
            "git add -A && git commit -m 'baseline' && gitexp init",
        )
    raise NotReady(
        f"there is no baseline branch: {' and '.join(candidates)} not found",
        "name it for this clone: git config gitexp.baseline BRANCH",
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
            raise NotReady(
                "this clone has no remote to share with", "name one: git remote add NAME URL"
            )
        raise NotReady(
            f"which remote? {baseline} follows none, and there are {listed}",
            f"name it, or say so once: git branch --set-upstream-to=REMOTE/{baseline} {baseline}",
        )
    if named not in remotes:
        raise UsageError(
            f"there is no remote {visible(named)}" + (f", only {listed}" if remotes else ""),
            "name it to git first: git remote add NAME URL",
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
    where = f"on {baseline}" if baseline else f"in {commit[:10]}"
    for path, content in zip(
        paths, repository.git.objects([f"{commit}:{path}" for path in paths]), strict=True
    ):
        try:
            table = table_of(path, content) if content is not None else None
            if table is not None:
                return path, parse_settings(path, table)
        except NotReady as error:
            # The file in the work tree may be in order by now, and what is committed counts.
            raise NotReady(f"{where}, {error.message}", error.hint) from None
    raise NotReady(f"there are no gitexp settings {where}", NO_SETTINGS)


def settings_of(project: Project, commit: str) -> Settings:
    """Settings of a project as some commit has them.

    Raises:
        NotReady: there are none in that commit, or they are not valid.
    """
    if commit == project.tip:
        return project.settings
    return settings_at(project.repository, commit, project.prefix)[1]


def project_in(here: Project, folder: str) -> Project:
    """Project of another folder of the same repository, or the very one that is there already.

    Raises:
        NotReady: it is no longer on its baseline branch.
    """
    if folder == here.folder:
        return here
    return project_at(here.repository, f"{folder}/" if folder else "")


def short_name(name: str) -> str:
    """An experiment's name out of what people type: `brave-otter` or `exp/brave-otter`.

    Raises:
        UsageError: it cannot be the name of an experiment.
    """
    from gitexp.rules.documents.name import is_name

    short = name.removeprefix("refs/heads/").removeprefix("exp/")
    if not is_name(short):
        raise UsageError(
            f"{name!r} cannot be an experiment's name: small letters, digits and dashes",
            "see which there are: gitexp log",
        )
    return short


def find_experiment(repository: Repository, name: str | None) -> tuple[str, str]:
    """Full ref and commit of the experiment meant.

    That is the named one, else the one checked out, else the one last started in this project.

    Raises:
        UsageError: there is no such experiment, or none was meant.
    """
    if name is None:
        name = repository.head_branch() or ""
        if not name.startswith("exp/"):
            last = last_started(repository, project_prefix(repository))
            if last is not None:
                return last
            raise UsageError(
                "which experiment? none is checked out and none was started in this clone",
                'register one: gitexp start --set KEY=VALUE "HYPOTHESIS"\n'
                "or name one of these: gitexp log",
            )
    short = short_name(name)
    found = _find(repository, short)
    if found is None:
        raise UsageError(f"there is no experiment {short}", "see which there are: gitexp log")
    return found


def _find(repository: Repository, name: str) -> tuple[str, str] | None:
    """Find an experiment, in the archive too if its branch was deleted by hand a moment ago."""
    from gitexp.store.archive import shelve_deleted
    from gitexp.store.experiment_refs import find_ref

    if (found := find_ref(repository, name)) is None:
        shelve_deleted(repository)
        found = find_ref(repository, name)
    return found


def last_started(repository: Repository, prefix: str) -> tuple[str, str] | None:
    """Full ref and commit of the experiment last started in a project, if it still exists."""
    return read_started(repository).get(prefix)


def read_started(repository: Repository) -> dict[str, tuple[str, str]]:
    """Full ref and commit of the experiments last started in this clone, by project folder."""
    from gitexp.rules.documents.name import is_name

    found = {}
    for prefix, name in read_json(repository.local / _LAST).items():
        if isinstance(name, str) and is_name(name) and (ref := _find(repository, name)):
            found[prefix] = ref
    return found


def note_started(repository: Repository, prefix: str, name: str) -> None:
    """Remember an experiment as the one last started in this clone's project."""
    path = repository.local / _LAST
    try:
        write_json(path, read_json(path) | {prefix: name})
    except OSError as error:
        raise NotReady(
            f"{path.parent} cannot be written: {error.strerror}",
            "make it writable for you, or work in a clone of your own",
        ) from None


def rename_started(repository: Repository, old: str, new: str) -> None:
    """Let what was last started be found by the name that it has now."""
    path = repository.local / _LAST
    names = read_json(path)
    if old in names.values():
        write_json(path, {key: new if name == old else name for key, name in names.items()})
