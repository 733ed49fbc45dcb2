"""How often runs in progress are told of where nobody watches: once a minute."""

from __future__ import annotations

import threading
import time

_MINUTE = 60.0  # seconds


class Pace:
    """Says when the next line on progress is due, to whichever thread asks first."""

    def __init__(self, seconds: float = _MINUTE) -> None:
        """Begin to wait now: what takes less tells nothing."""
        self._seconds, self._lock = seconds, threading.Lock()
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether to print a line now; asking counts as printing it."""
        with self._lock:
            now = time.monotonic()
            if now - self._last < self._seconds:
                return False
            self._last = now
            return True
