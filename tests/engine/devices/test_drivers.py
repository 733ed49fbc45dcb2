from __future__ import annotations

import pytest

from gitexp.engine.devices.drivers import Device, parse_amd, parse_intel, parse_nvidia

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
            LISTED,
            [Device("0000-01", 0, "Max 1550"), Device("xpu1", 1, "")],
        ),
        ('{"device_list": [{"device_id": "0"}, 7]}', []),
        ('{"error": "no device"}', []),
    ],
)
def test_intel_devices_have_places(text: str, expected: list[Device]) -> None:
    assert parse_intel(text) == expected
