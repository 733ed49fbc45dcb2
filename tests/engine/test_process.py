from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.family import MARK, marked
from gitexp.engine.family import processes as on_this_machine
from gitexp.engine.process import GRACE, Finished, execute
from gitexp.engine.watchdog import Watchdog
from gitexp.rules.documents.ended import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Leaves its session; only Linux tells the environment by which it is found.
DAEMON = "setsid sh -c 'echo $$ > daemon; sleep 60' &" if sys.platform == "linux" else ""
# A trainer with a child, a grandchild and a daemon; each leaves its process id, then `ready`.
FAMILY = f"""
sh -c 'sleep 60 & echo $! > grandchild; wait' & echo $! > child
{DAEMON or "echo $! > daemon"}
echo $$ > trainer
while ! test -s grandchild || ! test -s daemon; do sleep 0.01; done
touch ready
wait
"""


@dataclass
class Runs:
    """Executes commands in one folder and remembers nothing else."""

    folder: Path
    watchdog: Watchdog
    stop: threading.Event = field(default_factory=threading.Event)

    def __call__(
        self,
        command: Sequence[str] | str,
        *,
        cwd: Path | None = None,
        timeout: float | None = None,
        hold_fds: Sequence[int] = (),
    ) -> Finished:
        return execute(
            command,
            cwd=cwd or self.folder,
            env={"PATH": os.environ["PATH"]},
            stdout=self.folder / "stdout",
            stderr=self.folder / "stderr",
            watchdog=self.watchdog,
            timeout=timeout,
            stop=self.stop,
            hold_fds=hold_fds,
        )

    def said(self) -> str:
        return (self.folder / "stderr").read_text()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runs]:
    with Watchdog() as watchdog:
        yield Runs(tmp_path, watchdog)


def processes(*options: str) -> str:
    if shutil.which("ps") is None:
        pytest.skip("no ps to list processes with")
    return subprocess.run(["ps", *options], check=False, capture_output=True, text=True).stdout


def alive(pid: int) -> bool:
    """A zombie counts as dead: who buries orphans, and when, is not gitexp's to say."""
    return processes("-o", "stat=", "-p", str(pid)).strip()[:1] not in {"", "Z"}


