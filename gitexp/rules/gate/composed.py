"""Which of many config files count where a defaults list or `_base_` chooses among them.

Hydra has defaults lists; configs of MMEngine (`_base_`), detectron2 and PaddleDetection (`_BASE_`)
name the files that they inherit from.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.malformed import Malformed

_BASES = (("_base_",), ("_BASE_",))
_GIVEN = re.compile(r"(?<!\S)\+{0,2}([\w/]+)(?:@[\w.]+)?=([\w./-]+)(?!\S)")


def chosen_files(files: Mapping[str, bytes], command: str = "") -> list[str]:
    """Return the files that defaults lists choose, and those with such a list; none without one.

    What a command chooses itself (`optimizer=adam`) counts instead. The config that a command names
    and those that it inherits from come first.
    """
    chosen = dict.fromkeys(inherited_files(files, command))
    given = dict(_GIVEN.findall(command))
    for path, content in files.items():
        if formats.is_yaml(path) and b"defaults:" in content:
            named = [*_defaults(path, content, given)]
            chosen |= dict.fromkeys(
                [path] * bool(named) + [name for name in named if name in files]
            )
    return [*chosen]


def inherited_files(files: Mapping[str, bytes], command: str) -> list[str]:
    """Return the config that a command names, and those that it inherits from; none without any.

    A file comes before those that it overrides.
    """
    chain = [word for word in re.split(r"[\s=]+", command) if word in files]
    named = len(chain)
    for path in chain:  # which grows meanwhile
        chain += [base for base in bases_of(path, files[path]) if base in files.keys() - {*chain}]
    return chain if len(chain) > named else []


def bases_of(path: str, content: bytes) -> list[str]:
    """Return the files that a config names as its bases, relative to where `path` is."""
    if b"_base_" not in content.lower():
        return []
    try:
        leaves = formats.read_leaves(path, content)
    except Malformed:
        return []
    found = next((leaves[key] for key in _BASES if key in leaves), ())
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    folder = posixpath.dirname(path)
    return [posixpath.normpath(posixpath.join(folder, n)) for n in names if isinstance(n, str)]


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
