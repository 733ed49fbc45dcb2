"""Notifies a command of yours when an experiment is decided."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.lab.log.log_json import figures_json
from gitexp.rules.text import visible
from gitexp.store.git_environment import script_environment

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

_LONGEST = 10.0  # seconds; the end of gitexp waits for it


def message_of(
    name: str, ledger: Ledger, registration: Registration, judgement: Judgement, note: str
) -> dict[str, Any]:
    """What a command is told of an experiment that was decided."""
    return {
        "name": name,
        "commit": ledger.experiment,
        "project": ledger.project.folder,
        "verdict": judgement.verdict,
        "reason": judgement.reason or None,
        **figures_json(registration, judgement),
        "note": note,
    }


def notify_meanwhile(
    ledger: Ledger, message: dict[str, Any], said: Callable[[str], object]
) -> threading.Thread:
    """Notify the command that the settings name while runs go on; whoever ends joins the thread.

    `said` is told what went wrong, which changes nothing.
    """
    command, repository = ledger.settings.notify, ledger.repository

    def notified() -> None:
        if wrong := notify(command, message, repository.top or repository.common):
            said(wrong)

    thread = threading.Thread(target=notified, name="gitexp-notify")
    thread.start()
    return thread


def notify(command: str, verdict: dict[str, Any], folder: Path) -> str:
    """Give a command a verdict as JSON on its standard input; returns what went wrong, or "".

    The command is split into words and run without a shell, in `folder`.
    """
    import tempfile  # loads random and OpenSSL, which only a command to notify needs

    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                shlex.split(command),
                cwd=folder, env=script_environment(), stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return f"notify = {command!r} cannot be run: {visible(str(error))}"
        try:
            process.communicate(json.dumps(verdict).encode() + b"\n", _LONGEST)
        except subprocess.TimeoutExpired:
            return f"notify = {command!r} was stopped after {_LONGEST:g} s"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode == 0:
            return ""
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 500))
        last = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    said = f": {visible(last)}" if last else ""
    return f"notify = {command!r} ended with exit code {process.returncode}{said}"
