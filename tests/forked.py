"""gitexp as a process of its own for each command, without starting Python for each.

Starting the interpreter and importing take longer than most commands do. So a server that has
imported gitexp forks itself for each command, which gets its own folder, environment, streams and
exit code. Set GITEXP_FRESH=1 to start an interpreter for each command instead.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pkgutil
import random
import runpy
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import coolname

import gitexp

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

_SERVER = multiprocessing.get_context("forkserver")
# Not the statistics: scikit-learn makes every fork slow, and few commands need it. Nor what an
# extra brings.
_SLOW = ("gitexp.__main__", "gitexp.statistics", "gitexp.cli.mcp.calls")
_SERVER.set_forkserver_preload(
    [
        __name__,  # else each fork imports this module, and with it looks for all that follow
        "coolname",
        "encodings.ascii",
        "encodings.utf_8_sig",
        "sqlite3",
        "typer._click",
        *(
            module.name
            for module in pkgutil.walk_packages(gitexp.__path__, "gitexp.")
            if not module.name.startswith(_SLOW)
        ),
        "tests.compiled",
    ]
)


# How often a folder has seen a command: what coolname draws for it is the same in every run of the
# tests, so that none of them fails for a long name or a word that it looks for.
_SEEN: Counter[tuple[str, tuple[str, ...]]] = Counter()


def run_forked(
    words: tuple[str, ...], folder: Path, environment: dict[str, str]
) -> tuple[int, str, str]:
    """Run `python -m gitexp WORDS`; returns exit code (negative: a signal), output and errors."""
    with tempfile.TemporaryDirectory() as place:
        streams = (os.devnull, f"{place}/out", f"{place}/err")
        code = ended(start_forked(words, folder, environment, streams))
        out, err = (Path(name).read_text("utf-8") for name in streams[1:])
        return code, out, err


def start_forked(
    words: tuple[str, ...], folder: Path, environment: dict[str, str], streams: tuple[str, str, str]
) -> BaseProcess:
    """Start it with files or terminals, by name, as its three standard streams."""
    _SEEN[command := (str(folder), words)] += 1
    draw = f"{folder.name} {words} {_SEEN[command]}"
    process = _SERVER.Process(target=_become, args=(words, str(folder), environment, streams, draw))
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """Wait for it; returns its exit code."""
    process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def _become(
    words: tuple[str, ...],
    folder: str,
    environment: dict[str, str],
    streams: tuple[str, ...],
    draw: str,
) -> None:
    for number, name in enumerate(streams):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOCTTY)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    encoding, _, wanted = environment.get("PYTHONIOENCODING", "").partition(":")
    encoding, errors = encoding or "utf-8", wanted or str(sys.stdout.errors)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding, errors)
    sys.stdout = _output(1, encoding, errors)
    sys.stderr = _output(2, encoding, "backslashreplace")
    os.chdir(folder)
    coolname.replace_random(random.Random(draw))
    sys.argv = ["gitexp", *words]
    runpy.run_module("gitexp", run_name="__main__", alter_sys=True)


def _output(number: int, encoding: str, errors: str) -> io.TextIOWrapper:
    """What Python makes of a descriptor while it starts; the server started with others."""
    by_line = number == 2 or os.isatty(number)
    binary = io.BufferedWriter(io.FileIO(number, "wb", closefd=False))
    return io.TextIOWrapper(binary, encoding, errors, line_buffering=by_line)
