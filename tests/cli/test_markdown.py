"""Text of strangers in Markdown: shown as it is, and nothing else."""

from __future__ import annotations

import pytest

from gitexp.cli.markdown import code, fenced, plain


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("roc_auc rose by +0.02 [0.01 to 0.03]", "roc_auc rose by +0.02 \\[0.01 to 0.03]"),
        ("_all_ *of* ~~it~~ `here`", "\\_all\\_ \\*of\\* \\~\\~it\\~\\~ \\`here\\`"),
        ("<img src=x> &lt; a & b", "\\<img src=x> \\&lt; a & b"),
        ("a | b\n# c\t- d", "a \\| b # c - d"),
        ("ask @ada about #12", "ask @<!-- -->ada about #<!-- -->12"),
        ("https://e.com and WWW.e.com", "https\\://e.com and WWW\\.e.com"),
        ("\x1b[31mred\u202e", "\\\\x1b\\[31mred\\\\u202e"),
    ],
)
def test_nothing_in_a_text_is_markup(text: str, written: str) -> None:
    assert plain(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("a = 1", "`a = 1`"), ("a|b", "`a\\|b`"), ("`x` ``y``", "``` `x` ``y`` ```")],
)
def test_code_holds_whatever_it_is(text: str, written: str) -> None:
    assert code(text) == written


def test_a_block_holds_fences_and_line_ends() -> None:
    assert fenced(["a ``` b", "c\n```\n# d\x1b"]) == "````text\na ``` b\nc ``` # d\\x1b\n````\n"


def test_a_long_text_is_cut_where_a_table_holds_it() -> None:
    assert code("x" * 500) == f"`{'x' * 99}…`"
