"""Sizes in bytes and times in seconds, as people write and read them."""

from __future__ import annotations

import re

from gitexp.errors import NotReady

_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmgt])(i?)b", re.IGNORECASE)
_POWERS = "kmgt"
_UNITS = ("TB", "GB", "MB", "kB")
_LARGEST = 1 << 60
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}
_LONGEST_TIME = 366 * 86400  # seconds; operating systems refuse to wait for centuries


def parse_size(value: object, where: str) -> int:
    """Bytes of "4 GB" or "512MiB"; a megabyte has a million, a mebibyte 1,048,576.

    Raises:
        NotReady: anything else.
    """
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    base = 1024 if found and found[3] else 1000
    size = float(found[1]) * base ** (1 + _POWERS.index(found[2].lower())) if found else 0
    if not 1 <= size <= _LARGEST:
        raise NotReady(f'{where} must be a size such as "4 GB" or "512 MB", not {value!r}')
    return int(size)


def said_size(size: float) -> str:
    """A size as people say it, in decimal units: "4.2 GB"."""
    for power, unit in zip(range(4, 0, -1), _UNITS, strict=True):
        if size >= 1000**power:
            return f"{size / 1000**power:.3g} {unit}"
    return f"{size:.0f} bytes"


def parse_time(value: object, where: str) -> float:
    """Seconds of `90`, "90s", "5m", "2h" or "1d".

    Raises:
        NotReady: anything else.
    """
    found = _TIME.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST_TIME:
        raise NotReady(
            f'{where} must be a time such as "90s", "5m" or "2h", and at most a year, not {value!r}'
        )
    return seconds
