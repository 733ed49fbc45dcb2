"""What a check found."""

from __future__ import annotations

from enum import StrEnum


class Found(StrEnum):
    """What a check found: mostly what a run showed that was made again."""

    # of the baseline
    SAME = "same"  # its score
    NOISE = "noise"  # another score, as far away as the baseline's scores are from each other
    UNCLEAR = "unclear"  # another score, and too few records to tell noise from a move
    MOVED = "moved"  # another score, which noise does not explain
    OFF = "off"  # nothing: the settings do not ask for it
    # of the experiment
    REPEATS = "repeats"  # its score
    DIFFERS = "differs"  # another score
    # of a pair of runs beside each other
    SLOW = "set-aside: slow"  # the baseline's did its steps at another speed than before
    # of its code commit with the switch off, or of a baseline commit that changes only code
    NEUTRAL = "neutral"  # everything that the baseline repeats
    ALTERED = "altered"  # something else, although the baseline repeats it
    UNREPEATED = "unrepeated"  # nothing: the baseline does not repeat its own score
    # of the others on its baseline
    DOUBTED = "doubted"  # they agree too well: a confirmation needs the baseline's next block


# What a check of the baseline adds to the records of the experiment that asked for it.
TOLD = {Found.UNCLEAR, Found.MOVED, Found.OFF}
# What it says of code that leaves, or does not leave, a baseline as it was.
CODE_FOUND = {Found.NEUTRAL, Found.ALTERED, Found.UNREPEATED}
