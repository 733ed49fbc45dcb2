"""Finds the accelerators that runs may use; runs that ask for none do not load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.devices.allowed import chosen, demand_enough, of_one_model, visible
from gitexp.engine.devices.drivers import DRIVERS
from gitexp.engine.devices.grant import Devices

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_devices(share: float, given: Mapping[str, str], wanted: str = "") -> Devices:
    """Find the accelerators that runs may use, as the caller's variables and `--gpus` limit them.

    Raises:
        NotReady: there are fewer than one run gets.
        UsageError: `wanted` names a device that is not there.
    """
    listed = ((driver, driver.devices()) for driver in DRIVERS)
    driver, there = next((both for both in listed if both[1]), (DRIVERS[0], []))
    left = visible(driver, there, given)
    same, others = of_one_model(chosen(left, wanted) if wanted else left)
    demand_enough(same, share, there=len(there))
    return Devices(driver, same, share, others)
