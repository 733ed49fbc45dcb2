from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.engine.machine import machine


def test_the_machine_is_described_in_plain_values() -> None:
    facts = machine()
    assert facts["host"] == os.uname().nodename
    assert facts["arch"] == os.uname().machine
    assert isinstance(facts["cpus"], int)
    assert isinstance(facts["memory"], int)
    assert facts["memory"] > 64 << 20
    assert facts["cpu"]
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'NVIDIA A100-SXM4, 80GB, 550.54'", (["NVIDIA A100-SXM4, 80GB"], "550.54")),
        ("echo 'NVIDIA-SMI has failed'; exit 9", ([], None)),
    ],
)
def test_devices_are_asked_of_nvidia_smi_where_it_exists(
    tmp_path: Path, script: str, expected: tuple[list[str], str | None]
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    code = "import json; from gitexp.engine.machine import machine; print(json.dumps(machine()))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )
    facts = json.loads(answer.stdout)
    assert (facts["gpus"], facts["gpu_driver"]) == expected
