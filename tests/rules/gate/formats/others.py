"""A second opinion: what other parsers read in a config, and what differs between two versions.

PyYAML, tomllib, json, configparser and ast, each by itself, with the definition of a value written
down once more: a list is one value unless all that it holds are tables.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
import warnings
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitexp.rules.gate.formats.keys import Key

_CODE = "(code)"


class Unread(Exception):
    """The other parser cannot read it, or reads less than we promise to."""


def values(ending: str, text: str) -> dict[Key, str]:
    """Every value by its key, spelled with its type."""
    try:
        return dict(_flat(_READERS[ending](text.removeprefix("\ufeff")), ()))
    except (
        ValueError, SyntaxError, TypeError, AttributeError, yaml.YAMLError, configparser.Error
    ) as error:  # fmt: skip
        raise Unread(str(error)) from None


def difference(before: dict[Key, str], after: dict[Key, str]) -> int:
    """How many values differ; what held nothing and now holds something is none by itself.

    Raises:
        Unread: code differs, which this reading does not take apart.
    """
    if any(before.get(key) != after.get(key) for key in {*before, *after} if key[-1:] == (_CODE,)):
        raise Unread("code differs")
    added, removed = set(after) - set(before), set(before) - set(after)
    empty = {_strict({}), _strict([]), _strict(None)}

    def above(keys: set[Key]) -> set[Key]:
        return {key[:length] for key in keys for length in range(len(key))}

    filled = {key for key in removed if before[key] in empty and key in above(added)}
    emptied = {key for key in added if after[key] in empty and key in above(removed)}
    changed = {key for key in set(before) & set(after) if before[key] != after[key]}
    return len(changed) + len(added - emptied) + len(removed - filled)


def _flat(value: Any, key: Key) -> Iterator[tuple[Key, str]]:  # noqa: ANN401 - parsed data
    if isinstance(value, dict) and (value or not key):
        for name, item in value.items():
            yield from _flat(item, (*key, name if isinstance(name, str) else repr(name)))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, (*key, index))
    else:
        yield key, _strict(value)


def _strict(value: Any) -> str:  # noqa: ANN401 - parsed data
    if isinstance(value, dict):
        inside = sorted(f"{name!r}: {_strict(item)}" for name, item in value.items())
    elif isinstance(value, list | tuple):
        inside = [_strict(item) for item in value]
    else:
        return f"{type(value).__name__} {value!r}"
    return f"{type(value).__name__} {inside}"


# --- YAML ---------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2, and duplicate keys as errors."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as in the base class


for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9_]+|0o[0-7_]+|0x[0-9a-fA-F_]+", "-+0123456789_"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf)|\.nan",
        "-+.0123456789_",
    ),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("merge", "<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(f"(?:{_pattern})\\Z"), [*_first, ""]
    )


def _table(loader: _Loader, node: yaml.MappingNode) -> Any:  # noqa: ANN401 - parsed data
    own = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    names = [_strict(loader.construct_object(key, deep=True)) for key in own]
    if len(set(names)) < len(names):
        raise Unread("a key is given twice")
    loader.flatten_mapping(node)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _table)


def _yaml(text: str) -> Any:  # noqa: ANN401 - parsed data
    documents = list(yaml.load_all(text, _Loader))
    if len(documents) > 1:
        return dict(enumerate(documents))
    return {} if not documents or documents[0] is None else documents[0]


# --- JSON, INI, plain lines ---------------------------------------------------------------------


def _json(text: str) -> Any:  # noqa: ANN401 - parsed data
    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise Unread("a key is given twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=table)


def _ini(text: str) -> dict[str, Any]:
    parser = configparser.RawConfigParser(allow_no_value=True, default_section="\0")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except (configparser.DuplicateSectionError, configparser.MissingSectionHeaderError):
        raise Unread("read as plain lines") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _plain(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    table = found
    for written in text.split("\n"):
        masked = re.sub(r"(?<=[\s=:])('[^']*'|\"[^\"]*\")", _masked, written)
        line = re.sub(r"\s+#.*", "", f" {masked}").strip()
        if not line or line.startswith(("#", ";", "//")):
            continue
        value: Any
        if header := re.fullmatch(r"\[([^]]+)\]", line):
            name, value, table = f"[{header[1].strip()}]", {}, found
        elif pair := re.fullmatch(r"([^\s=:]+)(?:\s*[=:]\s*(.*)|\s+([^\s=:][^=:]*))?", line):
            name, value = pair[1], pair[2] if pair[3] is None else pair[3]
        else:
            raise Unread("an odd line")
        if name in table:
            raise Unread("it comes again")
        table[name] = value
        if isinstance(value, dict):
            table = value
    return found


def _masked(quoted: re.Match[str]) -> str:
    return quoted[0].replace("#", "\x01").replace(" ", "\x02")


# --- Python -------------------------------------------------------------------------------------


def _python(text: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _block(ast.parse(text).body)


def _block(body: list[ast.stmt]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    code = []
    for statement in body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                read = _expression(value)
            case ast.ClassDef(name=name, bases=bases):
                read = {_CODE: tuple(map(ast.dump, bases)), **_block(statement.body)}
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                continue
            case _:
                code.append(ast.unparse(statement))
                continue
        if name in found:
            raise Unread("a name comes again")
        found[name] = read
    return found | ({_CODE: tuple(code)} if code else {})


def _expression(node: ast.expr) -> Any:  # noqa: ANN401 - parsed data
    match node:
        case ast.Dict(keys=keys, values=items) if all(isinstance(k, ast.Constant) for k in keys):
            names = [ast.unparse(key) for key in keys if key]
            if len(set(names)) == len(names):
                return dict(zip(names, map(_expression, items), strict=True))
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words) if all(
            word.arg for word in words
        ):
            return {repr(word.arg): _expression(word.value) for word in words}
        case ast.Call(func=func, args=args, keywords=words) if words and all(w.arg for w in words):
            return {
                "(call)": ast.unparse(ast.Call(func, args, [])),
                **{repr(word.arg): _expression(word.value) for word in words},
            }
        case ast.List():
            return [_expression(item) for item in node.elts]
        case ast.Tuple():
            items = [_expression(item) for item in node.elts]
            tables = items and all(isinstance(item, dict) for item in items)
            return items if tables else tuple(items)
        case ast.Set():
            return ("set", *sorted({ast.unparse(item) for item in node.elts}))
    try:
        return ast.literal_eval(node)
    except ValueError:
        return f"expression {ast.unparse(node)}"


_READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "yaml": _yaml,
    "json": _json,
    "ini": _ini,
    "conf": _plain,
    "py": _python,
}
