"""The ground that an experiment stands on: baseline commit, project, and what differs from there.

Which project an experiment belongs to follows from the files that it changes, not from where
somebody stands: hooks run at the top of the work tree, a server has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.baseline_branch import find_baseline
from gitexp.lab.project import NO_SETTINGS, Project
from gitexp.lab.project_folder import folders_upwards, known_projects
from gitexp.rules.documents.settings import FILES, Settings, parse_settings, table_of
from gitexp.rules.finding import Finding
from gitexp.rules.gate.paths import is_config
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.store.experiments import Entry
    from gitexp.store.git_output import FileChange
    from gitexp.store.repository import Repository

_TABLE = b"tool.gitexp"
_MOST_FOLDERS = 50  # of changed files, before the rest no longer tells which project is meant


@dataclass(frozen=True, slots=True)
class Ground:
    """What an experiment is compared with.

    `base` is the baseline commit, `project` the one that it belongs to, with the settings of that
    commit. `findings` say where the experiment is not one commit on its baseline branch.
    """

    project: Project
    base: str
    files: tuple[FileChange, ...]
    findings: tuple[Finding, ...] = ()


def find_grounds(
    repository: Repository, entries: Sequence[Entry], *, largest: int | None = None
) -> list[Ground | NotReady]:
    """Find the ground of each experiment; the same few git processes, however many they are.

    NotReady stands where one has none. Settings of more than `largest` bytes count as missing.
    """
    from gitexp.rules.documents.message import split_message  # pre-commit has no message yet

    baselines = _Baselines(repository, entries)
    projects = _Projects(repository, largest)
    placed: list[_Placed | NotReady] = []
    for entry in entries:
        try:
            placed.append(baselines.place(entry, baselines.likely(entry)))
        except NotReady as error:
            placed.append(error)
    pairs = [
        (place.base, entry.commit)
        for entry, place in zip(entries, placed, strict=True)
        if isinstance(place, _Placed)
    ]
    differences = {
        commit: files
        for (_, commit), files in zip(pairs, repository.git.differences_of(pairs), strict=True)
    }
    registered = {entry.commit: split_message(entry.message)[1] for entry in entries}
    projects.read(
        (place.base, folder)
        for entry, place in zip(entries, placed, strict=True)
        if isinstance(place, _Placed)
        for folder in projects.candidates(differences[entry.commit], registered[entry.commit])
    )
    grounds: list[Ground | NotReady] = []
    for entry, place in zip(entries, placed, strict=True):
        try:
            if isinstance(place, NotReady):
                raise place
            base, findings, files = place.base, place.findings, differences[entry.commit]
            prefix = projects.choose(base, files, registered[entry.commit])
            if (branch := baselines.of(prefix)) != baselines.likely(entry):
                # The project's experiments start from another branch.
                moved = baselines.place(entry, branch)
                if moved.base != base:
                    files = repository.git.differences("diff-tree", moved.base, entry.commit)
                base, findings = moved.base, moved.findings
            project = projects.at(base, prefix, branch)
        except NotReady as error:
            grounds.append(error)
        else:
            grounds.append(Ground(project, base, tuple(files), findings))
    return grounds


def find_ground_of_index(repository: Repository) -> Ground:
    """Find the ground of what is about to be committed on an experiment's branch.

    That is the point where the branch left the baseline, not HEAD: an amend would look like a new
    commit, and a second commit like a first.

    Raises:
        NotReady: there is no such point, or no project that the changed files belong to.
    """
    baselines, projects = _Baselines(repository, ()), _Projects(repository, None)
    branch, prefix = baselines.nearest("HEAD"), None
    while True:
        base = _leaves_head(repository, branch[1])
        if not base:
            raise NotReady(
                f"this branch and {branch[0]} have no common commit",
                f"git switch --create exp/NAME {branch[0]}",
            )
        files = repository.git.differences("diff-index", "--cached", base, "--")
        if prefix is not None:
            break
        projects.read((base, folder) for folder in projects.candidates(files, {}))
        prefix = projects.choose(base, files, {})
        if baselines.of(prefix) == branch:
            break
        # The project's experiments start from another branch.
        branch = baselines.of(prefix)
    return Ground(projects.at(base, prefix, branch), base, tuple(files))


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where an experiment left its baseline branch."""

    base: str
    findings: tuple[Finding, ...] = ()