def within(seconds: float, happens: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def family(folder: Path) -> list[int]:
    return [
        int((folder / name).read_text()) for name in ("trainer", "child", "grandchild", "daemon")
    ]


def when_ready(folder: Path, act: Callable[[], object]) -> threading.Thread:
    def wait_and_act() -> None:
        assert within(5, (folder / "ready").exists)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def test_a_command_runs_in_its_folder_with_its_environment_and_no_input(run: Runs) -> None:
    finished = run(["sh", "-c", "pwd; env; cat; echo trouble >&2; exit 3"])

    output = (run.folder / "stdout").read_text()
    assert output.splitlines()[0] == str(run.folder.resolve())
    assert "HOME=" not in output
    assert run.said() == "trouble\n"
    assert finished.exit_code == 3
    assert finished.halted is None
    assert not finished.interrupted


def test_a_list_meets_no_shell_and_a_string_does(run: Runs) -> None:
    run(["echo", "$((1 + 1))", "; exit 3"])
    assert (run.folder / "stdout").read_text() == "$((1 + 1)) ; exit 3\n"

    assert run("echo $((1 + 1)); exit 3").exit_code == 3
    assert (run.folder / "stdout").read_text() == "2\n"


def test_what_a_run_took_is_its_own(run: Runs) -> None:
    code = "x = bytearray(300 << 20)\nwhile __import__('time').process_time() < 0.3: pass"
    busy = run([sys.executable, "-IS", "-c", code])
    idle = run(["sleep", "0.2"])

    assert 0.3 <= busy.cpu < 2
    assert 300 << 20 <= busy.peak_memory < 700 << 20
    assert idle.cpu < 0.1
    assert 0.2 <= idle.duration < 1


def test_a_short_run_is_noticed_at_once(run: Runs) -> None:
    run(["true"])
    durations = sorted(run(["true"]).duration for _ in range(20))
    assert durations[10] < 0.02


def test_waiting_burns_no_cpu(run: Runs) -> None:
    before = time.process_time()
    run(["sleep", "1"])
    assert time.process_time() - before < 0.05


def test_short_runs_are_noticed_without_a_pidfd(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(pid: int) -> int:
        raise OSError(38, "Function not implemented", str(pid))

    monkeypatch.setattr(os, "pidfd_open", missing, raising=False)
    assert run(["sleep", "0.05"]).duration < 0.2
    assert run(["sleep", "60"], timeout=0.1).halted


def test_a_signal_is_a_negative_exit_code(run: Runs) -> None:
    assert run("kill -SEGV $$").exit_code == -signal.SIGSEGV


@pytest.mark.parametrize("command", [["no-such-trainer", "x"], ["./no-such-trainer"]])
def test_a_missing_command_is_a_result_with_a_reason(run: Runs, command: list[str]) -> None:
    finished = run(command)
    assert finished.exit_code == 127
    assert run.said().startswith(f"gitexp: cannot run `{' '.join(command)}`: {command[0]} ")
    assert run.said().endswith(("is not on PATH\n", "does not exist\n"))


def test_a_file_that_is_no_program_is_a_result_with_a_reason(run: Runs) -> None:
    script = run.folder / "train.sh"
    script.write_text("#!/no/such/interpreter\n")
    assert run(["./train.sh"]).exit_code == 126
    assert "train.sh cannot be executed (Permission denied)" in run.said()

    script.chmod(0o755)
    assert run(["./train.sh"]).exit_code == 127
    assert "the interpreter that the first line of ./train.sh names does not exist" in run.said()

    assert run(["./train.sh", "a\0b"]).exit_code == 126
    assert "null byte" in run.said()


def test_a_missing_folder_is_a_result_with_a_reason(run: Runs) -> None:
    finished = run(["true"], cwd=run.folder / "gone")
    assert finished.exit_code == 127
    assert f"the folder {run.folder}/gone cannot be entered" in run.said()


def test_a_timeout_ends_the_whole_family(run: Runs) -> None:
    finished = run(FAMILY, timeout=0.5)

    assert finished.halted is not None
    assert finished.halted.ended is Ended.TIMEOUT
    assert not finished.interrupted
    assert finished.exit_code == -signal.SIGTERM
    assert finished.duration == pytest.approx(0.5, abs=0.3)
    assert not any(map(alive, family(run.folder)))


@pytest.mark.slow
def test_time_in_which_the_machine_sleeps_is_not_counted(run: Runs) -> None:
    # All stop, gitexp included, as if a laptop's lid were closed.
    lid = "sleep 0.3; kill -STOP {us} $(cat {pid}); sleep 3; kill -CONT $(cat {pid}) {us}"
    words = lid.format(us=os.getpid(), pid=run.folder / "pid")
    with subprocess.Popen(["/bin/sh", "-c", words], start_new_session=True):
        train = "echo $$ > pid; for n in 1 2 3 4 5 6 7 8; do sleep 0.1; done; echo trained"
        finished = run(train, timeout=2.5)
    assert (finished.exit_code, finished.halted) == (0, None)
    assert finished.duration > 3


def test_a_stop_ends_the_whole_family_soon(run: Runs) -> None:
    stopped: list[float] = []

    def ask() -> None:
        stopped.append(time.monotonic())
        run.stop.set()

    thread = when_ready(run.folder, ask)
    finished = run(FAMILY)
    took = time.monotonic() - stopped[0]
    thread.join()

    assert finished.interrupted
    assert finished.halted is None
    assert took < GRACE / 2
    assert not any(map(alive, family(run.folder)))


def test_nothing_starts_once_stopped(run: Runs) -> None:
    run.stop.set()
    assert run(["touch", "started"]).interrupted
    assert not (run.folder / "started").exists()


def test_a_trainer_may_save_its_work_when_stopped(run: Runs) -> None:
    # The shell above it dies of SIGTERM at once; the trainer below still gets its grace.
    saving = "sleep 0.3; echo saved > checkpoint; exit"
    trainer = f"trap '{saving}' TERM; touch ready; while :; do sleep 0.01; done"
    thread = when_ready(run.folder, run.stop.set)
    run(f'sh -c "{trainer}"; true')
    thread.join()
    assert (run.folder / "checkpoint").read_text() == "saved\n"


@pytest.mark.slow
def test_a_family_deaf_to_sigterm_is_killed_after_the_grace(run: Runs) -> None:
    begin = time.monotonic()
    finished = run(
        "trap '' TERM; (sleep 60; sleep 60) & echo $! > child; sleep 60; sleep 60", timeout=0.2
    )

    assert finished.exit_code == -signal.SIGKILL
    assert time.monotonic() - begin == pytest.approx(0.2 + GRACE, abs=0.5)
    assert not alive(int((run.folder / "child").read_text()))


def test_what_a_run_leaves_behind_ends_with_it(run: Runs) -> None:
    finished = run("nohup sleep 60 & echo $! > child")
    assert finished.exit_code == 0
    assert finished.duration < 1
    assert not alive(int((run.folder / "child").read_text()))


@pytest.mark.skipif(not DAEMON, reason="only Linux tells the environment of other processes")
def test_a_daemon_ends_with_its_run_and_nobody_elses(run: Runs) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        finished = run(f"{DAEMON} while ! test -s daemon; do sleep 0.01; done")
        assert finished.left
        assert not alive(int((run.folder / "daemon").read_text()))
        assert other.poll() is None
        other.kill()
    assert not run("sleep 60 & true").left


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists processes as files")
def test_what_was_there_before_a_run_is_none_of_it() -> None:
    before = on_this_machine()
    with subprocess.Popen(["sleep", "60"], env=os.environ | {MARK: "of a test"}) as other:
        try:
            assert marked("of a test") == marked("of a test", before) == [other.pid]
            assert marked("of a test", on_this_machine()) == []
        finally:
            other.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists processes as files")
def test_signals_reach_no_group_whose_number_may_be_anothers(
    run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a command's exit status is taken, the kernel may give its number to another process."""
    sent, unreaped, send = list[int](), list[bool](), os.killpg

    def killpg(group: int, number: int) -> None:
        if number:  # 0 only asks
            sent.append(number)
            unreaped.append(Path(f"/proc/{group}").exists())
        send(group, number)

    monkeypatch.setattr(os, "killpg", killpg)
    assert run(["false"]).exit_code == 1
    assert run(["sleep", "60"], timeout=0.1).exit_code == -signal.SIGTERM
    assert run("nohup sleep 60 & true").exit_code == 0
    assert {signal.SIGTERM, signal.SIGKILL} == {*sent}
    assert all(unreaped)


def test_an_exception_in_the_waiting_thread_leaves_nothing_behind(run: Runs) -> None:
    class RaisingEvent(threading.Event):
        def is_set(self) -> bool:
            if (run.folder / "ready").exists():
                raise KeyboardInterrupt
            return False

    run.stop = RaisingEvent()
    with pytest.raises(KeyboardInterrupt):
        run(FAMILY)
    assert not any(map(alive, family(run.folder)))


def test_runs_side_by_side_end_apart(tmp_path: Path) -> None:
    finished: dict[int, Finished] = {}
    with Watchdog() as watchdog:

        def one(number: int) -> None:
            folder = tmp_path / str(number)
            folder.mkdir()
            finished[number] = Runs(folder, watchdog)(f"sleep 0.{number}; exit {number}")

        threads = [threading.Thread(target=one, args=(number,)) for number in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {n: f.exit_code for n, f in finished.items()} == {n: n for n in range(1, 7)}


def test_a_lock_lives_as_long_as_the_command_that_holds_it(run: Runs) -> None:
    lock = run.folder / "lock"

    def is_free() -> bool:
        with lock.open("w") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = threading.Thread(
            target=run, args=("touch ready; sleep 0.5",), kwargs={"hold_fds": (held.fileno(),)}
        )
        thread.start()
        assert within(5, (run.folder / "ready").exists)
    assert not is_free()
    thread.join()
    # The watchdog still runs, and holds nothing.
    assert is_free()


def test_a_command_inherits_nothing_else(run: Runs) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc")
    run("ls -l /proc/$$/fd")
    listed = (run.folder / "stdout").read_text()
    assert "pipe:" not in listed
    assert listed.count(" -> ") <= 4  # the three standard ones; dash may hold one more


HELPER = """
import os, sys, threading
from pathlib import Path
from gitexp.engine.watchdog import Watchdog
from gitexp.engine.process import execute

folder = Path(sys.argv[1])
with Watchdog() as watchdog:
    for _ in range(3):
        execute(["true"], cwd=folder, env=os.environ, stdout=folder / "out", stderr=folder / "err",
                watchdog=watchdog, stop=threading.Event())
    execute(sys.argv[2], cwd=folder, env=os.environ, stdout=folder / "out", stderr=folder / "err",
            watchdog=watchdog, stop=threading.Event())
"""


def test_a_killed_gitexp_takes_its_trainers_along(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HELPER, str(tmp_path), FAMILY]) as gitexp:
        assert within(10, (tmp_path / "ready").exists)
        assert all(map(alive, family(tmp_path)))
        gitexp.kill()
    assert within(2, lambda: not any(map(alive, family(tmp_path))))


# gitexp as above, killed once its command was started and nothing else was said or done.
KILLED_EARLY = f"""
import os, signal
from gitexp.engine import process
started = process.subprocess.Popen
def start(*words, **more):
    child = started(*words, **more)
    if "sleep" in words[0][-1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return child
process.subprocess = type("subprocess", (), {{"Popen": start, "DEVNULL": -3}})
{HELPER}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the environment of others")
def test_a_command_ends_although_gitexp_is_killed_in_the_instant_of_its_start(
    tmp_path: Path,
) -> None:
    words = [sys.executable, "-c", KILLED_EARLY, str(tmp_path), "sleep 61.25"]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert within(4, lambda: "sleep 61.25" not in processes("-eo", "args="))


def watchdog_shells() -> list[int]:
    rows = [line.split(None, 2) for line in processes("-eo", "pid=,ppid=,args=").splitlines()]
    return [
        int(pid) for pid, parent, args in rows if int(parent) == os.getpid() and "groups=" in args
    ]


def test_the_watchdog_is_one_shell_that_ends_at_once(run: Runs) -> None:
    assert watchdog_shells() == []
    run(["true"])
    run(["true"])
    (shell,) = watchdog_shells()
    assert os.getpgid(shell) == shell

    begin = time.monotonic()
    run.watchdog.close()
    assert time.monotonic() - begin < 0.2
    assert not alive(shell)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_watchdog_outlasts_signals(run: Runs, number: signal.Signals) -> None:
    run(["true"])
    (shell,) = watchdog_shells()
    os.kill(shell, number)
    time.sleep(0.05)
    assert alive(shell)


def test_the_watchdog_kills_what_it_still_watches_and_nothing_else(run: Runs) -> None:
    sleepers = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(4)]
    run.watchdog.start()
    for sleeper in sleepers:
        run.watchdog.watch(f"{sleeper.pid:x}", sleeper.pid)
    run.watchdog.forget(f"{sleepers[1].pid:x}")
    run.watchdog.forget(f"{sleepers[3].pid:x}")
    run.watchdog.forget("4000000")
    run.watchdog.close()

    assert [s.wait(2) for s in (sleepers[0], sleepers[2])] == [-signal.SIGKILL] * 2
    assert [s.poll() for s in (sleepers[1], sleepers[3])] == [None, None]
    for sleeper in sleepers:
        sleeper.kill()
        sleeper.wait()


def test_a_watchdog_that_was_killed_is_replaced_with_its_list(run: Runs) -> None:
    run.watchdog.start()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as sleeper:
        run.watchdog.watch(f"{sleeper.pid:x}", sleeper.pid)
        (shell,) = watchdog_shells()
        os.kill(shell, signal.SIGKILL)
        assert within(2, lambda: not alive(shell))
        assert run(["true"]).exit_code == 0
        run.watchdog.close()
        assert sleeper.wait(2) == -signal.SIGKILL
