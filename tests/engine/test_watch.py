"""What ends a run early: what is read while it goes on, and what becomes of it."""

from __future__ import annotations

import resource
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.job import Interrupted
from gitexp.engine.printed import read_steps
from gitexp.engine.tail import Tail
from gitexp.engine.watch import PERIOD, StepRules, Watch
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.stop_rule import parse_stop_rule
from tests.engine.test_run import Trainer, trainer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["trainer"]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("step=500 val_loss=3.9", [(500, {"val_loss": 3.9})]),
        ("Step 500/1000: val_loss: 3.9, loss = 1e2", [(500, {"val_loss": 3.9, "loss": 100.0})]),
        ("{'loss': 3.2, 'step': 500}", [(500, {"loss": 3.2})]),
        ("12:03 INFO train: global_step=5 loss=3", [(5, {"loss": 3.0})]),
        (" 5%|#| 5/99 [00:01, loss=3, step=5]\r 6%|#| 6/99 [00:01, loss=4, step=6]",
         [(5, {"loss": 3.0}), (6, {"loss": 4.0})]),
        ("Epoch 3 loss=3.9", [(None, {"loss": 3.9})]),
        ("step=7 val loss=3.9", [(7, {"val_loss": 3.9})]),
        ("steps=7 train_loss=3.9 loss 2 floss=1", []),
    ],
)  # fmt: skip
def test_a_printed_line_is_read_with_its_step(line: str, read: list[object]) -> None:
    assert [*read_steps(line, ["loss", "val_loss"])] == read


def halted(rules: list[str], *reported: tuple[int | None, float]) -> str:
    watched = StepRules([parse_stop_rule(text) for text in rules])
    found = (watched.halt(step, {"loss": value}) for step, value in reported)
    return next((halt.reason.removeprefix("stopped by ") for halt in found if halt), "")


NAN = float("nan")


@pytest.mark.parametrize(
    ("rules", "reported", "reason"),
    [
        (["loss > 10"], [(1, 9), (2, 11)], "`loss > 10`: loss was 11 at step 2"),
        (["loss > 10"], [(None, 11)], "`loss > 10`: loss was 11"),
        (["acc < 1", "loss is nan"], [(3, NAN)], "`loss is nan`: loss was nan at step 3"),
        (["loss > 10"], [(1, 10), (2, NAN)], ""),
        # One look at the first value from that step on, and none before or after.
        (["step 5: loss > 4"], [(4, 9), (7, 5)], "`step 5: loss > 4`: loss was 5 at step 7"),
        (["step 5: loss > 4"], [(4, 9), (6, 3), (7, 9)], ""),
        (["step 5: loss > 4"], [(None, 9)], ""),
    ],
)  # fmt: skip
def test_rules_end_a_run_by_what_they_are_about(
    rules: list[str], reported: list[tuple[int | None, float]], reason: str
) -> None:
    assert halted(rules, *reported) == reason


def test_a_rule_that_never_applied_is_told() -> None:
    rules = StepRules([parse_stop_rule(t) for t in ("loss > 9", "step 500: acc < 0.5", "f1 < 0")])
    assert "`loss > 9` never applied: the run reported no loss" in rules.unused()
    rules.halt(3, {"loss": 1, "f1": 1})
    assert "reported no acc" in rules.unused()
    rules.halt(None, {"acc": 0.1})
    assert rules.unused().endswith("the run reported acc without a step")
    rules.halt(499, {"acc": 0.1})
    assert rules.unused().endswith("the run reported acc only up to step 499")
    rules.halt(501, {"acc": 0.9})
    assert rules.unused() == ""


def test_a_growing_file_is_read_once_in_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(path)
    assert (tail.read(), tail.grew()) == ("", False)
    path.write_bytes(b"one\ntw")
    assert (tail.read(), tail.grew(), tail.grew()) == ("one\n", True, False)
    with path.open("ab") as handle:
        handle.write(b"o \xff\r\nthree")
    assert (tail.read(), tail.read()) == ("two \ufffd\r\n", "")
    assert tail.read(to_the_end=True) == "three"
    with path.open("ab") as handle:  # a flood is passed over, but for its end
        handle.write(b"x" * (3 << 20) + b"\nloss=1\n" + b"y" * 9)
    assert (tail.read(), tail.read(to_the_end=True)) == ("loss=1\n", "y" * 9)
    path.write_bytes(b"new\n")
    assert tail.read() in {"", "new\n"}


def rule(*texts: str) -> dict[str, object]:
    return {"stop_if": tuple(map(parse_stop_rule, texts))}


ENDLESS = """
import os, sys, time
for step in range(10**6):
    {}
    time.sleep(0.02)
"""


