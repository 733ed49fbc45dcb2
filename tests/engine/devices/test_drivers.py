from __future__ import annotations

import json

import pytest

from gitexp.engine.devices.amd import busy_amd, parse_amd, parse_amd_smi
from gitexp.engine.devices.drivers import Device, busy_intel, parse_intel, parse_nvidia

A = "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"
B = "GPU-0b4d1f6a-0000-4106-c12f-20bd9faed9f6"
M = "MIG-c7384736-a75d-5afc-978f-d2f1294409fd"
N = "MIG-GPU-b8ea3855-276c-c9cb-b366-c6fa655957c5/1/0"
DIVIDED = f"""\
GPU 0: NVIDIA A100 (UUID: {A})
  MIG 3g.20gb     Device  0: (UUID: {M})
  MIG 1g.5gb      Device  1: (UUID: {N})
GPU 1: NVIDIA A100 (UUID: {B})
"""
CARDS = """\
{"card1": {"Unique ID": "0x7f00aa", "Card Series": "MI210"},
 "card0": {"Unique ID": "0x9DEAD1"}, "system": {"Driver version": "6.2"}}
"""
LISTED = """\
{"device_list": [{"device_id": 0, "device_name": "Max 1550", "uuid": "0000-01"},
                 {"device_id": 1}]}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"GPU 0: NVIDIA H100 80GB HBM3 (UUID: {A})\nGPU 1: Tesla T4 (UUID: {B})\n",
            [Device(A, 0, "NVIDIA H100 80GB HBM3"), Device(B, 1, "Tesla T4")],
        ),
        (
            DIVIDED,
            [
                Device(M, 0, "NVIDIA A100 MIG 3g.20gb"),
                Device(N, 0, "NVIDIA A100 MIG 1g.5gb"),
                Device(B, 1, "NVIDIA A100"),
            ],
        ),
        (
            f"0, {A}, Tesla T4\n1, {B}, L4\n",
            [Device(A, 0, "Tesla T4"), Device(B, 1, "L4")],
        ),
        (f"0, {A}\n", [Device(A, 0, "")]),
        (f"3, Tesla T4, {A}\n", [Device(A, 3, "Tesla T4")]),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", []),
        (f"no number before {A}\n", []),
        ("", []),
    ],
)
def test_nvidia_lists_whole_devices_and_parts(text: str, expected: list[Device]) -> None:
    assert parse_nvidia(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CARDS,
            [Device("GPU-9dead1", 0, ""), Device("GPU-7f00aa", 1, "MI210")],
        ),
        ('{"card0": {"Unique ID": "N/A"}}', []),
        ('{"card0": "none"}', []),
        ("[]", []),
        ("WARNING: no devices", []),
        ("[" * 100_000, []),
    ],
)
def test_amd_devices_have_the_names_that_its_runtime_takes(
    text: str, expected: list[Device]
) -> None:
    assert parse_amd(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[{"gpu": 1, "asic": {"market_name": "MI300X", "asic_serial": "0x9DEAD1"}}, 7]',
            [Device("GPU-9dead1", 1, "MI300X")],
        ),
        ('{"gpu_data": [{"gpu": 0, "asic": {"asic_serial": "7f"}}]}', [Device("GPU-7f", 0, "")]),
        ('[{"gpu": 0, "asic": {"asic_serial": "N/A"}}, {"gpu": 1, "asic": "none"}]', []),
        ('[{"gpu": "0", "asic": {"asic_serial": "0x9DEAD1"}}]', []),
        ('{"gpu": 0}', []),
        ("amd-smi: not found", []),
    ],
)
def test_where_rocm_smi_is_gone_amd_smi_lists_the_devices(
    text: str, expected: list[Device]
) -> None:
    assert parse_amd_smi(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            LISTED,
            [Device("0000-01", 0, "Max 1550"), Device("xpu1", 1, "")],
        ),
        ('{"device_list": [{"device_id": "0"}, 7]}', []),
        ('{"error": "no device"}', []),
    ],
)
def test_intel_devices_have_places(text: str, expected: list[Device]) -> None:
    assert parse_intel(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "=\nPID 41 is using 2 DRM device(s):\n0 3\nPID 42 is using 1 DRM device(s):\n5\n=\n7\n",
            {"0", "3", "5"},
        ),
        ("PID 43 is using 0 DRM device(s)\n=\n7\n", set()),
        ("No KFD PIDs currently running\n", set()),
        ("PID 41 is using 3 DRM device(s):\n0, 1,\n2\n", {"0", "1", "2"}),
        ("", set()),
    ],
)
def test_what_amds_processes_use_is_read_below_them(text: str, expected: set[str]) -> None:
    assert busy_amd(text) == expected


def row(name: str, device: object, size: object) -> dict[str, object]:
    return {"process_id": 7, "process_name": name, "device_id": device, "mem_size": size}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("python", 1, 5_726_404), row("python", 3, 5_726_404)], {"1", "3"}),
        # Each of these is there on every machine, on every device.
        ([row("xpu-smi", 0, 20_000), row("xpumd", 0, 17_238_523), row("slurmd", 0, 1_507)], set()),
        ([row("python", "0", 5_726_404), row("python", 0, None)], set()),
        (["python"], set()),
        ("none", set()),
    ],
)
def test_what_only_looks_at_an_intel_device_does_not_use_it(
    rows: object, expected: set[str]
) -> None:
    assert busy_intel(json.dumps({"device_util_by_proc_list": rows})) == expected
