"""What a command was run for."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a command was run for; only a run is evidence and takes part in verdicts."""

    RUN = ""
    CANARY = "canary"  # whether the baseline still gives what it gave
    SAMPLE = "sample"  # on a part of the data, before the whole
    SCREEN = "screen"  # on seeds that no verdict uses
    NEUTRAL = "neutral"  # whether a code commit leaves the baseline as it was
