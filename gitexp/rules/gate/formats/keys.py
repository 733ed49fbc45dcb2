"""Keys: where a value is in a config, and how you type that.

A key is a tuple of names and list indices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Not `import json`: the package's own json takes that name as soon as it is loaded.
from json import dumps
from typing import Any

Key = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")

# The key of lines that a parser holds no values of.
LINES = "(lines)"

# A bracketed index: outside of quotes, and not in the middle of a name.
_INDEX = r'"(?:[^"\\]++|\\.)*+"|\'[^\']*+\'|\[([0-9]+)\](?=[.\[ \t]|$)'


class Line(int):
    """Stands for a key in a format without a parser: the 1-based number of a line."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"line {self:d}"


def spell_key(key: Key) -> str:
    """Write a key as you type it: `model.C`, `layers[0].size`, `"odd name".x`."""
    parts: list[str] = []
    for part in key:
        if isinstance(part, Line):
            parts.append(str(part))
        elif isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            name = part if _BARE.fullmatch(part) else quoted(part)
            parts.append(f".{name}" if parts else name)
    return "".join(parts) or "(document)"


def parse_key(text: str) -> tuple[str, ...]:
    """Read a dotted key with optional list indices: `a.b`, `"odd name".x`, `layers[0].size`.

    Indices are returned as digits: only the document knows whether `0` is a name or an index.

    Raises:
        ValueError: not a key.
    """
    import tomli  # a commit in which no key is typed need not load it

    spread = re.sub(_INDEX, lambda found: f".{found[1]}" if found[1] else found[0], text)
    try:
        node: Any = tomli.loads(f"{spread[text[:1] == '[' :]} = 0")
    except (ValueError, RecursionError):
        raise ValueError(text) from None
    key: list[str] = []
    while isinstance(node, dict):
        if len(node) != 1:
            raise ValueError(text)
        name, node = next(iter(node.items()))
        key.append(name)
    # `a = 1 #` and a table header before a name would parse too.
    if node != 0 or "\n" in text:
        raise ValueError(text)
    return tuple(key)


def keys_at(keys: Iterable[Key], names: tuple[str, ...]) -> list[Key]:
    """Return the keys that typed names mean, else those with dots in a name (INI's `[a.b]`).

    A flag can also be typed without its dashes, and without its command or function:
    `train.py.--batch-size` as `batch-size` and `batch_size`. What code sets within another object
    can be typed by its last name: `get_config."c.model['lr']"` as `lr`; and so can an override:
    `train.py."+optim.lr"` as `optim.lr` or `lr`.
    """
    spelled = [(key, tuple(map(str, key))) for key in keys]
    joined = ".".join(names)
    return (
        [key for key, parts in spelled if parts == names]
        or [key for key, parts in spelled if ".".join(parts) == joined]
        or [key for key, parts in spelled if joined in _short_names(parts)]
    )


def short_name(key: Key) -> str:
    """Return the last name of a command's flag, or of what code sets; "" for other keys."""
    last = str(key[-1]) if key else ""
    if last.startswith("-"):
        return last.lstrip("-")
    found = re.fullmatch(r"[^\W\d][\w.'\[\]]*?(?:\.(\w+)|\['(\w+)'\])", last)
    return (found[1] or found[2]) if found else ""


def _short_names(parts: tuple[str, ...]) -> set[str]:
    """Return the other names of a key that has a short one."""
    name, last = short_name(parts), parts[-1] if parts else ""
    if last.startswith(("+", "~")):  # an override of Hydra's
        bare = last.lstrip("+~")
        return {last, bare, short_name((bare,))} - {""}
    if not name or not last.startswith("-"):
        return {name, last} if name else set()
    return {name, name.replace("-", "_"), parts[-1], ".".join((*parts[:-1], name))}


def quoted(text: str) -> str:
    """Quote a text as TOML and JSON both read it, with unprintable characters escaped."""
    written = dumps(text, ensure_ascii=False)
    if written.isprintable():
        return written
    return "".join(c if c.isprintable() else escaped(c) for c in written)


def escaped(character: str) -> str:
    """Return a character as an escape that TOML and JSON both read."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