class _Baselines:
    """The baseline branches of the projects here, as (name, tip)."""

    def __init__(self, repository: Repository, entries: Sequence[Entry]) -> None:
        self._repository = repository
        self._parents = [entry.parents[0] for entry in entries if len(entry.parents) == 1]
        self._by_project: dict[str, tuple[str, str]] = {}
        self._held: dict[str, set[str]] = {}  # parents that a tip holds
        self._apart: dict[tuple[str, str], tuple[str, int]] = {}
        self._known: list[tuple[str, str]] = []

    def of(self, prefix: str) -> tuple[str, str]:
        """Baseline branch of a project."""
        if prefix not in self._by_project:
            self._by_project[prefix] = find_baseline(self._repository, prefix)
        return self._by_project[prefix]

    def known(self) -> list[tuple[str, str]]:
        """All that this clone knows of, at least one."""
        if not self._known:
            missing: NotReady | None = None
            for prefix in known_projects(self._repository) or [""]:
                try:
                    self._known.append(self.of(prefix))
                except NotReady as error:
                    missing = error
            # A branch that is gone is the business of its own projects alone.
            if missing is not None and not self._known:
                raise missing
            self._known = list(dict.fromkeys(self._known))
        return self._known

    def likely(self, entry: Entry) -> tuple[str, str]:
        """The baseline branch that holds an experiment's parent, else the first."""
        holding = (b for b in self.known() if entry.parents[:1] and self._holds(b[1], entry))
        return next(holding, self.known()[0])

    def nearest(self, revision: str) -> tuple[str, str]:
        """The baseline branch that a commit has left last."""
        if len(self.known()) == 1:
            return self.known()[0]

        def distance(branch: tuple[str, str]) -> int:
            return int(
                self._repository.git.text("rev-list", "--count", f"{branch[1]}..{revision}", "--")
            )

        return min(self.known(), key=distance)

    def _holds(self, tip: str, entry: Entry) -> bool:
        """Whether a branch holds an experiment's only parent; asked once for all experiments."""
        if len(entry.parents) != 1:
            return False
        if tip not in self._held:
            from gitexp.store.experiments import unreached

            parents = {*self._parents}
            self._held[tip] = parents - unreached(self._repository, parents - {tip}, tip)
        return entry.parents[0] in self._held[tip]

    def place(self, entry: Entry, branch: tuple[str, str]) -> _Placed:
        """Check that an experiment is one commit on a baseline branch, and name its base.

        Raises:
            NotReady: they have no common commit.
        """
        import shlex

        from gitexp.rules.documents.message import split_message

        name, tip = branch
        short = visible(entry.name)
        shown = f"exp/{short}"
        pasted, again = shlex.quote(shown), f"gitexp retest {shlex.quote(short)}"
        if entry.commit == tip:
            said = f"{shown} has no commit of its own: it is the tip of {name}"
            hint = f"git switch {pasted}, change one config line and commit it"
            return _Placed(entry.commit, (Finding("B1", said, hint),))
        if self._holds(tip, entry):
            return _Placed(entry.parents[0])
        base, ahead = self._leaves(entry, tip)
        if not base:
            hint = f"{again} registers the same change on {name}"
            if self._repository.shallow:
                hint = "git fetch --unshallow, and check again"
            raise NotReady(f"{shown} and {name} have no common commit here", hint)
        hint = f"git switch {pasted} && git reset --soft {base[:10]} && git commit"
        if base == tip and self._repository.top is not None:
            pull = f"git switch {shlex.quote(name)} && git pull"
            hint = f"where {name} is only behind here: {pull}\nelse: {hint}"
        if "Experiment" in split_message(entry.message)[1]:
            hint += f"\nwhere {name} was rewritten: {again}"
        said = f"{shown} is {ahead} commits away from {name}, and an experiment is exactly one"
        return _Placed(base, (Finding("B1", said, hint),))

    def _leaves(self, entry: Entry, tip: str) -> tuple[str, int]:
        """Where an experiment left a branch, and how many commits ago.

        Asked once for all that share their parent, as where the baseline was rewritten.
        """
        git, own = self._repository.git, len(entry.parents) == 1
        start = entry.parents[0] if own else entry.commit
        if (start, tip) not in self._apart:
            base = _merge_base(self._repository, tip, start)
            ahead = int(git.text("rev-list", "--count", f"{base}..{start}")) if base else 0
            self._apart[start, tip] = base, ahead
        base, ahead = self._apart[start, tip]
        return base, ahead + own


