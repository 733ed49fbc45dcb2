"""Gives each run accelerators of its own, and takes them back when its last process has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from gitexp.engine.devices.shares import PARTS, Shares, parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitexp.engine.devices.drivers import Device, Driver


class Granted(NamedTuple):
    """Accelerators that a run has, and the locks that its command must hold.

    `variables` are to be set for it, None: to be left out.
    """

    variables: Mapping[str, str | None]
    models: tuple[str, ...]
    shares: tuple[Shares, ...]

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Open lock files that the run's command inherits."""
        return tuple(share.descriptor for share in self.shares)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for share in self.shares:
            share.free()


class Devices(NamedTuple):
    """Accelerators that runs may use: `share` of one each, or several.

    `others` are of another model and stay idle: runs that are compared need one model.
    """

    driver: Driver
    devices: tuple[Device, ...]
    share: float
    others: tuple[Device, ...] = ()
    folder: Path | None = None  # of the lock files; None: the machine's

    @property
    def most(self) -> int:
        """How many runs they serve at once, if nobody else uses them."""
        if self.share < 1:
            return len(self.devices) * (PARTS // parts_of(self.share))
        return len(self.devices) // int(self.share)

    def take(self) -> Granted | None:
        """Take what one run gets, if it is free now.

        Raises:
            NotReady: a lock file cannot be opened.
        """
        wanted = max(1, int(self.share))
        parts = parts_of(self.share) if self.share < 1 else PARTS
        used: set[str] | None = None
        taken: list[tuple[Device, Shares]] = []
        for device in self.devices:
            shares = Shares(device.uuid, self.folder)
            if not shares.take(parts):
                continue
            # Where a gitexp runs already, the processes that the driver names are its runs.
            if shares.alone():
                used = self.driver.used() if used is None else used
                if device.is_among(used):
                    shares.free()
                    continue
            taken.append((device, shares))
            if len(taken) == wanted:
                return self._grant(taken)
        for _, shares in taken:
            shares.free()
        return None

    def about(self) -> str:
        """Which devices are left out, and why; "" if none is."""
        used = self.driver.used()
        said = [f"device {device} is a different model" for device in self.others]
        for device in self.devices:
            shares = Shares(device.uuid, self.folder)
            if not shares.take(PARTS):
                said.append(f"device {device} is used by a gitexp run")
            elif device.is_among(used):
                said.append(f"device {device} is used by another process")
            shares.free()
        return "; ".join(said)

    def _grant(self, taken: Sequence[tuple[Device, Shares]]) -> Granted:
        names = (str(d.index) if self.driver.by_index else d.uuid for d, _ in taken)
        first, *others = self.driver.variables
        return Granted(
            # The others would be read on top of the first, which has chosen already.
            {first: ",".join(names), **dict.fromkeys(others)},
            tuple(device.model for device, _ in taken),
            tuple(shares for _, shares in taken),
        )
