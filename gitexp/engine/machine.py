"""The machine that runs are made on: host, processor, memory, devices."""

from __future__ import annotations

import functools
import os
import platform
from contextlib import suppress
from pathlib import Path

from gitexp.engine.devices.drivers import ask_driver
from gitexp.engine.threads import usable_cores


def machine() -> dict[str, object]:
    """Host, system, processor, memory (bytes) and NVIDIA devices of this machine.

    `cpus` counts those that this process may use.
    """
    system = os.uname()
    gpus = _gpus()
    return {
        "host": system.nodename,
        "os": f"{system.sysname} {system.release}",
        "arch": system.machine,
        "cpu": _cpu_model(),
        "cpus": usable_cores(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": [name for name, _ in gpus],
        "gpu_driver": gpus[0][1] if gpus else None,
    }


@functools.cache
def _cpu_model() -> str:
    with suppress(OSError), Path("/proc/cpuinfo").open(errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@functools.cache
def _gpus() -> tuple[tuple[str, str], ...]:
    """Name and driver version of each device; cached, because nvidia-smi is slow."""
    said = ask_driver("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    rows = (line.rpartition(",") for line in said.splitlines() if "," in line)
    return tuple((name.strip(), driver.strip()) for name, _, driver in rows)
