"""Pictures as PNG and PDF, by Matplotlib where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitexp.cli.figures.forest import forest
from gitexp.cli.reporting import MARKS, Format, picture
from gitexp.errors import NotReady
from tests.cli.figures.test_drawings import HOSTILE, an_experiment


def test_without_matplotlib_the_command_that_installs_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NotReady) as refused:
        picture(forest([an_experiment()]), Format.PDF)
    assert "SVG does not" in refused.value.message
    assert refused.value.hint == "pip install 'gitexp[plot]'"
    assert picture(forest([an_experiment()]), Format.SVG).startswith(b"<?xml")


@pytest.mark.slow  # the first use of Matplotlib looks for every font
@pytest.mark.parametrize(("form", "begin"), [(Format.PNG, b"\x89PNG"), (Format.PDF, b"%PDF")])
def test_the_same_picture_is_the_same_file(
    form: Format, begin: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    pytest.importorskip("matplotlib")
    drawing = forest([
        an_experiment(0.01, change="层数 3 → 4"),
        an_experiment(-0.9, change=f"$\\alpha$ {HOSTILE}"),
    ])  # fmt: skip
    content = picture(drawing, form)
    assert content.startswith(begin)
    assert MARKS[form] in content[:4096] + content[-4096:]
    assert picture(drawing, form) == content
