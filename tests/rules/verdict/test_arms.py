"""Variables and files that tell the two arms of an experiment apart."""

from __future__ import annotations

from typing import Any

import pytest

from gitexp.rules.verdict.arms import ArmEnvironments


def ran(read: list[str] | None = None, /, **hashed: str) -> dict[str, Any]:
    """Environment of a run; without `read`, nobody watched what it read."""
    return {"hashed": hashed} | ({"unwatched": True} if read is None else {"read": read})


MANY = {f"V{number}": "ab" for number in range(6)}


@pytest.mark.parametrize(
    ("baseline", "candidate", "differing", "suspicious"),
    [
        # Set for the experiment alone, or to another value there.
        ([ran(), ran()], [ran(BOOST="1"), ran(BOOST="1")], ["BOOST"], ["BOOST"]),
        ([ran(BOOST="1")], [ran(BOOST="2")], ["BOOST"], ["BOOST"]),
        # The same in both arms, or different within one.
        ([ran(BOOST="1")], [ran(BOOST="1")], [], []),
        ([ran(BOOST="1"), ran()], [ran(BOOST="1")], [], []),
        ([ran()], [ran(BOOST="1"), ran(BOOST="2")], [], []),
        # What no run looked up decides nothing.
        ([ran([])], [ran([], BOOST="1")], ["BOOST"], []),
        ([ran([])], [ran(["BOOST"], BOOST="1")], ["BOOST"], ["BOOST"]),
        # One run may have read anything.
        ([ran([])], [ran(None, BOOST="1")], ["BOOST"], ["BOOST"]),
        (
            [ran([])],
            [ran(None, BOOST="1", EDITED="1", OTHER="1")],
            ["BOOST", "EDITED", "OTHER"],
            ["BOOST", "EDITED", "OTHER"],
        ),
        # Many hide none, and those that a run looked up come first.
        ([ran()], [ran(None, **MANY)], [*MANY], [*MANY]),
        ([ran([])], [ran([*MANY], **MANY)], [*MANY], [*MANY]),
        ([ran(["V2"])], [ran(None, **MANY)], [*MANY], ["V2", "V0", "V1", "V3", "V4", "V5"]),
        # Another login has dozens of others, which code that is watched never looks up.
        ([ran([])], [ran(["V2"], **MANY)], [*MANY], ["V2"]),
        # Version 0.1.0 stored no hashes.
        ([{}], [ran(BOOST="1")], [], []),
        ([], [], [], []),
        # Secrets compare within one clone only.
        ([ran(HF_TOKEN="ab12:1")], [ran(HF_TOKEN="ab12:2")], ["HF_TOKEN"], ["HF_TOKEN"]),
        ([ran(HF_TOKEN="ab12:1")], [ran(HF_TOKEN="cd34:2")], [], []),
    ],
)
def test_a_variable_is_named_only_where_it_tells_the_arms_apart(
    baseline: list[dict[str, Any]],
    candidate: list[dict[str, Any]],
    differing: list[str],
    suspicious: list[str],
) -> None:
    arms = ArmEnvironments(baseline, candidate)
    assert [*arms.differing] == differing
    assert [*arms.suspicious] == suspicious


def test_files_that_are_said_to_be_inert_are_named_once() -> None:
    arms = ArmEnvironments(
        [ran() | {"inert": ["tests/a.py"]}], [ran() | {"inert": ["tests/a.py"]}, ran()]
    )
    assert arms.inert == ("tests/a.py",)


@pytest.mark.parametrize(
    ("baseline", "candidate", "named"),
    [
        ([{"a": "1"}, {"a": "1"}], [{"a": "2"}, {"a": "2"}], ("a",)),
        ([{"a": "1", "b": "1"}], [{"a": "1", "b": "2"}], ("b",)),
        # One content in both arms, or several in one.
        ([{"a": "1"}], [{"a": "1"}], ()),
        ([{"a": "1"}, {"a": "2"}], [{"a": "3"}], ()),
        ([{"a": "1"}], [{"a": "2"}, {}], ()),
        # A change may be which file is read.
        ([{"a": "1"}], [{"b": "2"}], ()),
        ([{}], [{"a": "2"}], ()),
        ([], [], ()),
    ],
)
def test_a_file_is_named_where_its_content_tells_the_arms_apart(
    baseline: list[dict[str, str]], candidate: list[dict[str, str]], named: tuple[str, ...]
) -> None:
    arms = ArmEnvironments([{"files": one} for one in baseline], [{"files": c} for c in candidate])
    assert arms.files == named
    # Earlier versions did not look.
    assert ArmEnvironments([{}], [{"files": {"a": "1"}}]).files == ()


