"""Files that tell agents how to work here: written, replaced and removed, only between markers.

A file that is wholly ours ends in a mark with the digest of what stands above it, so an edit shows.
In AGENTS.md, which is somebody else's, a block between two marks is ours.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.rules.text import visible

FOLDER = ".agents/skills/gitexp"
SHARED = "AGENTS.md"
_PART = "the block between gitexp's markers"
_BEGIN, _END = b"<!-- gitexp:begin -->", b"<!-- gitexp:end -->"
_BLOCK = re.compile(
    rb"^" + re.escape(_BEGIN) + rb"\r?\n.*?^" + re.escape(_END) + rb"(?:\r?\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_OWN = re.compile(rb"<!-- written by gitexp init --agents: ([0-9a-f]{16}) -->\s*\Z")


@dataclass(frozen=True, slots=True)
class AgentFile:
    """A file, by its path from the top of the work tree, and what was done to it ("" for nothing).

    `part` names the part that gitexp wrote, if it did not write the whole file.
    """

    path: str
    done: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class _Edit:
    """What a file will hold; None removes it."""

    path: str
    target: Path
    before: bytes | None
    after: bytes | None


def write_agent_files(top: Path, own: Mapping[str, str], block: str) -> list[AgentFile]:
    """Write or replace files in the skill's folder, and the block in AGENTS.md.

    Raises:
        NotReady: a file is not ours or was edited, or a link leads out of the work tree. Nothing
            was written.
    """
    edits = [_own_edit(top, f"{FOLDER}/{name}", text) for name, text in own.items()]
    edits.append(_shared_edit(top, block))
    return _carry_out(edits)


def remove_agent_files(top: Path, names: tuple[str, ...]) -> list[AgentFile]:
    """Remove what was written, and the folders that are then empty.

    Raises:
        NotReady: as above; nothing was removed.
    """
    edits = [_own_edit(top, f"{FOLDER}/{name}", None) for name in names]
    edits.append(_shared_edit(top, None))
    done = _carry_out(edits)
    folder = top / FOLDER
    for one in (folder, folder.parent, folder.parent.parent):
        if one.is_dir() and not one.is_symlink() and not any(one.iterdir()):
            one.rmdir()
    return done


def _own_edit(top: Path, path: str, text: str | None) -> _Edit:
    target, before = _read(top, path)
    if before is not None and not _is_ours(before):
        raise NotReady(
            f"{path} was not written by gitexp init --agents, or was edited since",
            f"save what you need from it, then remove it: rm {shlex.quote(path)}",
        )
    return _Edit(path, target, before, None if text is None else _signed(text))


def _signed(text: str) -> bytes:
    content = text.encode()
    return content + f"\n<!-- written by gitexp init --agents: {_digest(content)} -->\n".encode()


def _is_ours(content: bytes) -> bool:
    plain = content.replace(b"\r\n", b"\n")  # as git may check it out
    found = _OWN.search(plain)
    return found is not None and found[1].decode() == _digest(plain[: found.start() - 1])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _shared_edit(top: Path, block: str | None) -> _Edit:
    target, before = _read(top, SHARED)
    content = before or b""
    blocks = list(_BLOCK.finditer(content))
    if len(blocks) > 1 or any(content.count(mark) != len(blocks) for mark in (_BEGIN, _END)):
        raise NotReady(
            f"gitexp's markers in {SHARED} are damaged: there must be one {_BEGIN.decode()} and"
            f" one {_END.decode()} after it, each on a line of its own",
            f"fix them, or remove both and what is between them: $EDITOR {SHARED}",
        )
    begin, end = blocks[0].span() if blocks else (len(content), len(content))
    head, tail = content[:begin], content[end:]
    if block is None and not blocks:
        return _Edit(SHARED, target, before, before)
    if block is None:
        if not tail:
            # Where nothing follows, the line end before the block came with it.
            head = head.removesuffix(b"\n").removesuffix(b"\r")
        # Without its file a link would lead nowhere.
        nothing = b"" if (top / SHARED).is_symlink() else None
        return _Edit(SHARED, target, before, head + tail or nothing)
    line_end = b"\r\n" if b"\r\n" in content else b"\n"
    lines = (_BEGIN, *block.strip("\n").encode().split(b"\n"), _END, b"")
    written = line_end.join(lines)
    gap = line_end if content and not blocks else b""
    return _Edit(SHARED, target, before, head + gap + written + tail)


def _read(top: Path, path: str) -> tuple[Path, bytes | None]:
    """Where a file really is, and what it holds; None if it is not there.

    Raises:
        NotReady: a link leads out of the work tree or into git's folder, or it is not a file.
    """
    real_top = top.resolve()
    target = (top / path).resolve()
    if not target.is_relative_to(real_top) or ".git" in target.relative_to(real_top).parts:
        raise NotReady(
            f"{path} leads out of the work tree through a link, to {visible(str(target))}",
            "replace the link with what it points to, then: gitexp init --agents",
        )
    try:
        return target, target.read_bytes()
    except FileNotFoundError:
        return target, None
    except OSError as error:
        raise NotReady(f"{path} cannot be read: {error.strerror}") from None


def _carry_out(edits: list[_Edit]) -> list[AgentFile]:
    done = []
    for edit in edits:
        if edit.after == edit.before:
            said = ""
        elif edit.after is None:
            said = "removed"
        else:
            said = "wrote" if edit.before is None else "changed"
        if said:
            _write(edit.target, edit.after)
        done.append(AgentFile(edit.path, said, _PART if edit.path == SHARED else ""))
    return done


def _write(target: Path, content: bytes | None) -> None:
    """Replace a file as a whole, which keeps its mode, or remove it.

    Raises:
        NotReady: it cannot be written.
    """
    made = target.with_name(f".{target.name}.{os.getpid()}.gitexp")
    try:
        if content is None:
            target.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(content)
        if target.exists():
            shutil.copymode(target, made)
        made.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            made.unlink()
        raise NotReady(f"{target} cannot be written: {error.strerror}") from None
