"""Real locks, taken by real processes; the driver's program is a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.devices.allowed import find_devices, of_one_model
from gitexp.engine.devices.amd import AMD
from gitexp.engine.devices.drivers import NVIDIA, Device
from gitexp.engine.devices.grant import Devices
from gitexp.engine.devices.shares import PARTS, Shares, parts_of, shared_folder
from gitexp.errors import NotReady

if TYPE_CHECKING:
    from pathlib import Path

TWO = (Device("GPU-aaaa", 0, "T4"), Device("GPU-bbbb", 1, "T4"))


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH whose nvidia-smi lists two devices; `busy` there has those in use."""
    folder = tmp_path / "driver"
    folder.mkdir()
    (folder / "nvidia-smi").write_text(
        f"#!/bin/sh\ncase $1 in\n-L) cat {folder}/list;;\n*apps*) cat {folder}/busy;;\nesac\n"
    )
    (folder / "nvidia-smi").chmod(0o755)
    (folder / "list").write_text("".join(f"GPU {d.index}: T4 (UUID: {d.uuid})\n" for d in TWO))
    (folder / "busy").write_text("")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return folder


def of(share: float, folder: Path) -> Devices:
    return Devices(NVIDIA, TWO, share, folder=folder)


@pytest.mark.parametrize(
    ("share", "parts"),
    [(0.5, 30), (1 / 3, 20), (0.25, 15), (0.1, 6), (0.07, 5), (1e-9, 1), (1, 60)],
)
def test_a_share_is_rounded_up_to_parts(share: float, parts: int) -> None:
    assert parts_of(share) == parts


@pytest.mark.usefixtures("driver")
def test_each_run_has_devices_of_its_own(tmp_path: Path) -> None:
    devices = of(1, tmp_path)
    first, second = devices.take(), devices.take()
    assert first is not None
    assert second is not None
    assert [first.variables, second.variables] == [
        {"CUDA_VISIBLE_DEVICES": "GPU-aaaa"}, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"},
    ]  # fmt: skip
    assert devices.take() is None
    assert (
        devices.about()
        == "device 0 (T4) is used by a gitexp run; device 1 (T4) is used by a gitexp run"
    )
    with first:
        pass
    with devices.take() as again:  # type: ignore[union-attr]
        assert again.variables == {"CUDA_VISIBLE_DEVICES": "GPU-aaaa"}


