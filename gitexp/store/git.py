"""The one place that starts git: a cleaned environment, fixed arguments, errors in plain words.

git runs as a subprocess because you can check what it says by hand, and because it is fastest for
whole listings: one process reads in a second what object libraries read in minutes.
"""

from __future__ import annotations

import os
import re
import subprocess
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import compress
from pathlib import Path
from typing import IO

from gitexp.errors import GitexpError, NotReady, UsageError, disk_full
from gitexp.store.git_environment import clean_environment, script_environment
from gitexp.store.git_errors import is_full, lacked_room, translated
from gitexp.store.git_output import FileChange, decode, parse_raw, split_fields
from gitexp.store.reader import Readers

# An old value that says: the ref must not exist yet. git also takes zeros for that, but as many as
# the object format has digits (40 or 64).
ZERO = ""
# A revision that names one thing and no reflog entry, path or search, as far as a reader is asked.
_WHOLE = re.compile(r"HEAD|refs/[\w./-]+|[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
# Messages and names come as UTF-8, whatever encoding the configuration wants to see them in.
_GIT = ("git", "-c", "i18n.logOutputEncoding=UTF-8")
_PLAIN = ("--no-notes", "--no-color", "--no-show-signature")
# From git 2.54 on, the configuration may name hooks as well, whatever core.hooksPath says.
_CONFIGURED = ("post-checkout", "post-index-change", "reference-transaction")
NO_HOOKS = (
    "-c", f"core.hooksPath={os.devnull}",
    *(word for event in _CONFIGURED for word in ("-c", f"hook.{event}.enabled=false")),
)  # fmt: skip
# What differs, as `parse_raw` and `parse_history` read it.
RAW = (
    "--raw", "-z", "-r", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff",
    "--ignore-submodules=untracked",
)  # fmt: skip


class Git:
    """git, run in one directory."""

    def __init__(self, directory: Path, *, keep_location: bool = False) -> None:
        self.directory = directory
        self.readers = Readers(weakref.WeakMethod(self.start))
        # We parse what git says, so it speaks English; the locale stays as it is for its hooks.
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

        `hold` are descriptors of locks that last as long as the command, even if we are killed.
        """
        try:
            done = subprocess.run(
                (*_GIT, *command),
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
                # The repository may lie on another disk than the work tree.
                raise disk_full(self.directory if is_full(self.directory) else None)
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
            (*_GIT, *command),
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

    def text(
        self,
        *command: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        allow: Sequence[int] = (),
    ) -> str:
        """Run a command and return its output, without the line ends at its end."""
        done = self.run(*command, stdin=stdin, environment=environment, allow=allow)
        return decode(done.stdout).rstrip("\n")

    def fields(
        self, *command: str, stdin: bytes | None = None, allow: Sequence[int] = ()
    ) -> list[str]:
        """Run a command that ends each field by a zero byte; returns those that are not empty."""
        return split_fields(self.run(*command, stdin=stdin, allow=allow).stdout)

    def log(
        self,
        *options: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        allow: Sequence[int] = (),
    ) -> bytes:
        """Return what `git log` prints: your settings do not change how it looks.

        What a first commit brings is left out, unless --root asks for it.
        """
        words = ("-c", "log.showRoot=false", "log", *_PLAIN, *options)
        return self.run(*words, stdin=stdin, environment=environment, allow=allow).stdout

    def succeeds(self, *command: str) -> bool:
        """Whether a yes-or-no command (exit 0 or 1) said yes; 128 counts as no."""
        return self.run(*command, allow=(1, 128)).returncode == 0

    def resolve(self, revision: str) -> str | None:
        """Return the id of the commit that a revision names, or None."""
        if _WHOLE.fullmatch(revision):
            with suppress(GitexpError), self.readers.take() as reader:
                return reader.find(f"{revision}^{{commit}}")
            return None  # damaged
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
        asked = [_one_line(name) for name in names]
        with self.readers.take() as reader:
            if largest is None:
                return [*reader.contents(asked)]
            sizes = [*reader.sizes(asked)]
            small = [size is not None and size <= largest for size in sizes]
            contents = reader.contents([*compress(asked, small)])
            return [next(contents) if is_small else None for is_small in small]

    def sizes(self, names: Sequence[str]) -> dict[str, int]:
        """Return the size of objects in bytes, by name; missing ones are left out."""
        if not names:
            return {}
        asked = [_one_line(name) for name in names]
        with self.readers.take() as reader:
            sizes = zip(names, reader.sizes(asked), strict=True)
            return {name: size for name, size in sizes if size is not None}

    def differences(self, *command: str) -> list[FileChange]:
        """Return the changed paths of `diff-tree` or `diff-index`, from tree entries alone.

        A rename is a delete and an add. No attribute, textconv, external diff or ignore setting of
        a submodule changes the result. Untracked files never count, not even in a submodule.
        """
        return list(parse_raw(self.run(command[0], *RAW, *command[1:]).stdout))

    def differences_of(self, pairs: Sequence[tuple[str, str]]) -> list[list[FileChange]]:
        """Return the changed paths of many (base, commit), all of which exist; one process."""
        # git prints nothing at all for a commit compared with itself.
        asked = [(base, commit) for base, commit in pairs if base != commit]
        if not asked:
            return [[] for _ in pairs]
        lines = "".join(f"{commit} {base}\n" for base, commit in asked)
        out = self.run("diff-tree", "--stdin", "--always", *RAW, stdin=lines.encode()).stdout
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
            with self.readers.take() as reader:
                yield from reader.read_notes(asked)


def _one_line(name: str) -> str:
    if "\n" in name:
        raise UsageError("a path with a line break in its name cannot be read from git")
    return name
