"""What is written once in YAML and counts at several places: anchors, aliases and merge keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.values import Source
from gitexp.rules.gate.formats.yaml_nodes import MERGE, Elsewhere, NodeReader, said_plainly


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value is written, and how; an alias is a Source."""

    place: Key
    value: Any


class WrittenText:
    """A text as it is written: each alias is one value, the place of what it stands for."""

    def __init__(self, text: str) -> None:
        with said_plainly(text):
            self._reader = NodeReader(text)
            documents = list(self._reader.nodes())
            several = len(documents) > 1
            self._places: dict[int, Key] = {}
            for number, node in enumerate(documents):
                self._places |= self._named(node, (number,) if several else ())
            written = [self._written(node) for node in documents]
        self._document: Any = dict(enumerate(written)) if several else (written or [{}])[0]

    def at(self, key: Key) -> Spot | None:
        """Return where the value at a key is written; None if it is not in the text."""
        inside = self._document
        for depth, part in enumerate(key):
            if isinstance(inside, dict) and part in inside:
                inside = inside[part]
            elif isinstance(inside, dict) and MERGE in inside:
                return Spot((*key[:depth], MERGE), inside[MERGE])
            elif isinstance(inside, list) and isinstance(part, int) and part < len(inside):
                inside = inside[part]
            elif isinstance(inside, list) and str(part).isdecimal() and int(part) < len(inside):
                inside = inside[int(part)]
            else:
                return Spot(key[:depth], inside) if isinstance(inside, Source) else None
        return Spot(key, inside)

    def _written(self, node: Node) -> Any:  # noqa: ANN401 - parsed data
        if isinstance(node.start_mark, Elsewhere):
            place = self._places.get(id(node.start_mark.node), ())
            return Source(f"*{spell_key(place)}")
        if isinstance(node, MappingNode):
            return {name: self._written(item) for name, item in self._pairs(node)}
        if isinstance(node, SequenceNode):
            return [self._written(item) for item in node.value]
        return self._reader.value(node)

    def _named(self, node: Node, key: Key) -> dict[int, Key]:
        """Return the places of a node and of all nodes written inside of it."""
        if isinstance(node.start_mark, Elsewhere):
            return {}
        found = {id(node): key}
        if isinstance(node, MappingNode):
            for name, item in self._pairs(node):
                found |= self._named(item, (*key, name))
        elif isinstance(node, SequenceNode):
            for index, item in enumerate(node.value):
                found |= self._named(item, (*key, index))
        return found

    def _pairs(self, node: MappingNode) -> Iterator[tuple[str, Node]]:
        for name_node, item in node.value:
            merges = str(name_node.tag).endswith(":merge")
            yield MERGE if merges else self._reader.name(name_node), item
