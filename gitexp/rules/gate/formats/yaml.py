"""YAML: read from ruamel.yaml's node graph, so that no tag ever constructs anything.

Scalars are read as by ruamel.yaml's safe loader under YAML 1.2 (`yes` is a text, `1e-3` a number),
but dates stay texts. Aliases and merge keys are resolved: an anchor with three aliases is four
values. A key that is not a text is named as YAML spells it (`0`, `true`), and a text that looks
like one keeps its quotes (`"0"`).
"""

from __future__ import annotations

import copy
import json
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gitexp.rules.gate.formats import Malformed, malformed_at
from gitexp.rules.gate.formats.place import read_back, replace_value
from gitexp.rules.gate.formats.values import Source, same, spell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ruamel.yaml.nodes import Node

    from gitexp.rules.gate.formats.keys import Key

ERROR = ValueError

# A mapping or a list of mappings with a custom tag has the tag as one more value.
TAG = "(tag)"

# Values that aliases may add to those in the text; ten lines of YAML can unfold into billions.
_MOST_UNFOLDED = 100_000

_CORE = "tag:yaml.org,2002:"
_CORE_KINDS: dict[str, Callable[[SafeConstructor, ScalarNode], object]] = {
    "null": SafeConstructor.construct_yaml_null,
    "bool": SafeConstructor.construct_yaml_bool,
    "int": SafeConstructor.construct_yaml_int,
    "float": SafeConstructor.construct_yaml_float,
} | dict.fromkeys(("str", "timestamp", "value", "merge"), SafeConstructor.construct_scalar)

# Anchor and tag, which come before a value.
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]*)*")


class _Composer(Composer):
    """Gives each alias a node of its own without a place; else it would be its anchor's node."""

    def return_alias(self, a: Node) -> Node:
        return _alias(a)


def parse(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Parse a document, or several into a table by index; an empty document is an empty table."""
    with _said_plainly(text):
        reader = _Reader(text)
        documents = [reader.value(node) for node in reader.nodes()]
    if len(documents) > 1:
        return dict(enumerate(documents))
    return {} if not documents or documents[0] is None else documents[0]


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value on one line as YAML; a text that is not YAML is a plain string."""
    typed = text.strip()
    try:
        with _said_plainly(typed):
            reader = _Reader(typed)
            (node,) = reader.nodes()
            whole = (node.start_mark.index, node.end_mark.index) == (0, len(typed))
            if whole and typed.isprintable() and not _in_block_style(node):
                return reader.value(node)
    except (ValueError, RecursionError):
        pass
    return text


def spell_value(text: str) -> str:
    """Spell a typed value: unchanged if it means the same between brackets, else quoted."""
    value, typed = parse_value(text), text.strip()
    try:
        if typed.isprintable() and all(
            same(parse(around.replace("_", typed)), meant)
            for around, meant in (
                ("a: _", {"a": value}),
                ("[{a: _, b: }]", [{"a": value, "b": None}]),
                # In a block mapping ruamel.yaml reads a value like `:0` as an empty key.
                ("a: {b: _, c: }", {"a": {"b": value, "c": None}}),
            )
        ):
            return typed
    except (ValueError, RecursionError):
        pass
    return spell(value)


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends, without its anchor and its tag.

    Raises:
        LookupError: there is no value there.
        ValueError: the text is not YAML, or there is an alias or a merge key.
    """
    with _said_plainly(text):
        reader = _Reader(text)
        nodes: dict[str | int, Node] = dict(enumerate(reader.nodes()))
        node = nodes.get(0)
        for number, part in enumerate(key):
            inside = nodes if number == 0 and len(nodes) > 1 else reader.parts(node)
            node = inside.get(part)
            if node is not None and node.start_mark is None:
                raise ValueError("it is an alias of a value elsewhere")
    if node is None:
        raise LookupError("there is no single value there")
    start, end = node.start_mark.index, node.end_mark.index
    if _in_block_style(node):
        raise ValueError("the value spans several lines")
    if start == end:
        start = end = _place_of_nothing(text, end)
    properties = _PROPERTIES.match(text, start, end)
    return properties.end() if properties else start, end


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character, anchors included.

    Raises:
        LookupError: there is no value there.
        ValueError: the value is not on one line, there is an alias, or the text is not YAML.
    """
    edited = replace_value(text, key, spelled, find_value)
    return read_back(edited, key, parse_value(spelled) if spelled else None, parse)


class _Reader:
    """The nodes of a text, and their values."""

    def __init__(self, text: str) -> None:
        self.text = text
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
        try:
            return _CORE_KINDS[kind](self.yaml.constructor, node)
        except (ValueError, LookupError):  # `_` and `!!int x`
            return node.value

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
            if name_node.tag == f"{_CORE}merge":
                sources = item.value if isinstance(item, SequenceNode) else [item]
                for source in sources:
                    if not isinstance(source, MappingNode):
                        raise _malformed(
                            "<< merges something that is not a mapping", name_node.start_mark
                        )
                    elsewhere = item.start_mark is None or source.start_mark is None
                    table = self.table(source)
                    self._count(len(table))
                    for name, inner in table.items():
                        merged.setdefault(name, _alias(inner) if elsewhere else inner)
            else:
                name = self._name(name_node)
                if name in own:
                    message = f"the key {json.dumps(name)} is given twice"
                    raise _malformed(message, name_node.start_mark)
                own[name] = item
        return merged | own

    def _name(self, node: Node) -> str:
        value = self.value(node)
        if not isinstance(value, str):
            return spell(value)
        unquoted = ScalarNode(self.yaml.resolver.resolve(ScalarNode, value, (True, False)), value)
        plain = value[:1] not in set('[{"!(') and isinstance(self._scalar(unquoted), str)
        return value if plain else json.dumps(value, ensure_ascii=False)

    def _count(self, nodes: int) -> None:
        self.left -= nodes
        if self.left < 0:
            raise Malformed(f"aliases unfold into more than {_MOST_UNFOLDED:,} values")


def _alias(node: Node) -> Node:
    alias = copy.copy(node)
    alias.start_mark = None
    return alias


def _place_of_nothing(text: str, at: int) -> int:
    """Return where a missing value would begin; ruamel.yaml's mark may be some comments later."""
    head = text[:at].rstrip()
    while (line := head.rpartition("\n")[2]).lstrip().startswith("#"):
        head = head[: -len(line)].rstrip()
    comment = re.search(r"(?<=[:?-])[ \t]+#", line)
    return len(head) - (len(line) - comment.start() if comment else 0)


def _in_block_style(node: Node) -> bool:
    if isinstance(node, CollectionNode):
        return not node.flow_style
    return isinstance(node, ScalarNode) and node.style in {"|", ">"}


@contextmanager
def _said_plainly(text: str) -> Iterator[None]:
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
    if mark is None:
        return Malformed(message)
    line = mark.line + 1
    return Malformed(f"{message} (at line {line}, column {mark.column + 1})", line)
