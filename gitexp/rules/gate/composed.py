"""Which of many config files count where a defaults list chooses among them, as in Hydra."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.malformed import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_GIVEN = re.compile(r"(?<!\S)\+{0,2}([\w/]+)(?:@[\w.]+)?=([\w./-]+)(?!\S)")


def chosen_files(files: Mapping[str, bytes], command: str = "") -> list[str]:
    """Return the files that defaults lists choose, and those with such a list; none without one.

    What a command chooses itself (`optimizer=adam`) counts instead.
    """
    chosen: dict[str, None] = {}
    given = dict(_GIVEN.findall(command))
    for path, content in files.items():
        if formats.is_yaml(path) and b"defaults:" in content:
            named = [*_defaults(path, content, given)]
            chosen |= dict.fromkeys(
                [path] * bool(named) + [name for name in named if name in files]
            )
    return [*chosen]


def _defaults(path: str, content: bytes, given: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that the defaults list of a file names: `- optimizer: adam`, `- base`."""
    try:
        document: Any = formats.read_document(path, content)
    except Malformed:
        return
    listed = document.get("defaults") if isinstance(document, dict) else None
    for item in listed if isinstance(listed, list) else ():
        for group, name in item.items() if isinstance(item, dict) else [("", item)]:
            if isinstance(name, str) and name != "_self_":
                # `override /optimizer@train.optimizer` names the group `optimizer`.
                plain = str(group).rpartition(" ")[2].partition("@")[0].lstrip("/")
                place = posixpath.join(posixpath.dirname(path), plain, given.get(plain, name))
                yield posixpath.normpath(f"{place.removesuffix('.yaml')}.yaml")
