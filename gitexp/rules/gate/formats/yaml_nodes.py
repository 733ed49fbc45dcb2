"""The node graph of a YAML text, as ruamel.yaml composes it, and the values in it.

No tag ever constructs anything. Aliases and merge keys are resolved. Scalars are read as by
ruamel.yaml's safe loader under YAML 1.2 (`yes` is a text, `1e-3` a number) or as by PyYAML, but
dates stay texts. A key that is not a text is named as YAML spells it (`0`, `true`), and a text that
looks like one keeps its quotes (`"0"`).
"""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gitexp.rules.gate.formats.malformed import Malformed, malformed_at
from gitexp.rules.gate.formats.values import Source, spell
from gitexp.rules.gate.formats.yaml_1_1 import read_plain

# A mapping or a list of mappings with a custom tag has the tag as one more value.
TAG = "(tag)"
MERGE = "<<"

_MERGE_TAG = "tag:yaml.org,2002:merge"

_TAGGED = re.compile(r"(?:&\S+\s+)?!")

# Values that aliases may add to those in the text; ten lines of YAML can unfold into billions.
_MOST_UNFOLDED = 100_000

_CORE = "tag:yaml.org,2002:"
_CORE_KINDS: dict[str, Callable[[SafeConstructor, ScalarNode], object]] = {
    "null": SafeConstructor.construct_yaml_null,
    "bool": SafeConstructor.construct_yaml_bool,
    "int": SafeConstructor.construct_yaml_int,
    "float": SafeConstructor.construct_yaml_float,
} | dict.fromkeys(("str", "timestamp", "value", "merge"), SafeConstructor.construct_scalar)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Stands for the start mark of a node that is written at another place.

    `node` is the one with the anchor; `alias` is the mark of the alias, None for what a merge key
    brings in.
    """

    node: Node
    alias: Any = None


class _Composer(Composer):
    """Gives each alias a node of its own; else it would be its anchor's node."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - ruamel.yaml's own
        """Compose one node, and know an alias from what it stands for."""
        if not self.parser.check_event(AliasEvent):
            return super().compose_node(parent, index)
        event = self.parser.peek_event()
        alias = elsewhere(super().compose_node(parent, index), event.start_mark)
        alias.end_mark = event.end_mark
        return alias


def elsewhere(node: Node, alias: object = None) -> Node:
    """Return a node for a place at which another one's value counts, too."""
    written = node.start_mark.node if isinstance(node.start_mark, Elsewhere) else node
    copied = copy.copy(node)
    copied.start_mark = Elsewhere(written, alias)
    return copied


