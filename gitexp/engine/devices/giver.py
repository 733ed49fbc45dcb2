"""Gives the runs of one command what their settings ask for, from several threads."""

from __future__ import annotations

import threading

from gitexp.engine.devices.grant import Devices, Granted
from gitexp.engine.devices.shares import PARTS, Shares
from gitexp.errors import UsageError
from gitexp.rules.documents.settings import Settings
from gitexp.store.git_environment import script_environment

_MACHINE = "machine"  # as its lock file names it
_NAP = 0.2  # seconds between looks at a lock
_LONG_NAP = 2.0  # likewise at accelerators, since drivers are slow to answer
NONE = Granted({}, (), ())  # what a run gets that asks for no accelerator


def nap_of(settings: Settings) -> float:
    """Seconds between two looks whether what runs need is free."""
    return _NAP if settings.gpus is None else _LONG_NAP


class Giver:
    """Accelerators for runs; `wanted` are those to choose from, as `--gpus` names them."""

    def __init__(self, wanted: str = "") -> None:
        self._wanted = wanted
        self._found: dict[float, Devices] = {}
        self._lock = threading.Lock()

    def devices(self, share: float) -> Devices:
        """What there is for runs that each get this share; asked of the driver once.

        Raises:
            NotReady: there is less than one run gets.
            UsageError: `wanted` names a device that is not there.
        """
        from gitexp.engine.devices.allowed import find_devices  # few runs ask for accelerators

        with self._lock:
            if share not in self._found:
                self._found[share] = find_devices(share, script_environment(), self._wanted)
            return self._found[share]

    def most(self, settings: Settings) -> int | None:
        """How many runs the accelerators serve at once; None if runs ask for none.

        Raises:
            NotReady: there are too few for one run.
            UsageError: `wanted` names a device that is not there, or the settings ask for none.
        """
        self.demand_asked(settings)
        return None if settings.gpus is None else self.devices(settings.gpus).most

    def take(self, settings: Settings) -> Granted | None:
        """Take what one run gets; None if it is not free now.

        Without accelerators, what runs pair by pair gets the machine, which no other such run has.

        Raises:
            NotReady: there is less than one run gets, or a lock file cannot be opened.
            UsageError: `wanted` names a device that is not there.
        """
        self.demand_asked(settings)
        if settings.gpus is not None:
            return self.devices(settings.gpus).take()
        if not settings.pairing:
            return NONE
        machine = Shares(_MACHINE)
        return Granted({}, (), (machine,)) if machine.take(PARTS) else None

    def about(self, settings: Settings) -> str:
        """Which devices runs cannot get now, and why; "" if there is none."""
        if settings.gpus is not None:
            return self.devices(settings.gpus).about()
        return "another gitexp is running pairs on this machine" if settings.pairing else ""

    def demand_asked(self, settings: Settings) -> None:
        """Refuse to choose among accelerators for runs that would get all of them.

        Raises:
            UsageError: they are chosen, but the settings ask for none.
        """
        if self._wanted and settings.gpus is None:
            raise UsageError(
                f"--gpus {self._wanted} chooses the accelerators of runs, but the settings ask for"
                " none, so every run sees all of them",
                "add to the settings: gpus = 1",
            )
