"""Texts that the expressions of a script give, as far as they can be told without running it."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator

from gitexp.rules.gate.formats.python_options import last_name

_PATH_CALLS = {"Path", "PurePath", "PosixPath", "joinpath", "str", "fspath", "to_absolute_path"}
_SAME_PATH = {"resolve", "absolute", "expanduser", "abspath", "realpath", "as_posix"}


class Constants:
    """Texts that names stand for, where every assignment says the same."""

    def __init__(self) -> None:
        self.known: dict[str, str | None] = {}

    def gather(self, path: str, tree: ast.Module) -> None:
        """Read the assignments and defaults of a module."""
        self.known["__file__"] = path
        for node in ast.walk(tree):
            for name, value in _bindings(node):
                text = self.fold(value)
                if text is not None:
                    same = self.known.get(name, text) == text
                    self.known[name] = text if same else None

    def fold(self, node: ast.AST) -> str | None:
        """The text that an expression gives, None if only a run could tell."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name):
                return self.known.get(name)
            case ast.Attribute(value=value, attr="parent"):
                inner = self.fold(value)
                return None if inner is None else posixpath.dirname(inner)
            case ast.Attribute(attr=name):
                return self.known.get(name)
            case ast.FormattedValue(value=value):
                return self.fold(value)
            case ast.JoinedStr(values=values):
                return self._joined(values, "".join)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([left, right], "".join)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joined([left, right], lambda parts: posixpath.join(*parts))
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=[]) if (
                name in _SAME_PATH
            ):
                return self.fold(value)
            case ast.Call(func=func, args=args) if args:
                return self._call(func, args)
        return None

    def _call(self, func: ast.expr, args: list[ast.expr]) -> str | None:
        name = last_name(func)
        if name == "dirname":
            inner = self.fold(args[0])
            return None if inner is None else posixpath.dirname(inner)
        is_join = name == "join" and isinstance(func, ast.Attribute) and (
            last_name(func.value) == "path"
        )  # fmt: skip
        if is_join or name in _PATH_CALLS | _SAME_PATH:
            before = [func.value] if name == "joinpath" and isinstance(func, ast.Attribute) else []
            return self._joined([*before, *args], lambda parts: posixpath.join(*parts))
        return None

    def _joined(self, nodes: list[ast.expr], join: Callable[[list[str]], str]) -> str | None:
        parts = [text for node in nodes if (text := self.fold(node)) is not None]
        return join(parts) if len(parts) == len(nodes) else None


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names with the expressions that are assigned to them, or are their defaults."""
    match node:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value):
            yield last_name(target), value
        case ast.AnnAssign(
            target=ast.Name() | ast.Attribute() as target, value=ast.expr() as value
        ):
            yield last_name(target), value
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            named = [*args.posonlyargs, *args.args]
            last = named[len(named) - len(args.defaults) :]
            for arg, default in zip(last, args.defaults, strict=True):
                yield arg.arg, default
        case ast.Call(
            func=ast.Attribute(attr="add_argument" | "option"), args=flags, keywords=keywords
        ):
            given = {keyword.arg: keyword.value for keyword in keywords}
            longest = max((text_of(flag) for flag in flags), key=len, default="")
            name = text_of(given.get("dest")) or longest.lstrip("-").replace("-", "_")
            if "default" in given:
                yield name, given["default"]


def text_of(node: ast.AST | None) -> str:
    """Return the text of a literal, "" if it is something else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
