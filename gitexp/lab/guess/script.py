"""What a training script says about itself, read by ast and never executed."""

from __future__ import annotations

import ast
import posixpath
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from gitexp.lab.guess.constants import Constants, text_of
from gitexp.rules.gate.formats.python_options import last_name

_MOST = 40  # modules of a project that are read
_LARGEST = 500_000  # bytes of one; longer ones are data
_NAME = r"[A-Za-z_][\w./@-]{0,60}"  # bounded, so that a long text takes no long time
_GAP = r"[^\S\n]"
_PRINTED = re.compile(
    # Not the letters of a format: %(asctime)s, %H:%M.
    rf"(?<![\w./@%)-])((?:{_NAME} ){{0,5}}{_NAME})"
    rf"(?:['\")]?{_GAP}{{0,60}}[:=]{_GAP}{{0,60}}|{_GAP}{{1,60}}(?:\.{{3,60}}{_GAP}{{1,60}})?)"
    r"(?:\Z|[%{])"
)
_NO_LABEL = {"and", "at", "by", "for", "from", "in", "into", "is", "of", "on", "to", "with"}
# Colors, the markup of rich, and the bars of a table may stand between a name and its number.
_FIELD = re.compile(
    r"['\"]?\s{0,60}(?:[:=]|\.{3,60})?\s{0,60}(?:\{[^{}]{0,60}\}|%[\d.+ -]{0,9}[a-z])"
)
_LONGEST_NAME = 40  # characters
_DRESSED = re.compile(
    r"\x1b\[[0-9;]*m|\[/?(?:bold|[a-z_]*(?:red|green|blue|cyan|magenta|yellow))?\]|[│┃|]"
)
_PART = re.compile(r"\s?(?:/|%)")  # what makes the number before it a part of another
_WRITERS = {"write_text", "write_bytes"}
_SAVERS = {"to_csv", "to_json", "to_parquet", "save", "savez", "savez_compressed", "savetxt"}
_MAY_WRITE = re.compile(r"save|dump|write|mkdir|makedirs|export|handler")  # names of calls
_OUTPUT = re.compile(r"out|save|log|checkpoint|ckpt")  # names of their arguments
SPLITTERS = {
    "train_test_split", "random_split", "ShuffleSplit", "StratifiedShuffleSplit",
    "GroupShuffleSplit", "KFold", "StratifiedKFold", "GroupKFold",
}  # fmt: skip
_SEEDING = {"random_state", "generator", "seed"}
_SEEDS = {
    "PRNGKey", "RandomState", "default_rng", "manual_seed", "seed", "seed_everything", "set_seed",
    "set_random_seed",
}  # fmt: skip
_LITERALS = re.compile(r'"((?:[^"\\\n]|\\.){1,200})"')  # texts of R and Julia


@dataclass(slots=True)
class Script:
    """A script with the modules of the project that it imports.

    `text` is all their source. `imported` are the modules' files, `mentioned` the relative paths
    that it names, `written` those that it writes and `appended` those that it adds to, or may; what
    only a run could tell is left out. `printed` are the names that stand before a number. `split`
    says what a seed does to the split: "split" if it redraws it, "seed" if every split has a fixed
    seed, "" if there is no split. `partly` are names before a number of which only a part would be
    read (`93 %`, `93/100`), and `named` the short texts that could be a metric's name. `composed`
    is the folder of configs that Hydra is given, and `seeded` says where the first seed is that is
    a literal number, and which: `train.py:3: random.seed(0)`, 0.
    """

    text: str = ""
    imported: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    appended: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    split: str = ""
    test_ratio: float | None = None
    test_size: str = ""
    composed: str = ""
    seeded: tuple[str, int] | None = None


def read_script(folder: Path, path: str) -> Script:
    """Read a script of a project and the modules that it imports; empty if there is none."""
    script, queue, seen = Script(), [path] if path else [], {path}
    trees: list[tuple[str, ast.Module]] = []
    while queue and len(seen) <= _MOST:
        name = queue.pop(0)
        text, tree = _parse(folder / name)
        script.text += text
        if tree is None:
            if not name.endswith(".py"):
                _Reader(script, Constants()).look_at_text(text)
            continue
        trees.append((name, tree))
        for module in _imports(tree):
            found = _find_module(folder, posixpath.dirname(name), module)
            if found and found not in seen:
                seen.add(found)
                queue.append(found)
                script.imported.append(found)
    constants = Constants()
    for name, tree in trees:
        constants.gather(name, tree)
    reader = _Reader(script, constants)
    for name, tree in trees:
        constants.known["__file__"] = name
        for node in ast.walk(tree):
            reader.look_at(node)
    return script