@pytest.mark.usefixtures("driver")
def test_several_devices_are_taken_all_or_none(tmp_path: Path) -> None:
    with of(1, tmp_path).take() as one:  # type: ignore[union-attr]
        assert one.variables == {"CUDA_VISIBLE_DEVICES": "GPU-aaaa"}
        assert of(2, tmp_path).take() is None
        with of(1, tmp_path).take() as other:  # type: ignore[union-attr]
            assert other.variables == {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"}
    with of(2, tmp_path).take() as both:  # type: ignore[union-attr]
        assert both.variables == {"CUDA_VISIBLE_DEVICES": "GPU-aaaa,GPU-bbbb"}
        assert both.models == ("T4", "T4")


@pytest.mark.usefixtures("driver")
def test_shares_of_one_device_fill_it_before_the_next(tmp_path: Path) -> None:
    halves = of(0.5, tmp_path)
    taken = [halves.take() for _ in range(4)]
    assert [one.variables["CUDA_VISIBLE_DEVICES"] for one in taken if one] == [
        "GPU-aaaa", "GPU-aaaa", "GPU-bbbb", "GPU-bbbb",
    ]  # fmt: skip
    assert halves.take() is None
    assert of(0.02, tmp_path).take() is None
    assert (halves.most, of(1 / 3, tmp_path).most, of(1, tmp_path).most) == (4, 6, 2)


def test_a_device_that_somebody_computes_on_is_left_alone(driver: Path, tmp_path: Path) -> None:
    (driver / "busy").write_text("GPU-aaaa, 4242\n")
    assert of(1, tmp_path).about() == "device 0 (T4) is used by another process"
    with of(0.5, tmp_path).take() as taken:  # type: ignore[union-attr]
        assert taken.variables == {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"}
        # Its own runs are no strangers: the other half is free.
        (driver / "busy").write_text("GPU-aaaa, 4242\nGPU-bbbb, 4243\n")
        with of(0.5, tmp_path).take() as other:  # type: ignore[union-attr]
            assert other.variables == {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"}


@pytest.mark.usefixtures("driver")
def test_a_run_keeps_its_device_when_gitexp_dies(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys; from pathlib import Path\n"
        "from gitexp.engine.devices.shares import PARTS, Shares\n"
        f"one = Shares('GPU-aaaa', Path({str(tmp_path)!r})); assert one.take(PARTS)\n"
        "run = subprocess.Popen(['sleep', '60'], pass_fds=[one.descriptor],\n"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(run.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    run = int(died.stdout)
    try:
        assert died.returncode == -9
        assert not Shares("GPU-aaaa", tmp_path).take(1)
    finally:
        os.kill(run, 9)
    while not Shares("GPU-aaaa", tmp_path).take(PARTS):  # the kernel frees it when it has ended
        pass


@pytest.mark.usefixtures("driver")
def test_a_lock_file_that_was_removed_keeps_nobody_out(tmp_path: Path) -> None:
    first, second = Shares("GPU-aaaa", tmp_path), Shares("GPU-aaaa", tmp_path)
    assert first.take(PARTS)
    first.path.unlink()
    assert second.take(PARTS)
    second.free()


def test_every_user_can_lock_what_another_made(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        shares = Shares("GPU-../../x", tmp_path)
        assert shares.take(1)
    finally:
        os.umask(before)
    assert shares.path.stat().st_mode & 0o777 == 0o666
    assert shares.path.parent == tmp_path
    assert shared_folder().stat().st_mode & 0o1002 == 0o1002


@pytest.mark.parametrize("trap", ["link", "folder", "pipe"])
def test_no_link_is_followed_to_another_place(tmp_path: Path, trap: str) -> None:
    shares = Shares("GPU-aaaa", tmp_path)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    if trap == "link":
        shares.path.symlink_to(victim)
    elif trap == "folder":
        shares.path.mkdir()
    else:
        os.mkfifo(shares.path)
    with pytest.raises(NotReady, match=r"cannot be opened|not a plain file"):
        shares.take(1)
    assert victim.read_text() == "mine"


def test_what_the_machine_has_is_found_and_limited(driver: Path) -> None:
    assert find_devices(1, {}).devices == TWO
    assert find_devices(1, {"CUDA_VISIBLE_DEVICES": "1"}).devices == TWO[1:]
    assert find_devices(0.5, {}, "1,0").devices == (TWO[1], TWO[0])
    with pytest.raises(NotReady, match="gpus = 3 per run, but of 2 here you may use 2"):
        find_devices(3, {})
    (driver / "list").write_text("GPU 0: T4 (UUID: GPU-aaaa)\nGPU 1: H100 (UUID: GPU-cccc)\n")
    found = find_devices(1, {})
    assert (found.devices, found.about()) == (TWO[:1], "device 1 (H100) is a different model")
    assert find_devices(1, {}, "1").devices == (Device("GPU-cccc", 1, "H100"),)
    (driver / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    with pytest.raises(NotReady, match="no driver lists a device here"):
        find_devices(1, {})


def test_only_one_variable_chooses_for_amds_runtime(tmp_path: Path) -> None:
    with Devices(AMD, of_one_model(TWO)[0], 1, folder=tmp_path).take() as taken:  # type: ignore[union-attr]
        assert taken.variables == {
            "ROCR_VISIBLE_DEVICES": "GPU-aaaa",
            "HIP_VISIBLE_DEVICES": None,
            "CUDA_VISIBLE_DEVICES": None,
        }


def holding(size: int) -> dict[str, object]:
    """What amd-smi says of a process that holds so many bytes on a device."""
    return {"process_info": {"memory_usage": {"vram_mem": {"value": size, "unit": "B"}}}}


@pytest.mark.parametrize(
    ("program", "asked", "listing", "busy"),
    [
        (
            "rocm-smi", "--showpidgpus",
            '{"card0": {"Unique ID": "0xa"}, "card1": {"Unique ID": "0xb"}}',
            "PID 41 is using 1 DRM device(s):\n1\n",
        ),
        (
            "amd-smi", "process",
            json.dumps([{"gpu": n, "asic": {"asic_serial": f"0x{n + 10:X}"}} for n in range(2)]),
            json.dumps([{"gpu": n, "process_list": [holding(4096 << 20 * n)]} for n in range(2)]),
        ),
        (
            "xpu-smi", "ps",
            '{"device_list": [{"device_id": 0}, {"device_id": 1}]}',
            '{"device_util_by_proc_list": [{"device_id": 1, "mem_size": 5726404}]}',
        ),
    ],
)  # fmt: skip
def test_every_makers_driver_is_asked_who_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, asked: str, listing: str,
    busy: str,
) -> None:  # fmt: skip
    for name, text in (("busy", busy), ("list", listing)):
        (tmp_path / name).write_text(text)
    script = tmp_path / program
    script.write_text(
        f"#!/bin/sh\ncase $1 in\n{asked}) cat {tmp_path}/busy;;\n*) cat {tmp_path}/list;;\nesac\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = find_devices(1, {})
    assert len(found.devices) == 2
    assert found._replace(folder=tmp_path).about() == "device 1 is used by another process"
