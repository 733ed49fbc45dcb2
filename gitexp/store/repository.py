"""A repository: where it is, and how git is configured there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.store.git import Git
from gitexp.store.git_errors import translated
from gitexp.store.git_output import decode, split_lines
from gitexp.store.lineage import Lineage

_PLACES = (
    "--git-common-dir", "--absolute-git-dir", "--is-shallow-repository", "--is-inside-work-tree",
    "--show-prefix", "--show-toplevel",
)  # fmt: skip


@dataclass(frozen=True)
class Repository:
    """A repository, found from a directory in it.

    `top` is the work tree (None in a bare repository), `common` the git folder that all work trees
    share, `prefix` the directory relative to `top` ("" or ending in a slash).
    """

    git: Git
    common: Path
    git_dir: Path
    top: Path | None
    prefix: str
    shallow: bool

    @classmethod
    def discover(cls, directory: Path, *, keep_location: bool = False) -> Repository:
        """Find the repository that `directory` is in.

        Raises:
            NotReady: there is none, or git refuses to read it.
        """
        git = Git(directory, keep_location=keep_location)
        done = git.run("rev-parse", "--path-format=absolute", *_PLACES, allow=(128,))
        lines = decode(done.stdout).split("\n")
        if len(lines) < 4:
            said = done.stderr.decode(errors="replace")
            if "not a git repository" in said:
                raise NotReady(
                    f"{directory} is not in a git repository",
                    "cd into one, or make one: git init && git add -A && git commit -m 'first'",
                )
            raise translated(["rev-parse"], done.returncode, said)
        if len(lines) > len(_PLACES) + 1:
            # A folder with a line break in its name: ask for each place by itself.
            asked = [
                git.run("rev-parse", "--path-format=absolute", place, allow=(128,)).stdout
                for place in _PLACES
            ]
            lines = [decode(answer).removesuffix("\n") for answer in asked]
        common, git_dir, shallow, inside = lines[:4]
        top = Path(lines[5]) if inside == "true" and len(lines) > 5 else None
        return cls(
            git, Path(common), Path(git_dir), top, lines[4] if top else "", shallow == "true"
        )

    @property
    def local(self) -> Path:
        """The folder for what belongs to this clone alone and is never shared."""
        return self.common / "gitexp"

    @property
    def digits(self) -> int:
        """How many hexadecimal digits the id of an object has."""
        return 64 if self.setting("extensions.objectformat") == "sha256" else 40

    def work_tree(self) -> Path:
        """The work tree.

        Raises:
            NotReady: the repository is bare.
        """
        if self.top is None:
            raise NotReady(
                f"{self.common} has no work tree here, and this command needs one",
                "work in a normal clone, or add a work tree to this one:"
                f" git worktree add ../work {self.head_branch()} && cd ../work",
            )
        return self.top

    @cached_property
    def config(self) -> Mapping[str, tuple[str, ...]]:
        """Git's configuration as it applies here; all but the subsection of a key is lower case."""
        values: dict[str, tuple[str, ...]] = {}
        for entry in self.git.fields("config", "--list", "-z"):
            key, _, value = entry.partition("\n")
            values[key] = (*values.get(key, ()), value)
        return values

    @cached_property
    def git_version(self) -> str:
        """The version of git."""
        return self.git.text("version").removeprefix("git version ")

    @cached_property
    def signs_commits(self) -> bool:
        """Whether `git commit` signs here (commit.gpgsign)."""
        return self.setting("commit.gpgsign") is not None and (
            self.git.text("config", "--type=bool", "commit.gpgsign", allow=(1,)) == "true"
        )

    @cached_property
    def _listings(self) -> dict[tuple[str, ...], bytes]:
        return {}

    def listing(self, tree: str, *paths: str) -> bytes:
        """Return what `git ls-tree -r -z` says of a tree or commit, given by its id; read once."""
        asked = (tree, "--", *paths)
        if asked not in self._listings:
            done = self.git.run("ls-tree", "-r", "-z", "--full-tree", *asked)
            self._listings[asked] = done.stdout
        return self._listings[asked]

    @cached_property
    def lineage(self) -> Lineage:
        """First-parent histories; commits do not change, so what was read stays true."""
        return Lineage(self.git)

    def setting(self, key: str) -> str | None:
        """Return the last value of a git configuration key (lower case), or None."""
        return self.config.get(key, (None,))[-1]

    def head_branch(self) -> str | None:
        """Return the short name of the branch that is checked out, None if HEAD is detached."""
        ref = self.git.text("symbolic-ref", "--quiet", "HEAD", allow=(1,))
        return ref.removeprefix("refs/heads/") or None

    def checked_out(self) -> dict[str, Path]:
        """Return the work tree of every branch that is checked out, by full ref name.

        A work tree whose folder was deleted counts no more, unless git was told to keep it.
        """
        found: dict[str, Path] = {}
        listed = self.git.text("worktree", "list", "--porcelain", "-z")
        for number, entry in enumerate(listed.split("\0\0")):
            words = dict(line.partition(" ")[::2] for line in entry.split("\0"))
            place = Path(words.get("worktree", ""))
            if not number:
                place = self._main_work_tree(place)
            gone = "prunable" in words and "locked" not in words and not place.exists()
            if "branch" in words and not gone:
                found[words["branch"]] = place
        return found

    def _main_work_tree(self, listed: Path) -> Path:
        """The main work tree; where .git is a file, git lists the git folder in its stead."""
        if self.top is not None and self.git_dir == self.common:
            return self.top
        said = self.setting("core.worktree")
        return (self.common / said).resolve() if said else listed

    def branches(self, patterns: Iterable[str]) -> dict[str, str]:
        """Return the commits of the refs below the given prefixes, by full ref name."""
        out = self.git.text("for-each-ref", "--format=%(refname) %(objectname)", *patterns)
        return dict(line.rsplit(" ", 1) for line in split_lines(out))
