"""The line `rules = 2` in settings written by hand: added in place, everything else kept."""

from __future__ import annotations

import tomllib

import pytest

from gitexp.errors import NotReady
from gitexp.rules.documents.raised_rules import with_rules

PLAIN = 'config = ["c.toml"]\ncommand = "python train.py"\nmetric = "accuracy"\n'


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("gitexp.toml", PLAIN, PLAIN + "rules = 2\n"),
        ("gitexp.toml", PLAIN.rstrip("\n"), PLAIN + "rules = 2\n"),
        ("a/gitexp.toml", f"{PLAIN}# the end\n", f"{PLAIN}rules = 2\n# the end\n"),
        ("gitexp.toml", 'metric    = "a"  # x\n\n', 'metric    = "a"  # x\nrules     = 2\n\n'),
        ("gitexp.toml", 'metric="a"\r\n', 'metric="a"\r\nrules = 2\r\n'),
        ("gitexp.toml", '\ufeffmetric = "a"\n', '\ufeffmetric = "a"\nrules = 2\n'),
        ("gitexp.toml", 'rules = 1  # old\nmetric = "a"\n', 'rules = 2  # old\nmetric = "a"\n'),
        ("gitexp.toml", "data = [\n  'a',\n]\n", "data = [\n  'a',\n]\nrules = 2\n"),
        (
            "pyproject.toml",
            '[tool.gitexp]\nmetric = "a"\n\n[tool.ruff]\nline-length = 100\n',
            '[tool.gitexp]\nmetric = "a"\nrules = 2\n\n[tool.ruff]\nline-length = 100\n',
        ),
        (
            "pyproject.toml",
            '[tool]\ngitexp.metric = "a"\nother.x = 1\n',
            '[tool]\ngitexp.metric = "a"\ngitexp.rules = 2\nother.x = 1\n',
        ),
        (
            "pyproject.toml",
            "[tool.gitexp]\n  'metric' = \"a\"\n",
            "[tool.gitexp]\n  'metric' = \"a\"\n  rules = 2\n",
        ),
    ],
)
def test_the_line_is_added_and_nothing_else_changes(path: str, before: str, after: str) -> None:
    edited = with_rules(path, before.encode()).decode()
    assert edited == after
    assert with_rules(path, edited.encode()).decode() == after
    tomllib.loads(edited.removeprefix("\ufeff"))


@pytest.mark.parametrize("text", ['[tool]\ngitexp = {metric = "a"}\n', "[tool.gitexp]\n"])
def test_where_the_line_does_not_fit_it_is_asked_for(text: str) -> None:
    with pytest.raises(NotReady, match="could not be added") as raised:
        with_rules("pyproject.toml", text.encode())
    assert "add the line" in raised.value.hint
