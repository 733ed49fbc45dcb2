"""YAML: values read by YAML 1.2, and where each is in the text.

A value that comes through an alias is set in place of the alias, and one that a merge key brings in
becomes an entry of its own; the value at the anchor stays as it is. `read_as_pyyaml` gives the
values that YAML 1.1 makes of a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from gitexp.rules.gate.formats.place import read_back, replace_value
from gitexp.rules.gate.formats.values import same, spell
from gitexp.rules.gate.formats.yaml_1_1 import read_plain, spell_for_both
from gitexp.rules.gate.formats.yaml_nodes import MERGE, Elsewhere, NodeReader, said_plainly

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

ERROR = ValueError

# Anchor and tag, which come before a value.
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]*)*")


def parse(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Parse a document, or several into a table by index; an empty document is an empty table."""
    return _document(NodeReader(text))


def read_as_pyyaml(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Parse a document as PyYAML reads its plain scalars, by YAML 1.1; keys are as in `parse`."""
    return _document(NodeReader(text, pyyaml=True))


def _document(reader: NodeReader) -> Any:  # noqa: ANN401 - parsed data
    with said_plainly(reader.text):
        documents = [reader.value(node) for node in reader.nodes()]
    if len(documents) > 1:
        return dict(enumerate(documents))
    return {} if not documents or documents[0] is None else documents[0]


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value on one line as YAML; a text that is not YAML is a plain string."""
    typed = text.strip()
    try:
        with said_plainly(typed):
            reader = NodeReader(typed)
            (node,) = reader.nodes()
            whole = (node.start_mark.index, node.end_mark.index) == (0, len(typed))
            if whole and typed.isprintable() and not _in_block_style(node):
                return reader.value(node)
    except (ValueError, RecursionError):
        pass
    return text


def spell_value(text: str) -> str:
    """Spell a typed value: unchanged if it means the same between brackets, else quoted.

    A number is written so that it is one to PyYAML, too.
    """
    value, typed = parse_value(text), text.strip()
    if isinstance(value, float) and not same(read_plain(typed), value):
        typed = spell_for_both(typed, value)
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
        ValueError: the text is not YAML, or the value has no place of its own.
    """
    with said_plainly(text):
        node = _path(text, key)[-1]
    start = node.start_mark
    if isinstance(start, Elsewhere):
        if start.alias is None:
            raise ValueError("a merge key brings it in from another place")
        return start.alias.index, node.end_mark.index
    begin, end = start.index, node.end_mark.index
    if _in_block_style(node):
        raise ValueError("the value spans several lines")
    if begin == end:
        begin = end = _place_of_nothing(text, end)
    properties = _PROPERTIES.match(text, begin, end)
    return properties.end() if properties else begin, end


def set_value(text: str, key: Key, spelled: str) -> str:
    """Set the value at an existing key and keep every other character, anchors included.

    Raises:
        LookupError: there is no value there.
        ValueError: the value has no place on one line, or the text is not YAML.
    """
    with said_plainly(text):
        start = _path(text.removeprefix("\ufeff"), key)[-1].start_mark
    if isinstance(start, Elsewhere) and start.alias is None:
        edited = _with_entry(text, key, spelled)
    else:
        edited = replace_value(text, key, spelled, find_value)
    return read_back(edited, key, parse_value(spelled) if spelled else None, parse)


def _path(text: str, key: Key) -> list[Node]:
    """Return the nodes that lead to a value, its own last."""
    reader = NodeReader(text)
    documents = list(reader.nodes())
    inside: dict[str | int, Node] = dict(enumerate(documents))
    path = documents[:1] if len(documents) == 1 else []
    for part in key:
        if path:
            if isinstance(path[-1].start_mark, Elsewhere):
                raise ValueError("it is part of an alias, which stands for a whole block elsewhere")
            inside = reader.parts(path[-1])
        if part not in inside:
            raise LookupError("there is no single value there")
        path.append(inside[part])
    if not path:
        raise LookupError("there is no single value there")
    return path


def _with_entry(text: str, key: Key, spelled: str) -> str:
    """Add an entry behind the merge key that brought the value in until now."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    table = _path(text, key)[-2]
    assert isinstance(table, MappingNode)  # noqa: S101 - something was merged into it
    name, merged = [pair for pair in table.value if pair[0].value == MERGE][-1]
    entry, at = f"{key[-1]}: {spelled}", merged.end_mark.index
    if table.flow_style:
        return f"{mark}{text[:at]}, {entry}{text[at:]}"
    if _in_block_style(merged) and not isinstance(merged.start_mark, Elsewhere):
        raise ValueError("its merge key spans several lines")
    line_end = text.find("\n", at)
    end = "\r\n" if "\r\n" in text else "\n"
    at = len(text) if line_end < 0 else line_end - len(end) + 1
    return f"{mark}{text[:at]}{end}{' ' * name.start_mark.column}{entry}{text[at:]}"


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
