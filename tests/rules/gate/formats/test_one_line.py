"""One line of a drawn config edited in any way, judged by us and by other parsers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.one_change import inspect
from tests.rules.gate.config_files import documents, is_toml
from tests.rules.gate.formats.drawn import FORMATS, Format
from tests.rules.gate.formats.others import Unread, difference, values

ALL = (
    *FORMATS,
    replace(FORMATS[0], file="config.toml", documents=documents().filter(is_toml)),
)
CHARACTERS = st.sampled_from("0123456789.-+eE_ \tabtfx=:,#'\"[]{}()&*!|>~/;\\ü")


@st.composite
def edits(draw: st.DrawFn, text: str) -> str:
    """Replace, add or remove one line, or a part of it."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    at = draw(st.integers(0, len(lines) - 2))  # the last holds nothing
    line = lines[at]
    match draw(st.sampled_from("iiirrrrdcbka")):
        case "i":
            place = draw(st.integers(0, len(line)))
            lines[at] = line[:place] + draw(CHARACTERS) + line[place:]
        case "r":
            place = draw(st.integers(0, max(len(line) - 1, 0)))
            lines[at] = line[:place] + draw(CHARACTERS) + line[place + 1 :]
        case "d":
            place = draw(st.integers(0, max(len(line) - 1, 0)))
            lines[at] = line[:place] + line[place + 1 :]
        case "c":
            lines.insert(at, draw(st.sampled_from(("", "  ", "# x", "# b = 1"))))
        case "b":
            del lines[at]
        case "k":
            lines.insert(at, draw(st.sampled_from(lines)))
        case _:
            lines[at] = f"{line}{draw(st.sampled_from((' ', '  # new', '  # a = 1')))}"
    return end.join(lines)


@pytest.mark.parametrize("form", ALL, ids=repr)
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_an_edited_line_is_taken_where_other_parsers_see_one_value_change(
    form: Format, data: st.DataObject
) -> None:
    before = data.draw(form.documents)
    # A last line without its end is judged by a rule of its own.
    before = before if before.endswith("\n") else f"{before}\n"
    after = data.draw(edits(before))
    assume(after != before)
    try:
        count = difference(*(values(repr(form), text) for text in (before, after)))
    except Unread:
        assume(False)
    edited = Edited(form.file, "100644", "100644", before.encode(), after.encode())
    found = inspect([edited], [form.file])
    event(f"{count} values")
    ids = {finding.id for finding in found.findings}
    if re.search(r"\\\r?\n", before + after):
        ids.discard("C5")  # such lines may go on in the next
        assume(ids)
    if count == 1:
        assert found.change is not None, found.findings
    else:
        assert found.change is None
        assert ids == {"C4"} if count == 0 else ids & {"C2", "C9"}
