from __future__ import annotations

import pytest

from gitexp.errors import UsageError
from gitexp.rules.plan.row_filter import parse_filter

FIELDS = {"verdict": False, "key": False, "author": False, "before": False, "effect": True}
VALUES = {"verdict": ("CONFIRMED", "RULED OUT")}
CONFIRMED = {"verdict": "CONFIRMED", "key": "model.C", "author": "Ada", "effect": 0.02}
RULED_OUT = {"verdict": "RULED OUT", "key": "lr", "author": "Bob", "effect": -0.01, "before": 0}
PLANNED = {"verdict": None, "key": "and", "author": "Ada", "effect": None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("verdict=confirmed", [CONFIRMED]),
        ("verdict=confirmed and effect>0.01", [CONFIRMED]),
        ("verdict = 'ruled out'", [RULED_OUT]),
        ("VERDICT==ruled-out", [RULED_OUT]),
        ("verdict!=confirmed", [RULED_OUT, PLANNED]),
        ('verdict=""', [PLANNED]),
        ("effect<=0.02", [CONFIRMED, RULED_OUT]),
        ("effect < -1e-3", [RULED_OUT]),
        ("not effect>0", [RULED_OUT, PLANNED]),  # what was not measured is not above 0
        ("effect!=0", [CONFIRMED, RULED_OUT]),
        ("author=bob or key=model.C", [CONFIRMED, RULED_OUT]),
        ("author=ada and key=lr or author=bob", [RULED_OUT]),
        ("author=ada and (key=lr or key=model.C)", [CONFIRMED]),
        ("not (author=ada or author=bob)", []),
        ("not not author=bob", [RULED_OUT]),
        ('key="and"', [PLANNED]),
        ("before=0", [RULED_OUT]),
        ("key>lz", [CONFIRMED]),
    ],
)
def test_a_condition_finds_the_rows_that_hold_it(text: str, found: list[object]) -> None:
    condition = parse_filter(text, FIELDS, VALUES)
    assert [row for row in (CONFIRMED, RULED_OUT, PLANNED) if condition(row)] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("effect>", "it ends too early"),
        ("colour=red", "no field 'colour'; there are verdict, key, author, before, effect"),
        ("verdict=foo", "verdict is never 'foo'; it is one of: confirmed, ruled out"),
        ("effect>0 or verdict!=\x1b[2J", "verdict is never '\\x1b[2J'"),
        ("effect>big", "effect is a number, and 'big' is not"),
        ("effect=nan", "effect is a number, and 'nan' is not"),
        ("effect 0.1", "after effect comes one of = != < <= > >=, not '0.1'"),
        ("(effect>0", "a parenthesis is not closed"),
        ("effect>0 effect<1", "'effect' is one word too many"),
        ("key='lr", 'cannot read "\'lr"'),
        ("key=\x1b[2J and", "it ends too early"),
        ("\x1b[2J=1", "no field '\\x1b[2j'"),
        ("(" * 60 + "effect>0" + ")" * 60, "more than 50"),
        ("not " * 60 + "effect>0", "more than 50"),
    ],
)
def test_what_is_not_a_condition_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_filter(text, FIELDS, VALUES)
    assert said in refused.value.message
    assert "\x1b" not in refused.value.message
    assert "gitexp log --filter '" in refused.value.hint
