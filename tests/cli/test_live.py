"""What a terminal shows while runs go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.arrange import train_with

if TYPE_CHECKING:
    from tests.project import World

SLOW = """
import time
print("best_accuracy=0.9", flush=True)
print("accuracy=0.5 loss=2", flush=True)
time.sleep(60)
"""


def test_a_live_line_tells_time_and_latest_metrics_until_it_is_stopped(ready: World) -> None:
    train_with(ready, SLOW)
    ready.start("--set", "model.C=10")
    reader, writer = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "gitexp", "run"], cwd=ready.path, stdin=subprocess.DEVNULL,
        stdout=writer, stderr=writer, env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(writer)
    shown = ""
    wanted = r"seed 1: running [1-9]\d* s  accuracy 0.5, best_accuracy 0.9, loss 2"
    while not re.search(wanted, shown):
        shown += os.read(reader, 4096).decode()  # on a busy machine some seconds are never shown
    running.send_signal(signal.SIGINT)
    try:
        while more := os.read(reader, 4096).decode():
            shown += more
    except OSError:
        pass  # how Linux says that nobody writes to a terminal any more
    os.close(reader)
    assert running.wait(timeout=30) == 130
    assert "seed 1: stopped" in shown
    assert shown.rstrip().endswith("gitexp: interrupted; what had finished is stored")