@pytest.mark.parametrize(
    "says",
    [
        "print(f'step={step} loss={step}')",  # buffered, if Python had its way
        "print(f'step={step} loss={step}', file=sys.stderr, end='\\r', flush=True)",
        "import gitexp; gitexp.log(step=step, loss=step)",
    ],
)
def test_a_hopeless_run_ends_soon_and_its_record_says_why(trainer: Trainer, says: str) -> None:
    begin = time.monotonic()
    done = trainer(ENDLESS.format(says), **rule("loss > 10", "loss is nan"))
    assert time.monotonic() - begin < 30
    assert done.record.ended is Ended.STOP_IF
    assert done.record.failure == "stopped by `loss > 10`: loss was 11 at step 11"
    assert done.warning == ""


def test_a_rule_ends_a_run_however_fast_it_was(trainer: Trainer) -> None:
    script = "print('step=1 loss=99'); print('step=2 loss=1 accuracy=0.5')"
    assert trainer(script, **rule("loss > 10")).record.ended is Ended.STOP_IF
    good = trainer(script, **rule("loss > 100"))
    assert good.record.ok
    assert good.warning == ""
    told = trainer(script, **rule("los > 10"))
    assert told.record.ok
    assert told.warning.startswith("stop_if `los > 10` never applied: the run reported no los;")


def test_a_silent_run_ends(trainer: Trainer) -> None:
    silent = trainer("import time; print('hello', flush=True); time.sleep(60)", silent=0.4)
    assert silent.record.ended is Ended.SILENCE
    assert silent.record.failure == "stopped after 0.4 s in which it printed and logged nothing"
    assert silent.record.duration < 30


@pytest.mark.parametrize("name", ["stdout.log", "stderr.log", "metrics.jsonl"])
def test_any_sign_of_life_begins_the_silence_again(tmp_path: Path, name: str) -> None:
    settings = Settings(config=("c",), command="c", metric="m", silent=PERIOD)
    watch = Watch(settings, tmp_path)
    for _ in range(2):
        with (tmp_path / name).open("a") as handle:
            handle.write("a line\n")
        time.sleep(PERIOD)
        assert watch.look(0, "") is None
    time.sleep(PERIOD)
    halt = watch.look(0, "")
    assert halt is not None
    assert halt.ended is Ended.SILENCE


HEAVY = """
import os, subprocess, sys, time
child = "x = bytearray(120 << 20); print(len(x), flush=True); import time; time.sleep(60)"
subprocess.Popen([sys.executable, '-c', child], start_new_session={})
time.sleep(60)
"""


@pytest.mark.parametrize("daemon", [False, True])
def test_memory_counts_for_the_whole_family(trainer: Trainer, *, daemon: bool) -> None:
    if daemon and sys.platform != "linux":
        pytest.skip("only Linux tells the environment of other processes")
    done = trainer(HEAVY.format(daemon), memory=100_000_000)
    assert done.record.ended is Ended.MEMORY
    assert done.record.failure.endswith("of memory, over the limit of 100 MB")
    assert done.record.duration < 30


SHARING = """
import os, time
x = bytearray(os.urandom(1)) * (40 << 20)
for _ in range(4):
    if not os.fork():
        time.sleep(1.2)
        os._exit(0)
time.sleep(1.2)
print('accuracy=0.5')
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who shares memory")
def test_memory_that_processes_share_counts_once(trainer: Trainer) -> None:
    assert trainer(SHARING, memory=150_000_000).record.ok


FLOOD = """
import os, sys
os.ftruncate(1, 1 << 30)  # a gigabyte that takes no time to write
os.lseek(1, 0, os.SEEK_END)
os.write(1, b'\\n\\xff\\xfe step=1 loss=3 accuracy=0.5\\n')
{}
"""


def test_a_gigabyte_of_output_fills_no_memory(trainer: Trainer) -> None:
    trainer("print('accuracy=0.5')")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = trainer(FLOOD.format(""), **rule("loss > 10"))
    assert done.record.ok, done.record.failure
    failed = trainer(FLOOD.format("sys.exit(3)"))
    assert failed.last_lines.endswith("accuracy=0.5")
    assert len(done.log["stdout"]) < 5000
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (100 << 20 if sys.platform == "darwin" else 100 << 10)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where a daemon went")
def test_a_command_that_daemonises_is_told_to_stay(trainer: Trainer) -> None:
    parent = "if os.fork(): time.sleep(0.3); os._exit(0)"
    script = f"import os, time\n{parent}\nos.setsid()\ntime.sleep(60)"
    done = trainer(script)
    assert "no metric accuracy was reported; it left processes behind" in done.record.failure
    assert done.record.duration < 30


def test_a_command_that_closes_its_output_is_waited_for(trainer: Trainer) -> None:
    script = "import gitexp, os, time\nos.close(1); os.close(2)\ntime.sleep(0.3)\n"
    done = trainer(script + "gitexp.log(accuracy=0.5)\nos._exit(0)")
    assert done.record.ok, done.record.failure
    assert done.record.duration >= 0.3


def test_an_interrupt_is_not_taken_for_a_limit(trainer: Trainer) -> None:
    threading.Timer(0.5, trainer.stop.set).start()
    with pytest.raises(Interrupted):
        trainer("import time; print('loss=1', flush=True); time.sleep(60)", **rule("loss > 10"))