def _leaves_head(repository: Repository, tip: str) -> str:
    """Where HEAD left a branch; empty where they have no common commit."""
    head = repository.git.objects(["HEAD^{commit}"])[0]
    # The usual: an experiment's only commit is being made, or made anew, on the tip itself.
    if head is not None and (
        f"parent {tip}".encode() in head.partition(b"\n\n")[0].split(b"\n")
        or repository.git.resolve("HEAD") == tip
    ):
        return tip
    return _merge_base(repository, tip, "HEAD")


def _merge_base(repository: Repository, tip: str, revision: str) -> str:
    return repository.git.text("merge-base", tip, revision, allow=(1,)).split("\n")[0]


class _Projects:
    """The projects that commits declare, each read once."""

    def __init__(self, repository: Repository, largest: int | None) -> None:
        self._repository = repository
        self._largest = largest
        self._found: dict[tuple[str, str], tuple[str, Settings] | NotReady | None] = {}
        self._parsed: dict[tuple[str, bytes], tuple[str, Settings] | NotReady | None] = {}
        here = known_projects(repository)
        self._otherwise = here if len(here) == 1 else [""]

    def candidates(self, files: Iterable[FileChange], trailers: Mapping[str, str]) -> list[str]:
        """Folders below or in which the project of some changed files must lie."""
        named = _named(trailers)
        return [
            *list(dict.fromkeys(_folder(file.path) for file in files))[:_MOST_FOLDERS],
            *([] if named is None else [named]),
            *self._otherwise,
        ]

    def read(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read the settings of commits in folders and in all above them, in one git process."""
        places = [
            place
            for place in dict.fromkeys(
                (commit, above) for commit, folder in wanted for above in folders_upwards(folder)
            )
            if place not in self._found and "\n" not in place[1]
        ]
        contents = iter(
            self._repository.git.objects(
                [f"{commit}:{folder}{name}" for commit, folder in places for name in FILES],
                largest=self._largest,
            )
        )
        for place in places:
            found = [self._settings(f"{place[1]}{name}", next(contents)) for name in FILES]
            self._found[place] = next((one for one in found if one is not None), None)

    def _settings(self, path: str, content: bytes | None) -> tuple[str, Settings] | NotReady | None:
        if content is None:
            return None
        if (path, content) not in self._parsed:
            found: tuple[str, Settings] | NotReady | None
            try:
                table = table_of(path, content)
                found = (path, parse_settings(path, table)) if table is not None else None
            except NotReady as error:
                # Another tool's pyproject.toml may be as broken as it likes.
                found = error if not path.endswith(FILES[1]) or _TABLE in content else None
            self._parsed[path, content] = found
        return self._parsed[path, content]

    def choose(self, base: str, files: Sequence[FileChange], trailers: Mapping[str, str]) -> str:
        """Folder of the project that an experiment belongs to.

        That of the files that it changes. Where they lie in several, the one that its trailer
        names, else the one whose config is changed; where they lie in none, the trailer's.
        """
        owners: dict[str, bool] = {}
        for file in files:
            owner = self._nearest(base, _folder(file.path))
            if owner is not None:
                owners[owner] = owners.get(owner, False) or self._declares(base, owner, file.path)
        named = _named(trailers)
        if owners:
            ranked = sorted(owners, key=lambda one: (one != named, not owners[one]))
            return ranked[0]
        wanted = [*([] if named is None else [named]), *self._otherwise]
        return next((one for one in wanted if self._found.get((base, one))), wanted[-1])

    def _nearest(self, base: str, folder: str) -> str | None:
        above = folders_upwards(folder)
        return next((one for one in above if self._found.get((base, one)) is not None), None)

    def _declares(self, base: str, prefix: str, path: str) -> bool:
        found = self._found[base, prefix]
        return isinstance(found, tuple) and is_config(path.removeprefix(prefix), found[1].config)

    def at(self, base: str, prefix: str, branch: tuple[str, str]) -> Project:
        """Project as a commit declares it.

        Raises:
            NotReady: it does not, or its settings are not valid.
        """
        self.read([(base, prefix)])
        found = self._found.get((base, prefix))
        if found is None:
            where = f"in {base[:10]}" + (f" in {prefix}" if prefix else "")
            raise NotReady(f"there are no gitexp settings {where}", NO_SETTINGS)
        if isinstance(found, NotReady):
            raise found
        return Project(self._repository, prefix, *branch, *found)


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _named(trailers: Mapping[str, str]) -> str | None:
    """Folder that a registration names as its project's, None in any other message."""
    if "Experiment" not in trailers:
        return None
    folder = trailers.get("Project", "").strip("/")
    return f"{folder}/" if folder else ""
