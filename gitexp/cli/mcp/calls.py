"""What a call of a tool does: run the command in a process, and return what it printed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import killpg
from typing import TYPE_CHECKING, Any

import anyio

from gitexp.cli.errors import Bug, as_failure, failure_json
from gitexp.cli.mcp.tools import find_tool, wait_of
from gitexp.errors import Stopped
from gitexp.rules.bounded import bounded
from gitexp.rules.text import json_line

if TYPE_CHECKING:
    from anyio.abc import Process

MOST_JSON = 8000  # characters of an answer
_GRACE = 10.0  # seconds for a command to end when it is told to; a run may write a checkpoint
_ASK = "call status, or show with a name; its verdict is there when the job has ended"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call returns; `content` is None where the text is not JSON."""

    text: str
    content: dict[str, Any] | None = None
    is_error: bool = False


async def call(name: str, given: Mapping[str, Any]) -> Answer:
    """Carry out a call of a tool; whatever goes wrong is an answer, too."""
    try:
        tool = find_tool(name)
        words = tool.words(given)
        if tool.waits:
            return await _run(words, wait_of(given))
        code, out = await _printed(words)
        if "--json" not in words:
            if not code:
                return Answer(out.rstrip("\n"))
            code, out = await _printed([words[0], "--json", *words[1:]])  # what went wrong
        return _answer(code, _content(code, out, tool.listed))
    except Exception as error:  # noqa: BLE001 - an edge: one call must not end the others
        return _answer(1, failure_json(as_failure(error)))


async def _run(words: Sequence[str], wait: int) -> Answer:
    """Begin a job, and wait a while for its end; a call that is cancelled stops what it began."""
    names = words[words.index("--") :]
    # Half a beginning would leave a job that nobody has heard of.
    with anyio.CancelScope(shield=True):
        code, out = await _printed(words)
    begun = _content(code, out, "queues")
    if code:
        return _answer(code, begun)
    try:
        with anyio.move_on_after(wait):
            code, out = await _printed(["run", "--wait", "--json", *names])
            ended = _content(code, out, "experiments")
            return _answer(code, ended if code else {"queue": begun["queue"], **ended})
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await _printed(["stop", "--json", *names])
        raise
    return _answer(0, {**begun, "stage": "runs", "ask": _ASK})


async def _printed(words: Sequence[str]) -> tuple[int, str]:
    """Run gitexp; returns its exit code and what it printed.

    It has a process group of its own, which does not outlive the call.
    """
    process = await anyio.open_process(
        # Without -P, a module in the project could pass for one of ours.
        [sys.executable, "-P", "-m", "gitexp", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=None, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
    try:
        out = b"".join([some async for some in process.stdout])
        return await process.wait(), out.decode("utf-8", "backslashreplace")
    except BaseException:
        with anyio.CancelScope(shield=True):
            await _end(process)
        raise


async def _end(process: Process) -> None:
    """End a command as Ctrl-C does, and at last by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            killpg(process.pid, number)
        with anyio.move_on_after(_GRACE):
            await process.wait()
            return


def _content(code: int, out: str, listed: str) -> Mapping[str, Any]:
    """Read the JSON that a command printed; lists are put into an object."""
    try:
        content = json.loads(out)
    except ValueError:
        content = None
    if isinstance(content, dict):
        return content
    if isinstance(content, list):
        return {listed: content}
    if code < 0:
        return failure_json(Stopped(f"gitexp was ended by signal {-code} before it had answered"))
    return failure_json(Bug(f"gitexp ended with exit code {code} and no answer"))


def _answer(code: int, content: Mapping[str, Any]) -> Answer:
    content = bounded(dict(content), MOST_JSON)
    return Answer(json_line(content), content, is_error=bool(code) or "error" in content)
