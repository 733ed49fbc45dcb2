from __future__ import annotations

import pytest

from gitexp.rules.documents.conditions import generation_of, newest_generation, of_generation


@pytest.mark.parametrize(
    ("condition", "generation"),
    [("9f3c2a", 1), ("9f3c2a.2", 2), ("9f3c2a.17", 17), ("", 1), (".2", 1), ("a.b", 1), ("a.0", 1),
     ("a." + "9" * 400, 1), ("a.-2", 1)],
)  # fmt: skip
def test_a_condition_tells_its_generation(condition: str, generation: int) -> None:
    assert generation_of(condition) == generation


def test_a_generation_is_written_as_it_is_read() -> None:
    assert of_generation("9f3c2a", 1) == "9f3c2a"
    assert generation_of(of_generation("9f3c2a", 3)) == 3
    assert newest_generation(["a", "b.3", "c.2"]) == 3
    assert newest_generation([]) == 1
