"""Pictures: what is in them, whatever the texts and figures are."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from gitexp.cli.figures import svg
from gitexp.cli.figures.climb import Goal, climb
from gitexp.cli.figures.curves import curves
from gitexp.cli.figures.drawing import Drawing, Label, Mark, Shape, Stroke
from gitexp.cli.figures.forest import axis_shapes, forest, forest_scale
from gitexp.cli.figures.measured import Measured
from gitexp.cli.figures.pairs import pairs
from gitexp.cli.figures.predictions import predictions
from gitexp.cli.figures.scale import Scale
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Verdict
from gitexp.statistics.curves import Band

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert(1)</script> \x1b[31m\u202e&" ' + 100_000 * "x"


def an_experiment(
    effect: float = 0.01, verdict: Verdict = Verdict.CONFIRMED, *, day: int = 0,
    accepted: bool = False, change: str = "model.C 1.0 → 10",
) -> Measured:  # fmt: skip
    return Measured(
        name=f"day-{day}", change=change, verdict=verdict, accepted=accepted, base=f"base-{day}",
        criterion=Criterion("accuracy", 0.005, higher_is_better=True), effect=effect,
        lower=effect - 0.004, upper=effect + 0.004, bar=0.005, said=f"{effect:+.3f}",
        predicted=0.02, before=0.9, after=0.9 + effect, time=1.8e9 + 86_400 * day,
    )  # fmt: skip


def marks(drawing: Drawing, shape: Shape) -> list[Mark]:
    return [one for one in drawing.shapes if isinstance(one, Mark) and one.shape is shape]


def texts(drawing: Drawing) -> list[str]:
    return [one.text for one in drawing.shapes if isinstance(one, Label)]


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (-0.08, 0.02, ["-0.05", "0", "+0.02"]),
        (-0.02, 0.08, ["-0.02", "0", "+0.05"]),
        (-0.2, 0.01, ["-0.2", "-0.1", "0"]),  # there is no room for another label
    ],
)
def test_an_axis_names_a_value_on_either_side_of_zero(
    low: float, high: float, labels: list[str]
) -> None:
    shapes = axis_shapes(Scale(low, high, 0, 100), an_experiment(), 0, most=3)
    assert [one.text for one in shapes if isinstance(one, Label)] == labels


def test_each_verdict_has_a_mark_of_its_own() -> None:
    drawing = forest([
        an_experiment(0.02), an_experiment(-0.01, Verdict.RULED_OUT),
        an_experiment(0.002, Verdict.INCONCLUSIVE), an_experiment(0.001, Verdict.INCONCLUSIVE),
    ])  # fmt: skip
    counts = {shape: len(marks(drawing, shape)) for shape in Shape}
    # One more each in the legend.
    assert (counts[Shape.CHECK], counts[Shape.CROSS], counts[Shape.QUESTION]) == (2, 2, 3)
    assert counts[Shape.TICK] == 5  # predictions
    assert {"+0.020", "-0.010", "0", "+0.01"} <= set(texts(drawing))
    legend = ["confirmed", "ruled out", "inconclusive", "predicted gain"]
    assert texts(drawing)[-4:] == legend


def test_an_effect_far_from_the_others_is_an_arrow() -> None:
    rows = [an_experiment(0.001 * n) for n in range(20)]
    drawing = forest([*rows, an_experiment(-0.9, Verdict.RULED_OUT)])
    assert len(marks(drawing, Shape.ARROW_LEFT)) == 1
    assert len(marks(drawing, Shape.CROSS)) == 1  # in the legend


def test_lines_are_read_from_a_scale_with_zero_and_the_bar_on_it() -> None:
    scale = forest_scale([an_experiment(0.1), an_experiment(0.11)], 0, 100)
    assert scale.holds(0.0)
    assert scale.holds(0.005)


def test_the_climb_has_a_step_for_each_accepted_experiment() -> None:
    steps = [an_experiment(0.01, day=n, accepted=True, change=f"step {n}") for n in (1, 5, 9)]
    others = [an_experiment(-0.02, Verdict.RULED_OUT, day=n) for n in (2, 6)]
    drawing = climb([*others, *steps], [Goal(0.95, "goal accuracy >= 0.95")])
    assert drawing is not None
    line = max(
        (one for one in drawing.shapes if isinstance(one, Stroke)), key=lambda one: len(one.points)
    )
    assert len(line.points) == 2 + 2 * len(steps)
    assert {"step 1", "step 5", "step 9", "goal accuracy >= 0.95"} <= set(texts(drawing))
    assert (len(marks(drawing, Shape.CHECK)), len(marks(drawing, Shape.CROSS))) == (3, 2)
    alone = climb([*others, *steps], alone=True)
    assert alone is not None
    assert {"baseline", "confirmed", "ruled out"} <= set(texts(alone)) - set(texts(drawing))
    assert climb([]) is None


def test_a_step_is_named_where_its_name_covers_no_mark() -> None:
    steps = [an_experiment(0.01, day=n, accepted=True, change=f"step {n}") for n in (1, 90)]
    crowd = [
        an_experiment(0.01 * part, Verdict.RULED_OUT, day=day)
        for day in range(60, 90) for part in (1, 1.2)
    ]  # fmt: skip
    free, crowded = climb(steps), climb([*crowd, *steps])
    assert free is not None
    assert crowded is not None

    def named(drawing: Drawing) -> str:
        return next(
            s.anchor for s in drawing.shapes if isinstance(s, Label) and s.text == "step 90"
        )

    assert named(free) == "end"
    assert "step 1" in texts(crowded)
    assert "step 90" not in texts(crowded)  # on its right the picture ends


def test_after_a_step_the_line_is_what_the_next_baseline_measured() -> None:
    first = an_experiment(0.02, day=1, accepted=True)
    same = replace(an_experiment(day=2), base=first.base)
    drawing = climb([first, same, replace(an_experiment(day=3), before=0.91)])
    assert drawing is not None
    assert "From 0.9 to 0.91" in drawing.about


def test_pairs_say_how_many_are_better_and_draw_no_more_than_fit() -> None:
    drawing = pairs(
        [(seed, 0.9, 0.9 + 0.01 * (seed % 2)) for seed in range(100)] + [(100, 0.9, None)],
        "accuracy", higher_is_better=True,
    )  # fmt: skip
    assert drawing is not None
    assert "better than its baseline in 20 of 40 pairs. The first 40 of 101." in drawing.about
    assert len(marks(drawing, Shape.RING)) == len(marks(drawing, Shape.DISC)) == 40
    assert pairs([(1, None, None)], "accuracy", higher_is_better=True) is None


def test_curves_keep_their_ends_when_they_are_thinned() -> None:
    steps = tuple(range(0, 1000, 5))
    values = tuple(math.exp(-step / 300) for step in steps)
    band = Band(steps, values, values, values, (5,) * len(steps))
    drawing = curves("loss", band, None)
    assert drawing is not None
    assert f"ends at {values[-1]:.5f}" in drawing.about
    (curve,) = (one for one in drawing.shapes if isinstance(one, Stroke) and len(one.points) > 2)
    assert len(curve.points) < 40
    alone = curves("loss", band, None, alone=True)
    assert alone is not None
    assert max(len(one.points) for one in alone.shapes if isinstance(one, Stroke)) == len(steps)
    assert {"loss", "step", "baseline", "experiment"} <= set(texts(alone))
    assert curves("loss", None, None) is None


def test_predictions_count_those_that_were_reached() -> None:
    drawing = predictions([an_experiment(0.03), an_experiment(0.01)])
    assert "1 reached what was predicted" in drawing.about


@pytest.mark.parametrize("value", [0.0, 1e-300, -1e300, 123456789.0])
def test_any_figures_can_be_drawn(value: float) -> None:
    one = an_experiment(value)
    for drawing in (forest([one]), predictions([one]), climb([one])):
        assert drawing is not None
        assert "nan" not in svg.file(drawing)
    drawn = pairs([(1, value, value)], "m", higher_is_better=False)
    assert drawn is not None
    ET.fromstring(svg.file(drawn))


def test_hostile_text_is_shown_and_stays_short() -> None:
    one = replace(
        an_experiment(accepted=True, change=HOSTILE),
        criterion=Criterion("m<script>", 0.005, higher_is_better=True),
    )
    step = climb([one], [Goal(0.95, HOSTILE)])
    assert step is not None
    for drawing in (forest([one]), predictions([one]), step):
        written = svg.file(drawing)
        root = ET.fromstring(written)
        assert {element.tag for element in root.iter()} <= {
            SVG + name
            for name in ("svg", "title", "desc", "metadata", "rect", "path", "circle", "text")
        }
        assert "\x1b" not in written
        assert "\u202e" not in written
        assert len(written) < 20_000
        ET.fromstring(svg.inline(drawing))
