"""What an agent must know before its next idea, within a number of characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from gitexp.rules.text import json_line, visible

FEWEST, MOST = 200, 20_000  # characters that a briefing may be limited to
_LONGEST_LINE = 300  # characters, and never more than a quarter of the whole


@dataclass(frozen=True, slots=True)
class Section:
    """Lines on one topic, the most useful first.

    `key` names it in JSON. A line of a section that `is_exact` is shown as it is or not at all, as
    half a command is none. `left_out` counts lines that found no room.
    """

    key: str
    title: str
    lines: tuple[str, ...]
    is_exact: bool = False
    left_out: int = 0


def section(key: str, title: str, lines: Iterable[str], *, is_exact: bool = False) -> Section:
    """Make a section of texts that may come from anywhere: each on one line, and safe to show."""
    if is_exact:
        return Section(key, title, tuple(line for line in lines if line.isprintable()), is_exact)
    plain = (" ".join(visible(line).split()) for line in lines)
    return Section(key, title, tuple(filter(None, plain)))


def as_text(sections: Sequence[Section]) -> str:
    """Write a briefing for a context window."""
    parts = []
    for one in sections:
        rest = f" ({one.left_out:,} more)" if one.left_out else ""
        parts += [f"{one.title}{rest}:", *(f"- {line}" for line in one.lines)]
    return "\n".join(parts)


def as_json(sections: Sequence[Section]) -> str:
    """Write a briefing as one line of JSON: the lines of each section, and how many are missing."""
    content: dict[str, object] = {one.key: one.lines for one in sections}
    if left := {one.key: one.left_out for one in sections if one.left_out}:
        content["left_out"] = left
    return json_line(content)


def fitted(
    sections: Sequence[Section], first: str, most: int, write: Callable[[Sequence[Section]], str]
) -> str:
    """Write as much of some sections as fits into `most` characters.

    Each section gets its first line before any gets its second. The section with the key `first`
    comes before all others in this, but keeps its place in the text.
    """
    tried = [_shortened(one, most) for one in sections if one.lines]
    kept = [replace(one, lines=(), left_out=len(one.lines)) for one in tried]
    turn, order = 0, sorted(range(len(tried)), key=lambda at: tried[at].key != first)
    while order := [at for at in order if turn < len(tried[at].lines)]:
        for at in tuple(order):
            before = kept[at]
            lines = (*before.lines, tried[at].lines[turn])
            kept[at] = replace(before, lines=lines, left_out=before.left_out - 1)
            if len(write(_begun(kept))) > most:
                kept[at] = before
                if not tried[at].is_exact:  # a shorter command may still fit
                    order.remove(at)
        turn += 1
    return write(_begun(kept))


def _begun(sections: Sequence[Section]) -> list[Section]:
    return [one for one in sections if one.lines]


def _shortened(one: Section, most: int) -> Section:
    if one.is_exact:
        return one
    longest = min(_LONGEST_LINE, most // 4)
    lines = (t if len(t) <= longest else f"{t[: longest - 1].rstrip()}…" for t in one.lines)
    return replace(one, lines=tuple(lines))
