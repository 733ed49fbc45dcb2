"""The one place that speaks git: a cleaned environment, fixed arguments, errors in plain words.

git is run as a subprocess because it is the only implementation whose answers users can check by
hand, and the fastest for whole listings (one process reads what object libraries read in minutes).
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gitexp.errors import GitexpError, NotReady, UsageError, disk_full

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# git exports its own location into hooks; inherited by a git that works elsewhere, it would stage
# and read the wrong repository's files. What says how to reach remotes, which configuration counts
# and who the author is stays; everything else of GIT_* goes.
_KEPT = frozenset(
    {
        "GIT_ALLOW_PROTOCOL", "GIT_ASKPASS", "GIT_AUTHOR_DATE", "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_NAME",
        "GIT_CEILING_DIRECTORIES", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_SYSTEM", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH", "GIT_HTTP_PROXY_AUTHMETHOD", "GIT_PROXY_COMMAND", "GIT_SSH",
        "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY",
        "GIT_TERMINAL_PROMPT",
    }
)  # fmt: skip
_KEPT_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_TRACE")
_LOCATION = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)

# As an old value: the ref must not exist yet. Zeros would have to be as many as the object format
# has digits (40 or 64), and git takes nothing at all for the same.
ZERO = ""
NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")

_FULL = ("no space left on device", "disk quota exceeded", "out of diskspace")
_ROOM = 1 << 16  # bytes below which a disk is taken for full; git writes files of 4 kB and more

_RAW = (
    "--raw", "-z", "-r", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff",
    "--ignore-submodules=untracked",
)  # fmt: skip
_PLACES = (
    "--git-common-dir", "--absolute-git-dir", "--is-shallow-repository", "--is-inside-work-tree",
    "--show-prefix", "--show-toplevel",
)  # fmt: skip


def clean_environment(*, keep_location: bool = False) -> dict[str, str]:
    """Environment for git and for whatever we start, without git's own location variables.

    `keep_location` is for a hook while it judges: git may have pointed it at a temporary index.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_")
        or name in _KEPT
        or name.startswith(_KEPT_PREFIXES)
        or (keep_location and name in _LOCATION)
    }
    # Replacement refs could show the gate another commit than the one that runs.
    kept |= {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0"}
    return kept


class GitFailed(GitexpError):
    """git said no and nobody upstream knew better words for it."""

    exit_code = 3

    def __init__(self, command: Sequence[str], code: int, stderr: str) -> None:
        said = stderr.strip().removeprefix("fatal: ").removeprefix("error: ")
        super().__init__(f"git {command[0] if command else ''} failed: {said or f'exit {code}'}")
        self.code = code
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path that differs between two trees, as `git diff-tree --raw` tells it.

    Modes are git's octal strings, "000000" where the path is absent; ids are blob ids.
    """

    path: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str


def unsigned(stderr: str) -> NotReady:
    """Say that a commit could not be signed."""
    said = " ".join(stderr.replace("error:", "").replace("fatal:", "").split())
    return NotReady(
        "git could not sign the commit, as commit.gpgsign asks" + (f": {said}" if said else ""),
        "mend the key (user.signingkey), or: git config commit.gpgsign false",
    )


def _translated(command: Sequence[str], code: int, stderr: str) -> GitexpError:
    lower = stderr.lower()
    if (
        "please tell me who you are" in lower
        or "unable to auto-detect email" in lower
        or "auto-detection is disabled" in lower
        or "empty ident name" in lower
    ):
        return NotReady(
            "git does not know who you are, and a commit needs an author",
            'git config --global user.name "Your Name"\n'
            "git config --global user.email you@example.org",
        )
    if "dubious ownership" in lower:
        return NotReady(stderr.strip().removeprefix("fatal: "))
    if (
        "read-only file system" in lower
        or "insufficient permission" in lower
        or ("permission denied" in lower and "unable to create" in lower)
    ):
        return NotReady(
            "the repository cannot be written: " + " ".join(stderr.removeprefix("fatal: ").split()),
            "nothing was changed; see whose it is: ls -ld .git",
        )
    if "gpg failed to sign" in lower or "public key" in lower or "user.signingkey" in lower:
        return unsigned(stderr)
    return GitFailed(command, code, stderr)


class Git:
    """git, run in one directory."""

    def __init__(self, directory: Path, *, keep_location: bool = False) -> None:
        self.directory = directory
        # A hook is one short process with many questions: one git answers all that it reads.
        self._lasting = keep_location
        self._reader: Reader | None = None
        # What git says is read here; the locale stays, for hooks that git runs in turn.
        self.environment = clean_environment(keep_location=keep_location) | {"LANGUAGE": "C"}

    def run(
        self,
        *command: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        allow: Sequence[int] = (),
        hold: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one git command and return it; exit codes besides 0 and `allow` raise.

        `hold` are descriptors of locks that must last as long as the command, whatever ends us.
        """
        try:
            done = subprocess.run(
                ("git", *command),
                cwd=self.directory,
                env=self.environment | dict(environment or {}),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                check=False,
                pass_fds=hold,
            )
        except FileNotFoundError:
            if not self.directory.is_dir():
                raise NotReady(f"there is no folder {self.directory}") from None
            raise NotReady("git is not installed, or not on PATH", "install git 2.38+") from None
        except OSError as error:
            raise NotReady(f"git could not be started: {error}") from None
        if done.returncode and done.returncode not in allow:
            said = done.stderr.decode(errors="replace")
            if self.lacked_room(said):
                raise disk_full()
            settings = {at + 1 for at, word in enumerate(command) if word == "-c"}
            words = [
                word
                for at, word in enumerate(command)
                if at not in settings and not word.startswith("-")
            ]
            raise _translated(words, done.returncode, said)
        return done

    def lacked_room(self, stderr: str) -> bool:
        """Whether git failed for a full disk: often it only says what it could not write."""
        lower = stderr.lower()
        if any(word in lower for word in _FULL):
            return True
        try:
            state = os.statvfs(self.directory)
        except OSError:
            return False
        return "writ" in lower and state.f_bavail * state.f_frsize < _ROOM

    def text(self, *command: str, allow: Sequence[int] = ()) -> str:
        """Run a command whose answer is one text; trailing line ends are dropped."""
        return decode(self.run(*command, allow=allow).stdout).rstrip("\n")

    def succeeds(self, *command: str) -> bool:
        """Say whether a yes/no command (exit 0 or 1) said yes; 128 counts as no."""
        return self.run(*command, allow=(1, 128)).returncode == 0

    def resolve(self, revision: str) -> str | None:
        """Commit id that a revision names, or None."""
        if self._lasting and "\n" not in revision:
            found = self._read(f"{revision}^{{commit}}")
            return found.id if found else None
        done = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            allow=(1, 128),
        )  # fmt: skip
        return decode(done.stdout).strip() or None if done.returncode == 0 else None

    def objects(self, names: Sequence[str], *, largest: int | None = None) -> list[bytes | None]:
        """Contents of objects named by id or as `commit:path`, None for what is missing.

        What has more than `largest` bytes counts as missing, and is not read.
        """
        if not names:
            return []
        if largest is not None:
            sizes = self.sizes(names)
            small = [name for name in names if 0 <= sizes.get(name, -1) <= largest]
            contents_of = dict(zip(small, self.objects(small), strict=True))
            return [contents_of.get(name) for name in names]
        if self._lasting:
            found = [self._read(_one_line(name)) for name in names]
            return [one.content if one else None for one in found]
        contents: list[bytes | None] = []
        out, at = self._cat_file("--batch", names), 0
        for name in names:
            end = out.index(b"\n", at)
            header = out[at:end].rsplit(b" ", 2)
            at = end + 1
            if header[-1] in {b"missing", b"ambiguous"} or len(header) < 3:
                contents.append(None)
                continue
            try:
                size = int(header[2])
            except ValueError:
                raise NotReady(f"git cat-file answered oddly about {name!r}") from None
            contents.append(out[at : at + size])
            at += size + 1
        return contents

    def sizes(self, names: Sequence[str]) -> dict[str, int]:
        """Bytes that objects have, by name; what is missing is left out."""
        lines = self._cat_file("--batch-check=%(objectsize)", names).split(b"\n")
        return {name: int(size) for name, size in zip(names, lines, strict=False) if size.isdigit()}

    def _cat_file(self, how: str, names: Sequence[str]) -> bytes:
        # Named by git's own object syntax on standard input: no argument to smuggle an option into.
        stdin = "".join(f"{_one_line(name)}\n" for name in names).encode(errors="surrogateescape")
        return self.run("cat-file", how, stdin=stdin).stdout

    def _read(self, name: str) -> Object | None:
        self._reader = self._reader or Reader(self)
        return self._reader.read(name)

    def differences(self, *command: str) -> list[FileChange]:
        """Changed paths of `diff-tree` or `diff-index`, from tree entries alone.

        Renames stay a delete and an add, and no attribute, textconv, external diff or ignore
        setting of a submodule has a say. Untracked files never matter, in a submodule neither.
        """
        return list(parse_raw(self.run(command[0], *_RAW, *command[1:]).stdout))

    def differences_of(self, pairs: Sequence[tuple[str, str]]) -> list[list[FileChange]]:
        """Changed paths of many (base, commit) at once, both of which exist; one process."""
        # Of a commit against itself git says nothing at all.
        asked = [(base, commit) for base, commit in pairs if base != commit]
        if not asked:
            return [[] for _ in pairs]
        lines = "".join(f"{commit} {base}\n" for base, commit in asked)
        out = self.run("diff-tree", "--stdin", "--always", *_RAW, stdin=lines.encode()).stdout
        found: list[list[FileChange]] = []
        fields = iter(out.split(b"\0"))
        for field in fields:
            if field.startswith(b":"):
                found[-1] += parse_raw(field + b"\0" + next(fields))
            elif field:
                found.append([])  # the commit whose changes follow
        rest = iter(found)
        return [[] if base == commit else next(rest) for base, commit in pairs]

    def each(self, names: Iterable[str]) -> Iterator[bytes | None]:
        """Contents of objects one after the other, as `objects` but holding one at a time."""
        with subprocess.Popen(
            ("git", "cat-file", "--batch"),
            cwd=self.directory, env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert process.stdin is not None  # noqa: S101 - asked for above
            assert process.stdout is not None  # noqa: S101
            for name in names:
                process.stdin.write(f"{name}\n".encode())
                process.stdin.flush()
                header = process.stdout.readline().split()
                if len(header) == 3:
                    yield process.stdout.read(int(header[2]) + 1)[:-1]
                else:
                    yield None


@dataclass(frozen=True, slots=True)
class Object:
    """An object as git stores it."""

    id: str
    kind: str
    content: bytes


class Reader:
    """Objects asked for one after the other, each as it stands then, of one git process."""

    def __init__(self, git: Git) -> None:
        self._process = subprocess.Popen(
            ("git", "cat-file", "--batch"), cwd=git.directory, env=git.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes the pipes and waits
            pass

    def read(self, name: str) -> Object | None:
        """Return the object that an id or a ref (without a line break) names, or None."""
        process = self._process
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        try:
            process.stdin.write(name.encode(errors="surrogateescape") + b"\n")
            process.stdin.flush()
            header = process.stdout.readline().split()
        except BrokenPipeError:
            header = []
        if not header:  # a damaged object ends it
            said = process.stderr.read().decode(errors="replace")
            raise _translated(["cat-file"], process.wait(), said)
        if len(header) != 3 or not header[2].isdigit():  # "a b missing" has three words too
            return None
        content = process.stdout.read(int(header[2]))
        process.stdout.read(1)
        return Object(header[0].decode(), header[1].decode(), content)


def _one_line(name: str) -> str:
    if "\n" in name:
        raise UsageError("a path with a line break in its name cannot be read from git")
    return name


def parse_raw(out: bytes) -> Iterator[FileChange]:
    """Parse `--raw -z` records."""
    fields = out.split(b"\0")
    for header, path in zip(fields[::2], fields[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, _status = header.lstrip(b"\n:").decode().split(" ")
        yield FileChange(decode(path), old_mode, new_mode, old_id, new_id)


def decode(raw: bytes) -> str:
    """Text of what git printed; bytes that are not UTF-8 survive a round trip."""
    return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Repository:
    """A repository as found from a directory.

    `top` is the work tree (None in a bare one), `common` the git folder that all its work trees
    share, `prefix` where the directory lies below `top` ("" or ending in a slash).
    """

    git: Git
    common: Path
    git_dir: Path
    top: Path | None
    prefix: str
    shallow: bool

    @classmethod
    def discover(cls, directory: Path, *, keep_location: bool = False) -> Repository:
        """Find the repository that holds `directory`.

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
            raise _translated(["rev-parse"], done.returncode, said)
        if len(lines) > len(_PLACES) + 1:
            # A folder with a line break in its name: each answer by itself.
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
        """Folder of what belongs to this clone alone and is never shared."""
        return self.common / "gitexp"

    def work_tree(self) -> Path:
        """The work tree.

        Raises:
            NotReady: the repository is bare.
        """
        if self.top is None:
            raise NotReady(
                f"{self.common} has no work tree here, and this command needs one",
                "work in a normal clone, or in a work tree of this one:"
                f" git worktree add ../work {self.head_branch()} && cd ../work",
            )
        return self.top

    @cached_property
    def config(self) -> Mapping[str, tuple[str, ...]]:
        """Git's configuration as it applies here; keys are lower case up to the last subsection."""
        values: dict[str, tuple[str, ...]] = {}
        for entry in decode(self.git.run("config", "--list", "-z").stdout).split("\0"):
            if entry:
                key, _, value = entry.partition("\n")
                values[key] = (*values.get(key, ()), value)
        return values

    @cached_property
    def git_version(self) -> str:
        """Version of the git that works here."""
        return self.git.text("version").removeprefix("git version ")

    def setting(self, key: str) -> str | None:
        """Last value of a git configuration key (lower case), or None."""
        return self.config.get(key, (None,))[-1]

    def head_branch(self) -> str | None:
        """Short name of the branch that is checked out, None where HEAD is detached."""
        done = self.git.run("symbolic-ref", "--quiet", "HEAD", allow=(1,))
        return decode(done.stdout).strip().removeprefix("refs/heads/") or None

    def checkouts(self) -> dict[str, Path]:
        """Branches checked out in any work tree, by full ref name."""
        found: dict[str, Path] = {}
        place = Path()
        for line in decode(self.git.run("worktree", "list", "--porcelain", "-z").stdout).split(
            "\0"
        ):
            word, _, rest = line.partition(" ")
            if word == "worktree":
                place = Path(rest)
            elif word == "branch":
                found[rest] = place
        return found

    def branches(self, patterns: Iterable[str]) -> dict[str, str]:
        """Full ref name to commit id, for refs below the given prefixes."""
        out = self.git.text("for-each-ref", "--format=%(refname) %(objectname)", *patterns)
        return dict(line.rsplit(" ", 1) for line in out.splitlines())
