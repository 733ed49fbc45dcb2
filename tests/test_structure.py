"""What the house style asks of every file, as far as a machine can tell."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "gitexp").rglob("*.py"))
# What somebody reads: the code, the catalogue of rules, the pages.
TEXTS = [
    *SOURCES,
    *sorted((ROOT / "gitexp").rglob("*.toml")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
]

MOST_LINES = 450

# How a module gives the one reason of all its late imports.
FOR_ALL = re.compile(r"imports inside functions|functions below import", re.IGNORECASE)

# What sounds translated, and what to write instead. "There is no X" is as good as any sentence.
WORDS = {
    r"anew|read_anew": "again",
    r"foretold": "predicted",
    r"(?:put|puts|putting) away|shelved?": "archive",
    r"(?<!there )is no (?!longer|more|less|worse|better|later|earlier)\w+": "is not a",
    r"belongs? into": "belongs in",
    r"by examples": "per example",
    r"come in clumps": "are correlated",
    r"unanswerable": "would usually be missed",
    r"flatters": "is optimistic",
}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def late_imports(tree: ast.Module) -> Iterator[int]:
    """First line of each function's own imports."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = [
                node.lineno
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            if lines:
                yield min(lines)


def unexplained(path: Path) -> list[int]:
    """Lines of late imports without a comment on them or right above."""
    text = path.read_text("utf-8")
    if FOR_ALL.search(text):
        return []
    lines = ["", *text.split("\n")]
    return [
        at
        for at in late_imports(ast.parse(text))
        if "#" not in lines[at] and not lines[at - 1].lstrip().startswith("#")
    ]


def needs(path: Path, modules: dict[str, Path]) -> set[str]:
    """Modules that a file imports, at its top, for its types or late."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules.keys()) or {node.module}
    return found


def test_no_two_modules_need_each_other_not_even_for_types() -> None:
    modules = {
        named(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in SOURCES
    }
    del modules["gitexp"]  # offers what others define, and loads it when asked
    graph = {name: needs(path, modules) - {name} for name, path in modules.items()}
    graphlib.TopologicalSorter(graph).prepare()  # names a circle if there is one


def test_an_import_inside_a_function_says_why_it_is_late() -> None:
    assert [f"{named(path)}:{line}" for path in SOURCES for line in unexplained(path)] == []


def test_what_json_shows_by_its_text_or_fields_is_not_a_named_tuple() -> None:
    # json.dumps makes a list of any tuple, and asks it nothing.
    found = [
        f"{named(path)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name in {"as_json", "__str__"}
    ]
    assert found == []


def test_no_file_is_long() -> None:
    lines = {named(path): path.read_text("utf-8").count("\n") for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("word", WORDS)
def test_the_usual_word_is_used(word: str) -> None:
    pattern = re.compile(rf"\b(?:{word})\b", re.IGNORECASE)
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in TEXTS
        for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1)
        if pattern.search(line)
    ]
    assert found == [], f"write {WORDS[word]!r} instead"