class NodeReader:
    """The nodes of a text, and their values; with `pyyaml` plain scalars are read by YAML 1.1."""

    def __init__(self, text: str, *, pyyaml: bool = False) -> None:
        self.text = text
        self.pyyaml = pyyaml
        self.yaml = YAML(typ="safe", pure=True)
        self.yaml.Composer = _Composer
        self.left = _MOST_UNFOLDED + len(text)

    def nodes(self) -> Iterator[Node]:
        """Compose one document after the other."""
        return iter(self.yaml.compose_all(self.text))

    def value(self, node: Node) -> Any:  # noqa: ANN401 - parsed data
        """Turn a node into tables, lists and scalars; with a custom tag it becomes a Source."""
        self._count(1)
        tag = str(node.tag)
        kind = tag.removeprefix(_CORE)
        shown = tag if tag.startswith("!") else f"!!{kind}" if kind != tag else f"!<{tag}>"
        if isinstance(node, MappingNode):
            table = {name: self.value(item) for name, item in self.table(node).items()}
            return table if kind == "map" else {TAG: Source(shown), **table}
        if isinstance(node, SequenceNode):
            items = [self.value(item) for item in node.value]
            if kind == "seq":
                return items
            if items and all(isinstance(item, dict) for item in items):
                named = {str(index): item for index, item in enumerate(items)}
                return {TAG: Source(shown), **named}
            return Source(f"{shown} {spell(items)}")
        if isinstance(node, ScalarNode) and kind in _CORE_KINDS:
            return self._scalar(node)
        return Source(f"{shown} {spell(node.value)}")

    def _scalar(self, node: ScalarNode) -> Any:  # noqa: ANN401 - parsed data
        kind = str(node.tag).removeprefix(_CORE)
        if self.pyyaml and self.is_plain(node):
            return read_plain(node.value)
        try:
            return _CORE_KINDS[kind](self.yaml.constructor, node)
        except (ValueError, LookupError):  # `_` and `!!int x`
            return node.value

    def is_plain(self, node: Node) -> bool:
        """Whether a scalar has neither quotes nor a tag that says what it is."""
        start = node.start_mark
        start = start.node.start_mark if isinstance(start, Elsewhere) else start
        return (
            isinstance(node, ScalarNode)
            and node.style is None
            and not _TAGGED.match(self.text, start.index)  # `!!float 1e-3`, as without it
            and node.tag == str(self.yaml.resolver.resolve(ScalarNode, node.value, (True, False)))
        )

    def parts(self, node: Node | None) -> dict[str | int, Node]:
        """Return the nodes inside a node, by the part of the key that leads to them."""
        if isinstance(node, MappingNode):
            return dict(self.table(node).items())
        if isinstance(node, SequenceNode):
            # With a custom tag a list is a table.
            return dict(enumerate(node.value)) | {str(i): n for i, n in enumerate(node.value)}
        return {}

    def table(self, node: MappingNode) -> dict[str, Node]:
        """Return the nodes of a mapping by name; its own go before those of its merge keys.

        Raises:
            Malformed: a key is given twice.
        """
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for name_node, item in node.value:
            if name_node.tag == _MERGE_TAG:
                sources = item.value if isinstance(item, SequenceNode) else [item]
                for source in sources:
                    if not isinstance(source, MappingNode):
                        raise _malformed(
                            "<< merges something that is not a mapping", name_node.start_mark
                        )
                    merged_in = any(isinstance(n.start_mark, Elsewhere) for n in (item, source))
                    table = self.table(source)
                    self._count(len(table))
                    for name, inner in table.items():
                        merged.setdefault(name, elsewhere(inner) if merged_in else inner)
            else:
                name = self.name(name_node)
                if name in own:
                    message = f"the key {json.dumps(name)} is given twice"
                    raise _malformed(message, name_node.start_mark)
                own[name] = item
        return merged | own

    def name(self, node: Node) -> str:
        """Name a mapping's key, by YAML 1.2 in either reading."""
        pyyaml, self.pyyaml = self.pyyaml, False
        try:
            value = self.value(node)
            return self._plain_name(value)
        finally:
            self.pyyaml = pyyaml

    def _plain_name(self, value: object) -> str:
        if not isinstance(value, str):
            return spell(value)
        unquoted = ScalarNode(self.yaml.resolver.resolve(ScalarNode, value, (True, False)), value)
        plain = value[:1] not in set('[{"!(') and isinstance(self._scalar(unquoted), str)
        return value if plain else json.dumps(value, ensure_ascii=False)

    def _count(self, nodes: int) -> None:
        self.left -= nodes
        if self.left < 0:
            raise Malformed(f"aliases unfold into more than {_MOST_UNFOLDED:,} values")


@contextmanager
def said_plainly(text: str) -> Iterator[None]:
    """Turn ruamel.yaml's errors into Malformed, and silence its warnings.

    On odd input some errors are slips of its own: `%YAML 3.0` is a KeyError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MarkedYAMLError as error:
        raise _malformed(error.problem or error.context, error.problem_mark) from None
    except ReaderError as error:
        raise malformed_at("an unprintable character", text, error.position) from None
    except YAMLError as error:
        raise Malformed(f"not YAML: {error}") from None
    except (AssertionError, AttributeError, TypeError) as error:
        raise Malformed(f"not YAML: {error!r}") from None


def _malformed(message: str, mark: Any) -> Malformed:  # noqa: ANN401 - ruamel.yaml's mark
    if mark is None or isinstance(mark, Elsewhere):
        return Malformed(message)
    line = mark.line + 1
    return Malformed(f"{message} (at line {line}, column {mark.column + 1})", line)
