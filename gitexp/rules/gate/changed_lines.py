"""The lines in which two versions of a file differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitexp.rules.gate.formats import LARGEST


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """The lines in which two versions of a file differ."""

    count: int  # lines that differ, a replaced line counted once
    at: int  # 1-based line of the first difference
    before: tuple[bytes, ...]  # from the first line that differs to the last, with their endings
    after: tuple[bytes, ...]
    endings: str  # "line endings" or "the last newline" if those changed, else empty

    @property
    def endings_only(self) -> bool:
        """Whether the lines hold the same text."""
        return [without_ending(line) for line in self.before] == [
            without_ending(line) for line in self.after
        ]


def keep_line_end(before: bytes, after: bytes) -> bytes:
    """Restore the ending of a replaced line, if no other line differs.

    Many editors add a newline to the last line when they save.
    """
    start, end = _shared_ends(before, after)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if (
        b"\n" in old[:-1]
        or b"\n" in new[:-1]
        or not old
        or not new
        or without_ending(old) == without_ending(new)
    ):
        return after
    return after[:start] + without_ending(new) + _ending(old) + after[len(after) - end :]


def _shared_ends(before: bytes, after: bytes) -> tuple[int, int]:
    """Return how many bytes at the start and at the end are whole lines that both sides share."""
    shorter = min(len(before), len(after))
    same = _largest_fitting(shorter, lambda size: before[:size] == after[:size])
    start = before.rfind(b"\n", 0, same) + 1
    end = _largest_fitting(
        shorter - start,
        lambda size: before[len(before) - size :] == after[len(after) - size :],
    )

    def begins_line(side: bytes) -> bool:
        at = len(side) - end
        return at == start or side[at - 1 : at] == b"\n"

    if not (begins_line(before) and begins_line(after)):
        _, found, rest = before[len(before) - end :].partition(b"\n")
        end = len(rest) if found else 0
    return start, end


def _largest_fitting(most: int, fits: Callable[[int], bool]) -> int:
    """Return the largest size up to `most` that fits, by bisection; size 0 always fits."""
    least = 0
    while least < most:
        size = (least + most + 1) // 2
        least, most = (size, most) if fits(size) else (least, size - 1)
    return least


def compare_lines(before: bytes, after: bytes) -> ChangedLines:
    """Find the lines in which two versions of a file differ."""
    start, end = _shared_ends(before, after)
    at = before.count(b"\n", 0, start) + 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if (count := max(old.count(b"\n"), new.count(b"\n"))) > LARGEST:
        # 25 million lines as separate objects would take 3 GB.
        return ChangedLines(count, at, (old,), (new,), "")
    left, right = split_lines(old), split_lines(new)
    return ChangedLines(
        _count_changed(left, right), at, tuple(left), tuple(right), _changed_endings(left, right)
    )


def _changed_endings(left: Sequence[bytes], right: Sequence[bytes]) -> str:
    """Say which endings changed among the lines that are still there; empty if none did."""
    if len(left) == len(right):
        ends = [(_ending(a), _ending(b)) for a, b in zip(left, right, strict=True)]
    else:
        # It is unknown which line became which; only lines with the same text can be compared.
        kept = {without_ending(line): _ending(line) for line in left}
        ends = [(kept.get(without_ending(line), _ending(line)), _ending(line)) for line in right]
    changed = [pair for pair in ends if pair[0] != pair[1]]
    if not changed:
        return ""
    return "the last newline" if all(b"" in pair for pair in changed) else "line endings"


def _count_changed(left: Sequence[bytes], right: Sequence[bytes]) -> int:
    # The first and the last line differ, so there are at least two, even if lines only moved.
    gone, come = Counter(left) - Counter(right), Counter(right) - Counter(left)
    return max(gone.total(), come.total(), min(2, max(len(left), len(right))))


def split_lines(content: bytes) -> list[bytes]:
    """Split into lines with their endings; only a line feed ends a line, as in git."""
    *whole, rest = content.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _ending(line: bytes) -> bytes:
    return line[len(without_ending(line)) :]


def without_ending(line: bytes) -> bytes:
    """Return a line without its ending."""
    return line.removesuffix(b"\n").removesuffix(b"\r")
