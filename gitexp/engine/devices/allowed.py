"""A machine's accelerators that runs may use: no more than the caller was given itself.

Runs that ask for none do not load it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gitexp.engine.devices.amd import AMD, AMD_SMI
from gitexp.engine.devices.drivers import INTEL, NVIDIA, Device, Driver
from gitexp.engine.devices.grant import Devices
from gitexp.errors import NotReady, UsageError

_DRIVERS = (NVIDIA, AMD, AMD_SMI, INTEL)


def visible(
    driver: Driver, devices: Sequence[Device], given: Mapping[str, str]
) -> tuple[Device, ...]:
    """Devices that the caller's own variables leave, in their order.

    As CUDA reads them: places or beginnings of names, up to the first that names no device. AMD's
    runtime filters by one variable after the other, and then counts what is left.
    """
    left = tuple(devices)
    for name in driver.variables:
        if name in given:
            left = _named(given[name].split(","), left)
    return left


def _named(words: Sequence[str], devices: Sequence[Device]) -> tuple[Device, ...]:
    found: list[Device] = []
    for word in words:
        device = _find(word.strip(), devices)
        if device is None or device in found:
            break
        found.append(device)
    return tuple(found)


def _find(word: str, devices: Sequence[Device]) -> Device | None:
    """The device at a place or with a name; None if it names none, or several."""
    if word.isascii() and word.isdigit():
        return devices[int(word)] if len(word) < 5 and int(word) < len(devices) else None
    # Intel names a part of a device as place.part; runs get whole devices.
    named = [one for one in devices if word and one.uuid.lower().startswith(word.lower())]
    return named[0] if len(named) == 1 else None


def chosen(devices: Sequence[Device], words: str) -> tuple[Device, ...]:
    """Devices that `--gpus 0,1` or a list of names asks for.

    Raises:
        UsageError: one names no device of `devices`, or the same one twice.
    """
    found: list[Device] = []
    for word in words.split(","):
        places = [one for one in devices if word.strip() == str(one.index)]
        named = places if word.strip().isdigit() else [_find(word.strip(), devices)]
        device = named[0] if len(named) == 1 else None
        if device is None:
            raise UsageError(
                f"--gpus: {word.strip()!r} is not one of the devices that you may use"
                f" ({', '.join(map(str, devices)) or 'there are none'})",
                "give their numbers, as nvidia-smi -L lists them, or the beginning of their names"
                " (GPU-...)",
            )
        if device in found:
            raise UsageError(f"--gpus: {word.strip()!r} is named twice", "name each device once")
        found.append(device)
    return tuple(found)


def of_one_model(devices: Sequence[Device]) -> tuple[tuple[Device, ...], tuple[Device, ...]]:
    """Devices of the commonest model, and the others."""
    if not devices:
        return (), ()
    model = Counter(device.model for device in devices).most_common(1)[0][0]
    return (
        tuple(device for device in devices if device.model == model),
        tuple(device for device in devices if device.model != model),
    )


def demand_enough(devices: Sequence[Device], share: float, *, there: int) -> None:
    """Refuse a share that this machine can never give, before anything waits for it.

    Raises:
        NotReady: it has fewer devices, or the caller may use fewer.
    """
    if len(devices) >= share:
        return
    if not there:
        raise NotReady(
            f"the settings ask for gpus = {share:g}, but no driver lists a device here"
            " (nvidia-smi, rocm-smi, amd-smi and xpu-smi were asked)",
            "run on a machine that has one, or take gpus out of the settings",
        )
    raise NotReady(
        f"the settings ask for gpus = {share:g} per run, but of {there} here you may use"
        f" {len(devices)}{': ' if devices else ''}{', '.join(map(str, devices))}",
        "check CUDA_VISIBLE_DEVICES (or its equivalent) and --gpus, or lower gpus in the settings",
    )


def find_devices(share: float, given: Mapping[str, str], wanted: str = "") -> Devices:
    """Find the accelerators that runs may use, as the caller's variables and `--gpus` limit them.

    Raises:
        NotReady: there are fewer than one run gets.
        UsageError: `wanted` names a device that is not there.
    """
    listed = ((driver, driver.devices()) for driver in _DRIVERS)
    driver, there = next((both for both in listed if both[1]), (NVIDIA, []))
    left = visible(driver, there, given)
    same, others = of_one_model(chosen(left, wanted) if wanted else left)
    demand_enough(same, share, there=len(there))
    return Devices(driver, same, share, others)
