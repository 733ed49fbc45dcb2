"""Asks a driver's own program which accelerators there are and which somebody computes on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container

_TIMEOUT = 20.0  # seconds; a driver without its persistence daemon takes 5 to answer
_UUID = re.compile(r"(?:GPU|MIG)-[0-9A-Za-z][0-9A-Za-z/-]*")
_MONITORS = {"xpu-smi", "xpumd", "xpumcli"}  # open every Intel device, and compute on none
_MONITORING = 1 << 14  # kB on an Intel device; what trains holds far more than what only looks


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator: what the driver calls it, its place in the driver's list, and its model.

    A part of a device that the driver has divided (NVIDIA's MIG) is a device of its own and has the
    place of the whole.
    """

    uuid: str
    index: int
    model: str

    def __str__(self) -> str:
        return f"{self.index} ({self.model})" if self.model else str(self.index)

    def is_among(self, names: Container[str]) -> bool:
        """Whether it is there by its name or its place."""
        return self.uuid in names or str(self.index) in names


class Driver(NamedTuple):
    """How one maker's devices are listed, and chosen for a process.

    `listings` are tried in turn until one names a device; `busy` asks which have a computing
    process, and `parse_busy` reads their names or places. `variables` are read in this order to
    learn which devices the caller may use, and the first is set for a run. `by_index`: it takes
    places, not names.
    """

    program: str
    listings: tuple[tuple[str, ...], ...]
    parse: Callable[[str], list[Device]]
    variables: tuple[str, ...]
    busy: tuple[str, ...]
    parse_busy: Callable[[str], set[str]]
    by_index: bool = False

    def devices(self) -> list[Device]:
        """Devices that the driver lists, none if its program is missing or fails."""
        listed = (self.parse(ask_driver(self.program, *words)) for words in self.listings)
        return next(filter(None, listed), [])

    def used(self) -> set[str]:
        """Names or places of the devices that have a computing process; none if it cannot tell."""
        return self.parse_busy(ask_driver(self.program, *self.busy))


def ask_driver(name: str, *words: str) -> str:
    """What a driver's program prints; empty if it is missing, fails or does not answer."""
    program = shutil.which(name)
    if program is None:
        return ""
    try:
        answer = subprocess.run(
            [program, *words],
            capture_output=True, check=True, stdin=subprocess.DEVNULL, encoding="utf-8",
            errors="replace", timeout=_TIMEOUT,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout


def parse_nvidia(text: str) -> list[Device]:
    """Devices in what `nvidia-smi -L` prints, or its table of index, uuid and name.

    Where a device is divided, its parts stand below it and take its place.
    """
    found: dict[int, list[Device]] = {}
    index, model = -1, ""
    for line in text.splitlines():
        uuid = _UUID.search(line)
        if whole := re.match(r"\s*GPU\s+(\d+):\s*(.*?)\s*(?:\(|$)", line):
            index, model = int(whole[1]), whole[2]
        elif row := re.match(r"\s*(\d+)\s*,", line):
            fields = [field.strip() for field in line.split(",")]
            index = int(row[1])
            model = next((f for f in fields[1:] if f and not _UUID.fullmatch(f)), "")
        if uuid is None or index < 0:
            continue
        devices = found.setdefault(index, [])
        if uuid[0].startswith("GPU-"):
            devices[:] = [Device(uuid[0], index, model)]
            continue
        if devices and devices[0].uuid.startswith("GPU-"):
            devices.clear()
        part = re.match(r"\s*MIG\s+(\S+)", line)
        devices.append(Device(uuid[0], index, f"{model} MIG {part[1]}" if part else model))
    return [device for devices in found.values() for device in devices]


def parse_intel(text: str) -> list[Device]:
    """Devices in what `xpu-smi discovery -j` prints."""
    rows = json_table(text).get("device_list")
    found = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("device_id"), int):
            uuid = re.sub(r"[^0-9A-Za-z-]", "", str(row.get("uuid", "")))
            index = row["device_id"]
            found.append(Device(uuid or f"xpu{index}", index, str(row.get("device_name", ""))))
    return found


def busy_nvidia(text: str) -> set[str]:
    """Names in the table of computing processes that `nvidia-smi` prints."""
    return {*_UUID.findall(text)}


def busy_intel(text: str) -> set[str]:
    """Places in what `xpu-smi ps -j` prints, without those of processes that only look at devices.

    Source: comlet_ps.cpp in Intel's xpumanager; sizes are in kB.
    """
    rows = json_table(text).get("device_util_by_proc_list")
    return {
        str(row["device_id"])
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
        and isinstance(row.get("device_id"), int)
        and row.get("process_name") not in _MONITORS
        and isinstance(size := row.get("mem_size"), int | float)
        and size >= _MONITORING
    }


def json_table(text: str) -> dict[str, object]:
    """Read JSON that a driver printed; {} if it is not a table."""
    found = json_value(text)
    return found if isinstance(found, dict) else {}


def json_value(text: str) -> object:
    """Read JSON that a driver printed; None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


NVIDIA = Driver(
    "nvidia-smi",
    (("-L",), ("--query-gpu=index,uuid,name", "--format=csv,noheader")),
    parse_nvidia,
    ("CUDA_VISIBLE_DEVICES",),
    ("--query-compute-apps=gpu_uuid,pid", "--format=csv,noheader"),
    busy_nvidia,
)
INTEL = Driver(
    "xpu-smi",
    (("discovery", "-j"),),
    parse_intel,
    ("ZE_AFFINITY_MASK",),
    ("ps", "-j"),
    busy_intel,
    by_index=True,
)
