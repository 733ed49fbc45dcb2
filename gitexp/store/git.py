"""The one place that starts git: a cleaned environment, fixed arguments, errors in plain words.

git runs as a subprocess because you can check what it says by hand, and because it is fastest for
whole listings: one process reads in a second what object libraries read in minutes.
"""

from __future__ import annotations

import os
import subprocess
from typing import IO, TYPE_CHECKING

from gitexp.errors import NotReady, UsageError, disk_full
from gitexp.store.git_environment import clean_environment, script_environment
from gitexp.store.git_errors import lacked_room, translated
from gitexp.store.git_output import FileChange, decode, parse_raw
from gitexp.store.reader import Object, Reader, Readers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


# An old value that says: the ref must not exist yet. git also takes zeros for that, but as many as
# the object format has digits (40 or 64).
ZERO = ""
NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
_RAW = (
    "--raw", "-z", "-r", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff",
    "--ignore-submodules=untracked",
)  # fmt: skip


class Git:
    """git, run in one directory."""

    def __init__(self, directory: Path, *, keep_location: bool = False) -> None:
        self.directory = directory
        # A hook is one short process that reads many objects: one git process reads them all.
        self._lasting = keep_location
        self._reader: Reader | None = None
        self.readers = Readers(self)
        # We parse what git says, so it speaks English; the locale stays as it is for its hooks.
        self.environment = clean_environment(keep_location=keep_location) | {"LANGUAGE": "C"}

    def read_with_one_process(self) -> None:
        """Read all objects from now on with one git process, for a short command that reads."""
        self._lasting = True

    def run(
        self,
        *command: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        allow: Sequence[int] = (),
        hold: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one git command and return it; exit codes besides 0 and `allow` raise.

        `hold` are descriptors of locks that last as long as the command, even if we are killed.
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
                raise NotReady(f"the folder {self.directory} does not exist") from None
            raise NotReady("git is not installed, or not on PATH", "install git 2.38+") from None
        except OSError as error:
            raise NotReady(f"git could not be started: {error}") from None
        if done.returncode and done.returncode not in allow:
            said = done.stderr.decode(errors="replace")
            if lacked_room(self.directory, said):
                raise disk_full()
            settings = {at + 1 for at, word in enumerate(command) if word == "-c"}
            words = [
                word
                for at, word in enumerate(command)
                if at not in settings and not word.startswith("-")
            ]
            raise translated(words, done.returncode, said)
        return done

    def start(
        self,
        *command: str,
        stdin: int,
        stdout: int | IO[bytes],
        stderr: int,
        alone: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a git command, to talk to it while it runs; `alone`, no Ctrl-C reaches it."""
        return subprocess.Popen(
            ("git", *command),
            cwd=self.directory, env=self.environment, stdin=stdin, stdout=stdout, stderr=stderr,
            process_group=0 if alone else None,
        )  # fmt: skip

    def shown(self, *command: str) -> None:
        """Let a command print for itself, with the pager and the colors of your configuration."""
        done = subprocess.run(
            ("git", *command),
            cwd=self.directory, env=script_environment() | {"GIT_NO_REPLACE_OBJECTS": "1"},
            check=False,
        )  # fmt: skip
        # A pager that was left before the end ends git by SIGPIPE.
        if done.returncode > 0:
            raise translated(command, done.returncode, "")

    def text(self, *command: str, allow: Sequence[int] = ()) -> str:
        """Run a command and return its output, without the line ends at its end."""
        return decode(self.run(*command, allow=allow).stdout).rstrip("\n")

    def succeeds(self, *command: str) -> bool:
        """Whether a yes-or-no command (exit 0 or 1) said yes; 128 counts as no."""
        return self.run(*command, allow=(1, 128)).returncode == 0

    def resolve(self, revision: str) -> str | None:
        """Return the id of the commit that a revision names, or None."""
        if self._lasting and "\n" not in revision:
            found = self._read(f"{revision}^{{commit}}")
            return found.id if found else None
        done = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            allow=(1, 128),
        )  # fmt: skip
        return decode(done.stdout).strip() or None if done.returncode == 0 else None

    def objects(self, names: Sequence[str], *, largest: int | None = None) -> list[bytes | None]:
        """Read objects named by id or as `commit:path`; None for each that is missing.

        An object of more than `largest` bytes counts as missing, and is not read.
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
                raise NotReady(f"git cat-file gave no size for {name!r}") from None
            contents.append(out[at : at + size])
            at += size + 1
        return contents

    def sizes(self, names: Sequence[str]) -> dict[str, int]:
        """Return the size of objects in bytes, by name; missing ones are left out."""
        lines = self._cat_file("--batch-check=%(objectsize)", names).split(b"\n")
        return {name: int(size) for name, size in zip(names, lines, strict=False) if size.isdigit()}

    def _cat_file(self, how: str, names: Sequence[str]) -> bytes:
        # Names go to standard input, so none of them can be taken for an option.
        stdin = "".join(f"{_one_line(name)}\n" for name in names).encode(errors="surrogateescape")
        return self.run("cat-file", how, stdin=stdin).stdout

    def _read(self, name: str) -> Object | None:
        self._reader = self._reader or Reader(self)
        return self._reader.read(name)

    def differences(self, *command: str) -> list[FileChange]:
        """Return the changed paths of `diff-tree` or `diff-index`, from tree entries alone.

        A rename is a delete and an add. No attribute, textconv, external diff or ignore setting of
        a submodule changes the result. Untracked files never count, not even in a submodule.
        """
        return list(parse_raw(self.run(command[0], *_RAW, *command[1:]).stdout))

    def differences_of(self, pairs: Sequence[tuple[str, str]]) -> list[list[FileChange]]:
        """Return the changed paths of many (base, commit), all of which exist; one process."""
        # git prints nothing at all for a commit compared with itself.
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
        """Read notes one after the other, as far as gitexp wrote them, one in memory at a time."""
        if asked := [*names]:
            with Reader(self) as reader:
                yield from reader.read_notes(asked)


def _one_line(name: str) -> str:
    if "\n" in name:
        raise UsageError("a path with a line break in its name cannot be read from git")
    return name
