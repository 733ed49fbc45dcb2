"""Which of many config files count where a defaults list chooses among them, as in Hydra."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.malformed import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def chosen_files(files: Mapping[str, bytes]) -> list[str]:
    """Return the files that defaults lists choose, and those with such a list; none without one."""
    chosen: dict[str, None] = {}
    for path, content in files.items():
        if formats.is_yaml(path) and b"defaults:" in content:
            named = [*_defaults(path, content)]
            chosen |= dict.fromkeys(
                [path] * bool(named) + [name for name in named if name in files]
            )
    return [*chosen]


def _defaults(path: str, content: bytes) -> Iterator[str]:
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
                place = posixpath.join(posixpath.dirname(path), plain, name)
                yield posixpath.normpath(f"{place.removesuffix('.yaml')}.yaml")
