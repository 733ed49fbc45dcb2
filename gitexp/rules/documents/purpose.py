"""What runs are made for."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a command was run for; only a run is evidence and takes part in verdicts."""

    RUN = ""
    CANARY = "canary"  # whether the baseline still gives what it gave
    SAMPLE = "sample"  # on a part of the data, before the whole
    SCREEN = "screen"  # on seeds that no verdict uses
    NEUTRAL = "neutral"  # whether a code commit leaves the baseline as it was


class RunKind(StrEnum):
    """What a command runs: experiments, one of them on samples of the data, or the baseline."""

    EXPERIMENTS = "experiments"
    SMOKE = "smoke"
    BASELINE = "baseline"
    BASELINE_AGAIN = "baseline again"
