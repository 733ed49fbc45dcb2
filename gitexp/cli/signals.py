"""What Ctrl-C and its like do, from the first moment on."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # as in typing, which takes 5 ms to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

INTERRUPTED = 130  # the exit code of a shell's command that Ctrl-C ended
# A batch system that stops a job gets the same orderly end as Ctrl-C.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def when_interrupted(handler: Callable[[int, object], NoReturn]) -> None:
    """Say what Ctrl-C and its like do; under nohup, and behind a shell's `&`, they do nothing."""
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def end_at_once(_signal: int, _frame: object) -> NoReturn:
    """End this process, where there is nothing to clean up."""
    os._exit(INTERRUPTED)
