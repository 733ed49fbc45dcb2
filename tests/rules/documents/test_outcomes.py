from __future__ import annotations

import base64
import json
import random
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.outcomes import (
    LONGEST_DATA,
    Outcomes,
    outcomes_line,
    parse_outcomes,
)

KEY = (3, 1, "c" * 16)


def a_test(ids: str = "a b c", **columns: str) -> Outcomes:
    """Outcomes written as words: `a_test("a b", y_true="0 1", y_pred="0 0")`."""
    names = tuple(ids.split())
    plain = {"y_true": "0 " * len(names), "y_pred": "0 " * len(names)} | columns
    return Outcomes(names, {k: tuple(v.split()) for k, v in plain.items()}, len(names))


def line(outcomes: Outcomes, **changes: Any) -> str:  # noqa: ANN401 - any field
    seed, attempt, condition = KEY
    content = outcomes_line(outcomes, seed=seed, attempt=attempt, condition=condition)
    fields = {k: v for k, v in (content | changes).items() if v is not ...}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


# --- a line of the bulk -------------------------------------------------------------------------

_texts = st.text(st.characters(codec="utf-8"), max_size=5)


@given(st.dictionaries(_texts, st.tuples(_texts, _texts, _texts), min_size=1, max_size=8), _texts)
def test_outcomes_are_read_back_as_they_were_written(
    rows: dict[str, tuple[str, str, str]], more: str
) -> None:
    names = dict.fromkeys(["y_true", "y_pred", more if more != "id" else "x"])
    columns = dict(zip(names, zip(*rows.values(), strict=True), strict=False))
    outcomes = Outcomes(tuple(rows), columns, len(rows) + 7)
    text = line(outcomes)
    assert text.isascii()
    assert text.isprintable()
    assert parse_outcomes(text) == {KEY: outcomes}


def test_the_line_can_be_read_without_gitexp() -> None:
    outcomes = a_test(y_pred="0 1 0", y_score=".1 .9 .2")
    fields = json.loads(line(outcomes))
    data = zlib.decompress(base64.b64decode(fields.pop("data"))).decode()
    assert data.split() == ["id,a,b,c", "y_true,0,0,0", "y_pred,0,1,0", "y_score,.1,.9,.2"]
    assert fields == {
        "kind": "outcomes", "schema": 1, "seed": 3, "attempt": 1, "condition": "c" * 16,
        "count": 3, "rows": 3, "ids": outcomes.ids_fingerprint,
    }  # fmt: skip


def test_only_wanted_outcomes_are_unpacked_and_of_one_attempt_of_two_machines_the_same() -> None:
    one, other = a_test(), a_test(y_pred="1 1 1")
    note = [line(one), line(other), line(one, seed=4), '{"kind":"environment"}']
    assert parse_outcomes("\n".join(note), {(4, 1, KEY[2])}) == {(4, 1, KEY[2]): one}
    assert parse_outcomes("\n".join(note)) == parse_outcomes("\n".join(reversed(note)))


GARBAGE = (
    "", "not JSON", "[]", "5", '"outcomes"', '{"kind":"outcomes"}', "[" * 100_000 + '"outcomes"',
    line(a_test(), kind="environment"), line(a_test(), schema=2), line(a_test(), schema=...),
    line(a_test(), seed="one"), line(a_test(), attempt=None), line(a_test(), condition=...),
    line(a_test(), rows=2), line(a_test(), rows=4), line(a_test(), count=2),
    line(a_test(), count=...),
    line(a_test(), count="9" * 5000), line(a_test(), data=...), line(a_test(), data=5),
    line(a_test(), data="%%%"), line(a_test(), data=base64.b64encode(b"x" * 99).decode()),
    line(a_test(), data=packed("id,a,b,c\ny_true,0,0,0\n")),
    line(a_test(), data=packed("id,a,b,b\ny_true,0,0,0\ny_pred,0,0,0\n")),
    line(a_test(), data=packed("id,a,b,c\ny_true,0,0,0\ny_pred,0,0\n")),
    line(a_test(), data=packed("y_true,0,0,0\ny_pred,0,0,0\nx,0,0,0\n")),
    line(a_test(), data=packed("id,a,b,c\ny_true,0,0,0\ny_pred,0,0,0\ny_pred,1,1,1\n")),
    line(a_test(), data=packed("id,a,b,c\n\ny_true,0,0,0\ny_pred,0,0,0\n")),
    line(a_test(), data=packed('id,a,b,"c')), line(a_test())[:-1], line(a_test()) * 2,
    line(a_test(), data=base64.b64encode(zlib.compress(b"id,a" * 9)[:-5]).decode()),
    line(Outcomes((), {"y_true": (), "y_pred": ()}, 0)),
)  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_damaged_or_newer_is_left_out(text: str) -> None:
    whole = line(a_test())
    assert parse_outcomes(text) == {}
    assert parse_outcomes(f"{text}\n{whole}\n{text}") == {KEY: a_test()}