@pytest.mark.parametrize(
    ("baseline", "candidate", "named", "appeared"),
    [
        ({}, {"~/rc": 200.0}, "", ("~/rc",)),
        ({"~/a": "1"}, {"~/rc": 200.0}, "", ("~/rc",)),
        # It was there before, or the baseline read it, too, itself or in a folder of many.
        ({}, {"~/rc": 50.0}, "", ()),
        ({"~/rc": "1"}, {"~/rc": 200.0}, "", ()),
        ({"~/": "1"}, {"~/rc": 200.0}, "", ()),
        # The change names it.
        ({}, {"~/w/big-1.pt": 200.0}, "org/big", ()),
        ({}, {"~/w/big.pt": 200.0}, "w/big.pt", ()),
        ({}, {"~/w/big.pt": 200.0}, "small", ("~/w/big.pt",)),
    ],
)
def test_a_file_is_named_that_appeared_for_the_experiment_alone(
    baseline: dict[str, str], candidate: dict[str, float], named: str, appeared: tuple[str, ...]
) -> None:
    before, after = ran() | {"files": baseline}, ran() | {"changed": candidate}
    assert ArmEnvironments([before], [after, after], 100.0, named).appeared == appeared
    # It came, and changed last, while another run of the experiment went on, as one on a sample.
    for spans, still in ([(190.0, 210.0)], ()), ([(100.0, 190.0), (210.0, 220.0)], appeared):
        arms = ArmEnvironments([before], [after], 100.0, named, spans=spans)
        assert arms.appeared == still
    # Where it is not known what a run of the baseline read, or one run brought it.
    assert ArmEnvironments([before, {}], [after], 100.0, named).appeared == ()
    assert ArmEnvironments([before], [ran(), after], 100.0, named).appeared == ()


def test_a_metric_is_named_where_each_arm_has_it_from_another_place() -> None:
    def read(*places: str, metric: str = "acc") -> list[dict[str, Any]]:
        return [{"sources": {metric: place}} for place in places]

    assert ArmEnvironments(read("a", "a"), read("b", "b")).sources == {"acc": ("a", "b")}
    # One run that has it from elsewhere decides nothing, and another metric is another question.
    others: list[list[dict[str, Any]]] = [
        read("a"), read("a", "b"), read("b", metric="loss"), [{}], [{"sources": None}],
    ]  # fmt: skip
    for mine in others:
        assert ArmEnvironments(read("a", "a"), mine).sources == {}


@pytest.mark.parametrize(
    ("theirs", "own", "named"),
    [
        ("logreg acc in its output", "forest acc in its output", False),
        ("logreg.acc in the metrics file", "forest.acc in the metrics file", False),
        ("test acc in its output", "train acc in its output", True),
        ("logreg acc in its output", "best acc in its output", True),
        ("logreg acc in its output", "forest train acc in its output", True),
        ("acc in its output", "forest acc in its output", True),
        ("logreg a acc in its output", "forest b acc in its output", True),
    ],
)
def test_a_score_may_stand_behind_the_name_that_the_change_sets(
    theirs: str, own: str, *, named: bool
) -> None:
    read = [{"sources": {"acc": theirs}}], [{"sources": {"acc": own}}]
    assert bool(ArmEnvironments(*read, named="rf", replaced="logreg").sources) is named
    # A number or a switch sets no name.
    assert ArmEnvironments(*read).sources


def test_files_that_join_runs_are_named_once() -> None:
    runs = [ran() | {"carried": ["~/b"]}, ran() | {"carried": ["~/a", "~/b"]}]
    assert ArmEnvironments(runs, [ran()]).carried == ("~/a", "~/b")