def _parse(path: Path) -> tuple[str, ast.Module | None]:
    try:
        text = path.read_text("utf-8", "replace") if path.stat().st_size <= _LARGEST else ""
    except OSError:
        return "", None
    if path.suffix != ".py":
        return text, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return text, ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text, None


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            yield from (f"{package}.{alias.name}".strip(".") for alias in node.names)
            if package:
                yield package


def _find_module(folder: Path, beside: str, module: str) -> str:
    """File of a module in the project: beside the script, at the project's top, or in src/."""
    inner = module.replace(".", "/")
    for place in dict.fromkeys([beside, "", "src", posixpath.dirname(beside)]):
        for name in (f"{inner}.py", f"{inner}/__init__.py"):
            found = posixpath.join(place, name)
            if (folder / found).is_file():
                return found
    return ""


class _Reader:
    """Notes what the nodes of a syntax tree say, given from the outside in."""

    def __init__(self, script: Script, constants: Constants) -> None:
        self._script, self._constants = script, constants
        self._parts: set[int] = set()  # texts that are only a part of a path
        self._templates: set[int] = set()  # texts between the values of an f-string

    def look_at_text(self, text: str) -> None:
        """Note the names that the texts in a program of another language print."""
        for literal in _LITERALS.findall(text):
            self._prints(literal.replace("\\n", "\n").replace("$", "{"))

    def look_at(self, node: ast.AST) -> None:
        """Note the paths and names in one node."""
        match node:
            case ast.JoinedStr(values=values):
                self._parts |= set(map(id, values))
                self._templates |= set(map(id, values))
                self._mentions(self._constants.fold(node))
                self._prints_values(values)
            case ast.Constant(value=str(text)):
                if id(node) not in self._templates:
                    self._prints(text)
                if re.fullmatch(r"[A-Za-z]\w*(?:[/.@-]\w+)*", text) and len(text) <= _LONGEST_NAME:
                    self._script.named.append(text)
                if id(node) not in self._parts:
                    self._mentions(text)
            case ast.BinOp(op=ast.Div() | ast.Add(), left=left, right=right):
                self._parts |= {id(left), id(right)}
                self._mentions(self._constants.fold(node))
            case ast.List(elts=[first, second]) | ast.Tuple(elts=[first, second]):
                self._pairs([first], [second])
            case ast.Dict(keys=keys, values=values):
                self._pairs(keys, values)
            case ast.Assign(targets=[ast.Name(id="seed" | "SEED")], value=ast.Constant()):
                self._note_seed(node, node.value)
            case ast.Call():
                self._look_at_call(node)

    def _pairs(self, names: Iterable[ast.expr | None], values: Iterable[ast.expr]) -> None:
        for name, value in zip(names, values, strict=True):
            if isinstance(value, ast.Dict):  # {"test": {"acc": acc}}, after whose set it is named
                of_set = [ast.Constant(f"{text_of(name)} {text_of(key)}") for key in value.keys]
                self._pairs(of_set, value.values)
            elif not isinstance(value, ast.Constant | ast.List):
                self._names(text_of(name))

    def _prints_values(self, parts: Sequence[ast.expr]) -> None:
        every = [*parts, None, None]
        for before, value, after in zip(every, every[1:], every[2:], strict=False):
            if isinstance(value, ast.FormattedValue):
                self._prints(text_of(before), text_of(after))

    def _look_at_call(self, node: ast.Call) -> None:
        name, args = last_name(node.func), node.args
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name == "joinpath" or (name in {"join", "Path"} and len(args) > 1):
            self._parts |= set(map(id, args))
        self._mentions(self._constants.fold(node))
        self._look_at_output(node, name, owner)
        if name in {"print", "add_row", "echo"}:
            for before, after in pairwise(args):
                if not isinstance(after, ast.Constant):
                    self._names(text_of(before))
        elif name == "log" and last_name(owner) == "gitexp":
            for keyword in node.keywords:
                self._names(keyword.arg or "")
        elif name in SPLITTERS:
            self._splits(node)
        if name in _SEEDS and args:
            self._note_seed(node, args[0])
        for keyword in node.keywords:
            if keyword.arg in {"config_path", "config_dir"}:
                given = self._constants.fold(keyword.value)
                self._script.composed = self._script.composed or given or ""

    def _note_seed(self, node: ast.Assign | ast.Call, seed: ast.expr) -> None:
        number = _number_in(seed)
        if number is not None and not self._script.seeded:
            place = f"{self._constants.known['__file__']}:{node.lineno}"
            self._script.seeded = f"{place}: {ast.unparse(node)}", number

    def _look_at_output(self, node: ast.Call, name: str, owner: ast.expr | None) -> None:
        """Note the files that a call writes, and those that it may write by its names."""
        script, args = self._script, node.args
        if name == "open":
            of_path = owner is not None and self._constants.fold(owner) is not None
            target = [owner] if of_path else args[:1]
            given = [k.value for k in node.keywords if k.arg == "mode"]
            mode = "".join(map(text_of, [*args[0 if of_path else 1 :], *given][:1]))
            if set(mode) & set("wxa"):
                self._add(script.appended if "a" in mode else script.written, target)
        elif name in _WRITERS:
            self._add(script.written, [owner])
        elif name in _SAVERS:
            self._add(script.written, args)
        elif _MAY_WRITE.search(name.lower()):
            self._add(script.appended, [*args, owner])
        named = [k.value for k in node.keywords if _OUTPUT.search((k.arg or "").lower())]
        self._add(script.appended, named)

    def _add(self, paths: list[str], nodes: Sequence[ast.expr | None]) -> None:
        for node in nodes:
            _add_path(paths, None if node is None else self._constants.fold(node))

    def _splits(self, node: ast.Call) -> None:
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        shuffle = given.get("shuffle")
        is_fixed = any(_is_fixed(value) for key, value in given.items() if key in _SEEDING) or (
            isinstance(shuffle, ast.Constant) and shuffle.value is False
        )
        script = self._script
        script.split = "seed" if is_fixed and script.split != "split" else "split"
        size = given.get("test_size")
        if isinstance(size, ast.Constant):
            script.test_ratio = ratio_of(size.value)
        elif isinstance(size, ast.Subscript):
            script.test_size = text_of(size.slice)
        else:
            script.test_size = last_name(size)

    def _mentions(self, text: str | None) -> None:
        _add_path(self._script.mentioned, text)

    def _prints(self, text: str, rest: str = "") -> None:
        """Note the names in a text that stand before a number; after the text comes `rest`."""
        plain = _DRESSED.sub(" ", text)
        for found in _PRINTED.finditer(plain):
            field = _FIELD.match(plain, found.end(1))
            follows = plain[field.end() :] if field else rest
            is_part = _PART.match(follows) is not None
            self._names(found[1], self._script.partly if is_part else self._script.printed)

    def _names(self, name: str, names: list[str] | None = None) -> None:
        names = self._script.printed if names is None else names
        if name.rpartition(" ")[2].lower() in _NO_LABEL:
            return
        if re.fullmatch(r"[A-Za-z_][\w./@ -]{0,60}", name) and name not in names:
            names.append(name)


def ratio_of(share: object) -> float | None:
    """Test rows by training rows where a `share` of all is tested; None for a number of rows."""
    if not isinstance(share, float) or not 0 < share < 1:
        return None
    return round(share / (1 - share), 4)


def _number_in(seed: ast.expr) -> int | None:
    """The literal number that a seed is, also with something added."""
    parts = [seed.left, seed.right] if isinstance(seed, ast.BinOp) else [seed]
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    return next((value for value in values if type(value) is int), None)


def _is_fixed(seed: ast.expr) -> bool:
    """Whether a seed is a literal number, also within `Generator().manual_seed(0)`."""
    if isinstance(seed, ast.Call) and seed.args:
        return _is_fixed(seed.args[0])
    return isinstance(seed, ast.Constant) and type(seed.value) is int


def _add_path(paths: list[str], text: str | None) -> None:
    """Add a text that can be a path inside the project."""
    if not text or len(text) > 200 or not text.isprintable() or text.startswith(("/", "~")):
        return
    path = posixpath.normpath(text)
    if path not in {".", *paths} and not path.startswith(("..", "-")) and ":" not in path:
        paths.append(path)
