"""A switch that a config lacks so far is added with one line, and nothing else differs."""

from __future__ import annotations

import difflib

import pytest

from gitexp.rules.gate.formats import read_leaves
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.new_value import add_value

TOML = "# knobs\n[model]\nC = 1.0  # strength\nlayers = [\n  1,\n  2]\n\n[empty]\n[a.b]\nx.y = 1\n"
YAML = "# knobs\nmodel:\n  C: 1\n  sub:\n    x: 1\ntrain: {lr: 1}\nlast: no\n"
JSON = '{\n  "a": 1,\n  "b": {\n    "c": 2\n  },\n  "d": {}\n}\n'
INI = "[a.b]\nlr : 1\n\n[empty]\n"
PYTHON = "import os\nLR: float = 0.1\ncfg = dict(\n    a=1,\n)\nd = {'q': 1}\nclass C:\n    z = 1\n"


@pytest.mark.parametrize(
    ("path", "text", "key", "line"),
    [
        ("c.toml", TOML, "cosine", "cosine = true"),
        ("c.toml", TOML, "model.cosine", "cosine = true"),
        ("c.toml", TOML, "empty.cosine", "cosine = true"),
        ("c.toml", TOML, "a.b.cosine", "cosine = true"),
        ("c.toml", TOML, "a.b.x.cosine", "x.cosine = true"),
        ("c.toml", TOML, "new.cosine", "new.cosine = true"),
        ("c.toml", "", "cosine", "cosine = true"),
        ("c.yaml", YAML, "cosine", "cosine: true"),
        ("c.yaml", YAML, "model.cosine", "  cosine: true"),
        ("c.yaml", YAML, "model.sub.cosine", "    cosine: true"),
        ("c.yaml", YAML, "train.cosine", "train: {lr: 1, cosine: true}"),
        ("c.yaml", YAML, "new.cosine", "new: {cosine: true}"),
        ("c.json", JSON, "cosine", '  "cosine": true,'),
        ("c.json", JSON, "b.cosine", '    "cosine": true,'),
        ("c.json", JSON, "d.cosine", '  "d": {"cosine": true}'),
        ("c.json", JSON, "new.cosine", '  "new": {"cosine": true},'),
        ("c.ini", INI, "a.b.cosine", "cosine : true"),
        ("c.ini", INI, "empty.cosine", "cosine = true"),
        ("c.py", PYTHON, "COSINE", "COSINE = True"),
        ("c.py", PYTHON, "cfg.cosine", "    cosine=True,"),
        ("c.py", PYTHON, "d.cosine", "d = {'q': 1, 'cosine': True}"),
        ("c.py", PYTHON, "C.cosine", "    cosine = True"),
        (".env", "export A=1\nB=2\n", "COSINE", "COSINE=true"),
        ("c.conf", "\ufefflr: 1\r\ndepth 2", "cosine", "cosine true"),
    ],
)
def test_a_new_key_takes_one_line(path: str, text: str, key: str, line: str) -> None:
    edited, found = add_value(path, text, tuple(key.split(".")), "true")
    more = [
        one[2:].rstrip("\r\n").removeprefix("\ufeff")
        for one in difflib.ndiff(text.splitlines(keepends=True), edited.splitlines(keepends=True))
        if one.startswith("+ ") and one[2:].rstrip("\r\n") not in text.splitlines()
    ]
    assert more == [line]
    assert edited.count("\r\n") == (2 if "\r\n" in text else 0)
    assert ".".join(map(str, found)) == key
    before, after = (read_leaves(path, content.encode()) for content in (text, edited))
    assert after.pop(found) in (True, "true")
    filled = {key for key, value in before.items() if value == {}}
    assert {k: v for k, v in after.items() if k not in filled} == {
        k: v for k, v in before.items() if k not in filled
    }


@pytest.mark.parametrize(
    ("path", "text", "key", "value"),
    [
        ("c.ini", INI, "new.cosine", "true"),  # a section is a line more
        ("c.toml", "x = 1\n", "x.cosine", "true"),
        ("c.toml", TOML, "cosine", '"""\n"""'),
        ("c.json", "[]\n", "cosine", "true"),
        ("run.sh", "python train.py --lr 1\n", "cosine", "true"),
        ("c.toml", "x = \n", "cosine", "true"),
    ],
)
def test_where_one_line_cannot_add_a_key_nothing_is_guessed(
    path: str, text: str, key: str, value: str
) -> None:
    with pytest.raises((LookupError, ValueError, Malformed)):
        add_value(path, text, tuple(key.split(".")), value)
