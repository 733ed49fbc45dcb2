"""Some thousand of the lines that `python -m tests.bench.fuzz notes` makes by the million."""

from __future__ import annotations

import time

import pytest

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.tombstones import merge_lines
from tests.bench.foreign_lines import hold, kinds_of, lines, sound_lines


def test_each_kind_has_a_sound_line_that_the_fuzz_spoils() -> None:
    assert kinds_of("\n".join(sound_lines())) == {*Kind}


@pytest.mark.parametrize("seed", range(2, 6))
def test_foreign_lines_are_read_merged_and_redacted_without_an_error(seed: int) -> None:
    note = [*lines(300, seed)]
    foreign = hold([*sound_lines(), *note])
    assert len(note) // 2 < foreign < len(note)


@pytest.mark.parametrize(
    "note",
    [
        ['{"kind":' * 100_000], ["[" * 100_000], ["x" * 10_000_000], ["x"] * 200_000,
        ["{" + "," * 2_000_000], ['{"a":"' + "\\u0041" * 500_000 + '"}'],
        [f'{{"a":{"9" * 100_000}}}'], ['{"schema":1,"kind":"x"}'] * 50_000,
    ],
    ids=range(8),
)  # fmt: skip
def test_long_lines_and_many_take_no_long_time(note: list[str]) -> None:
    began = time.process_time()
    assert merge_lines("\n".join([*sound_lines(), *note]))
    assert kinds_of("\n".join([*sound_lines(), *dict.fromkeys(note)])) >= {*Kind}
    assert time.process_time() - began < 2
