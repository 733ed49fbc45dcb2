"""Which file gets which format."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitexp.cli.reporting import Figure, Format, format_of, opened
from gitexp.errors import UsageError


@pytest.mark.parametrize(
    ("name", "only", "form"),
    [
        ("report.html", None, Format.HTML),
        ("docs/REPORT.HTM", None, Format.HTML),
        ("report.markdown", None, Format.MARKDOWN),
        ("a.b.json", None, Format.JSON),
        ("forest.svg", Figure.FOREST, Format.SVG),
        ("pairs.PDF", Figure.PAIRS, Format.PDF),
    ],
)
def test_a_suffix_says_what_a_file_holds(name: str, only: Figure | None, form: Format) -> None:
    assert format_of(Path(name), only) is form


@pytest.mark.parametrize(
    ("name", "only", "said", "hint"),
    [
        ("report", None, "a report is .html, .md or .json", "gitexp report -o report.html"),
        ("x.docx", None, "a report is .html, .md or .json", "gitexp report -o x.html"),
        ("x.svg", None, "can only hold a picture", "gitexp report -o x.svg --only forest"),
        ("x.html", Figure.CLIMB, "a picture is .svg, .png or .pdf",
         "gitexp report -o x.svg --only climb"),
    ],
)  # fmt: skip
def test_another_suffix_is_refused_with_those_there_are(
    name: str, only: Figure | None, said: str, hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        format_of(Path(name), only)
    assert said in refused.value.message
    assert refused.value.hint == hint


def test_nothing_is_opened_where_there_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not opened(Path("report.html"))
