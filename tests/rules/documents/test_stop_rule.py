from __future__ import annotations

import math

import pytest

from gitexp.rules.documents.quantities import said_size
from gitexp.rules.documents.stop_rule import StopRule, parse_stop_rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("loss > 10", StopRule("loss", ">", 10)),
        ("loss>=1e1", StopRule("loss", ">=", 10)),
        ("  val/acc@5  <  -.5 ", StopRule("val/acc@5", "<", -0.5)),
        ("accuracy <= 0.1", StopRule("accuracy", "<=", 0.1)),
        ("loss is nan", StopRule("loss", "is nan")),
        ("loss IS  NaN", StopRule("loss", "is nan")),
        ("step 500: val_loss > 4", StopRule("val_loss", ">", 4, 500)),
        ("step 0 :loss is nan", StopRule("loss", "is nan", step=0)),
        ("step > 4", StopRule("step", ">", 4)),
    ],
)
def test_a_rule_is_read_and_written(text: str, rule: StopRule) -> None:
    assert parse_stop_rule(text) == rule
    assert parse_stop_rule(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the end where there must be a metric's name"),
        ("> 10", "'> 10' where there must be a metric's name"),
        ("loss", 'the end where there must be ">", ">=", "<", "<=" or "is nan"'),
        ("loss = 10", "'= 10' where there must be \">\""),
        ("loss != 3", "'!= 3' where there must be \">\""),
        ("loss is inf", "'is inf' where there must be \">\""),
        ("loss is nano", "'is nano' where there must be \">\""),
        ("val loss > 4", "'loss > 4' where there must be \">\""),
        ("step 500 loss > 4", "'500 loss > 4' where there must be \">\""),
        ("step -1: loss > 4", "'-1: loss > 4' where there must be \">\""),
        ("loss > ", "the end where there must be a number"),
        ("loss > ten", "'ten' where there must be a number"),
        ("loss > nan", "'nan' where there must be a number"),
        ("loss > 1.2.3", "'1.2.3' where there must be a number"),
        ("loss > 10%", "'%' where there must be the end"),
        ("loss > 1e400", "'1e400' where there must be a finite number"),
        ("loss > 10 or loss is nan", "'or loss is nan' where there must be the end"),
    ],
)
def test_a_text_that_is_not_a_rule_is_refused_where_it_goes_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="there must be") as caught:
        parse_stop_rule(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "held_by"),
    [
        ("loss > 10", {10.1, math.inf}),
        ("loss >= 10", {10, 10.1, math.inf}),
        ("loss < 10", {9.9, -math.inf}),
        ("loss <= 10", {10, 9.9, -math.inf}),
    ],
)
def test_a_comparison_never_holds_for_nan(text: str, held_by: set[float]) -> None:
    values = [9.9, 10, 10.1, math.inf, -math.inf, math.nan]
    rule = parse_stop_rule(text)
    assert {value for value in values if rule.holds(value)} == held_by
    assert [v for v in values if parse_stop_rule("loss is nan").holds(v)] == values[-1:]


@pytest.mark.parametrize(
    ("size", "said"),
    [(999, "999 bytes"), (1500, "1.5 kB"), (512e6, "512 MB"), (4.21e9, "4.21 GB"), (2e12, "2 TB")],
)
def test_a_size_is_said_in_decimal_units(size: float, said: str) -> None:
    assert said_size(size) == said
