"""Text of strangers in HTML and SVG: shown as it is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gitexp.cli.figures
import gitexp.cli.page
from gitexp.cli.figures.markup import Markup, breakable, escaped, joined, raw, tag


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"double\" 'single' & &amp;", "&quot;double&quot; &#x27;single&#x27; &amp; &amp;amp;"),
        ("\x1b]8;;http://e.com\x07red\x00", "\\x1b]8;;http://e.com\\x07red\\x00"),
        ("safe\u202etxt.exe \u2066", "safe\\u202etxt.exe \\u2066"),
        ("half \ud800 a pair, \ufffe", "half \\ud800 a pair, \\ufffe"),
        ("Größe 中文 🙂\n\ttab", "Größe 中文 🙂\n\ttab"),
    ],
)
def test_nothing_in_a_text_is_markup(text: str, written: str) -> None:
    assert escaped(text) == written


def test_what_is_not_markup_is_escaped_wherever_it_stands() -> None:
    assert tag("a", "<b>", href='x" onclick="y') == (
        '<a href="x&quot; onclick=&quot;y">&lt;b&gt;</a>'
    )
    assert joined([tag("b", "x"), "<i>"], " & ") == "<b>x</b> &amp; &lt;i&gt;"
    assert breakable("model.class_weight <b> 1.5") == (
        "model.<wbr/>class_<wbr/>weight &lt;b&gt; 1.5"
    )
    assert tag("p", tag("b", "&")) == "<p><b>&amp;</b></p>"
    assert tag("input", type="checkbox", checked="", name=None) == (
        '<input type="checkbox" checked=""/>'
    )


def test_text_that_was_put_together_is_text_again() -> None:
    assert not isinstance(tag("b", "x") + "<i>", Markup)
    assert not isinstance(f"{tag('b', 'x')}<i>", Markup)


def test_a_script_that_would_end_its_element_is_refused() -> None:
    with pytest.raises(ValueError, match="the end of it"):
        raw("script", "x = '</SCRIPT >'")


def test_one_module_alone_writes_elements() -> None:
    folders = [Path(next(iter(one.__path__))) for one in (gitexp.cli.figures, gitexp.cli.page)]
    files = [path for folder in folders for path in folder.glob("*.py")]
    assert len(files) > 10
    found = [
        path.name
        for path in files
        if path.name != "markup.py" and re.search(r"""["'][^"'\n]*</?[a-z]|Markup\([^)]""",
                                                  path.read_text("utf-8"))
    ]  # fmt: skip
    assert found == []
