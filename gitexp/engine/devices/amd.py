"""AMD's accelerators, listed by rocm-smi, or by amd-smi where that is gone."""

from __future__ import annotations

import re

from gitexp.engine.devices.drivers import Device, Driver, json_table, json_value

# Bytes on an AMD device: amd-smi lists a process at every device that it opened, and its runtime
# opens all of them.
_OPENED = 1 << 27


def parse_amd(text: str) -> list[Device]:
    """Devices in what `rocm-smi --showuniqueid --showproductname --json` prints."""
    found = []
    for card, row in sorted(json_table(text).items()):
        number = re.fullmatch(r"card(\d+)", card)
        if number is None or not isinstance(row, dict):
            continue
        model = str(row.get("Card Series") or row.get("Card series") or "")
        if name := _amd_name(row.get("Unique ID")):
            found.append(Device(name, int(number[1]), model))
    return sorted(found, key=lambda device: device.index)


def parse_amd_smi(text: str) -> list[Device]:
    """Devices in what `amd-smi static --asic --json` prints, where rocm-smi is gone."""
    found = []
    for index, row in _amd_rows(text):
        asic = row.get("asic")
        if isinstance(asic, dict) and (name := _amd_name(asic.get("asic_serial"))):
            found.append(Device(name, index, str(asic.get("market_name", ""))))
    return found


def _amd_name(unique: object) -> str:
    digits = str(unique).removeprefix("0x").lower()
    return f"GPU-{digits}" if re.fullmatch(r"[0-9a-f]{1,16}", digits) else ""


def _amd_rows(text: str) -> list[tuple[int, dict[str, object]]]:
    """What amd-smi says of each device, by its place; newer ones put the list below a name."""
    content = json_value(text)
    rows = content.get("gpu_data") if isinstance(content, dict) else content
    return [
        (row["gpu"], row)
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("gpu"), int)
    ]


def busy_amd(text: str) -> set[str]:
    """Places in what `rocm-smi --showpidgpus` prints: below each process, those that it uses.

    Source: printListLog in rocm_smi.py of AMD's rocm_smi_lib.
    """
    found: set[str] = set()
    below = False
    for line in text.splitlines():
        places = line.replace(",", " ").split()
        if "is using" in line:
            below = True
        elif below and places and all(map(str.isdigit, places)):
            found.update(places)
        else:
            below = False
    return found


def busy_amd_smi(text: str) -> set[str]:
    """Places in what `amd-smi process --json` prints at which a process holds memory.

    Source: the command `process` of the command line in AMD's amdsmi.
    """
    return {str(index) for index, row in _amd_rows(text) if _holds_memory(row.get("process_list"))}


def _holds_memory(processes: object) -> bool:
    for one in processes if isinstance(processes, list) else ():
        said = one.get("process_info", one) if isinstance(one, dict) else {}
        usage = said.get("memory_usage") if isinstance(said, dict) else None
        size = usage.get("vram_mem") if isinstance(usage, dict) else None
        held = size.get("value") if isinstance(size, dict) else size
        if isinstance(held, int | float) and held >= _OPENED:
            return True
    return False


AMD = Driver(
    "rocm-smi",
    (("--showuniqueid", "--showproductname", "--json"),),
    parse_amd,
    ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"),
    ("--showpidgpus",),
    busy_amd,
)
AMD_SMI = AMD._replace(
    program="amd-smi", listings=(("static", "--asic", "--json"),), parse=parse_amd_smi,
    busy=("process", "--json"), parse_busy=busy_amd_smi,
)  # fmt: skip