def test_a_line_that_would_fill_the_memory_is_left_out() -> None:
    bomb = packed("id," + "0" * (100 << 20))
    assert len(bomb) < 1 << 20
    assert parse_outcomes(line(a_test(), data=bomb)) == {}


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_long_line_loses_further_columns_first_and_then_the_same_rows_in_every_run() -> None:
    rng = random.Random(0)
    ids = tuple(map(str, range(50_000)))

    def a_run(*more: str) -> Outcomes:
        names = ("y_true", "y_pred", *more)
        return Outcomes(ids, {n: tuple(repr(rng.random()) for _ in ids) for n in names}, 60_000)

    one = outcomes_line(a_run("x0", "x1", "y_score"), seed=3, attempt=1, condition=KEY[2])
    other = outcomes_line(a_run(), seed=4, attempt=1, condition=KEY[2])
    assert max(len(canonical(one)), len(canonical(other))) < LONGEST_DATA + 1000
    assert one["ids"] == other["ids"] == a_run().ids_fingerprint
    [first] = parse_outcomes(canonical(one)).values()
    [second] = parse_outcomes(canonical(other)).values()
    assert [*first.columns] == ["y_true", "y_pred", "y_score"]
    assert 10_000 < len(first.ids) < len(second.ids) < 50_000
    assert {*first.ids} < {*second.ids}
    assert (first.count, first.complete) == (60_000, False)


def test_columns_that_fit_stay_in_their_order() -> None:
    rng = random.Random(0)
    ids = tuple(map(str, range(20_000)))
    names = ["y_true", "y_pred", "x0", "x1", "x2", "x3", "x4", "x5", "y_score"]
    run = Outcomes(ids, {n: tuple(repr(rng.random()) for _ in ids) for n in names}, len(ids))
    stored = parse_outcomes(line(run))[KEY]
    assert [*stored.columns] == ["y_true", "y_pred", "x0", "y_score"]
    assert stored.ids == ids


def test_a_cut_keeps_the_values_beside_their_ids() -> None:
    run = a_test("a b c d e", y_true="1 2 3 4 5", x="v w x y z")
    kept = run.cut(2, ["y_true", "y_pred"])
    assert [*kept.columns] == ["y_true", "y_pred"]
    rows = dict(zip(run.ids, run.columns["y_true"], strict=True))
    assert kept.columns["y_true"] == tuple(rows[name] for name in kept.ids)
    assert (kept.count, kept.complete) == (5, False)
    assert {*kept.ids} < {*run.cut(3).ids} < {*run.ids}
    assert run.cut(9) == run


def test_a_true_number_is_the_same_however_it_was_written() -> None:
    one = a_test("a b c", y_true="1 0.1 yes").truth_fingerprint
    assert len(one) == 12
    assert one == a_test("c b a", y_true="yes 0.10000000149011612 1.0").truth_fingerprint
    others = ("1 0.1 no", "1 0.10001 yes", "0.1 1 yes", "1e99 0.1 yes")
    assert len({one, *(a_test(y_true=true).truth_fingerprint for true in others)}) == 5


def test_the_fingerprint_is_that_of_the_set_of_ids() -> None:
    one = a_test("a b c")
    assert len(one.ids_fingerprint) == 12
    assert one.ids_fingerprint == a_test("c a b", y_true="1 1 1").ids_fingerprint
    others = [
        replace(one, ids=ids) for ids in (("a", "b"), ("ab", "c"), ("a", "bc"), ("a\nb", "c"))
    ]
    assert len({run.ids_fingerprint for run in [one, *others]}) == 5
