from __future__ import annotations

import math
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.message import hypothesis_of, split_message
from gitexp.rules.documents.registration import REQUIRED, Registration, parse_message
from gitexp.rules.verdict.criterion import Criterion, Guard

unhurried = settings(deadline=None, max_examples=50)
with_git = settings(deadline=None, max_examples=20)

STATEMENT = "C=10 raises accuracy because the model underfits: train accuracy is 0.93"


def a_registration(**changes: Any) -> Registration:  # noqa: ANN401 - any field
    registration = Registration(
        hypothesis=STATEMENT,
        name="brave-otter",
        change=parse_change("config.toml: model.C = 1.0 -> 10"),
        criterion=Criterion("accuracy", 0.005, higher_is_better=True),
        repeats=(5, 10, 20),
        seeds=(1, 20),
        widening=0.25,
        campaign=1,
        level=0.005,
    )
    return registration._replace(**changes)


def message_with(*lines: str, without: str = "") -> str:
    """Write a registration's message with trailers put before its own, and one left out."""
    text, _, trailers = a_registration().message().rpartition("\n\n")
    kept = [line for line in trailers.splitlines() if not line.startswith(f"{without or '?'}:")]
    return "\n".join([text, "", *lines, *kept, ""])


def trailers_by_git(message: str) -> list[tuple[str, str]]:
    done = subprocess.run(
        [
            "git", "-c", "trailer.separators=:", "interpret-trailers", "--parse", "--no-divider",
        ],
        input=message.encode(), capture_output=True, check=True,
    )  # fmt: skip
    lines = done.stdout.decode().split("\n")
    return [(token, value) for token, _, value in (line.partition(": ") for line in lines) if token]


def as_read(message: str) -> Registration:
    registration, findings = parse_message(message)
    assert findings == ()
    assert registration is not None
    return registration


# --- the message --------------------------------------------------------------------------------


def test_a_registration_is_written_as_people_read_it() -> None:
    assert a_registration(extra=(("Evidence", "train 0.93 vs 0.97"),)).message() == (
        "C=10 raises accuracy because the model underfits: train accuracy is 0.93\n"
        "\n"
        "Experiment: brave-otter\n"
        "Change: config.toml: model.C = 1.0 -> 10\n"
        "Criterion: accuracy +0.005\n"
        "Repeats: 5 10 20\n"
        "Seeds: 1-20\n"
        "Vary: split 0.25\n"
        "Campaign: 1\n"
        "Level: 0.005\n"
        "Evidence: train 0.93 vs 0.97\n"
    )


def test_the_rules_are_named_where_they_are_not_the_first() -> None:
    written = a_registration(rules=2).message()
    assert "\nLevel: 0.005\nRules: 2\n" in written
    assert as_read(written).rules == 2
    assert as_read(a_registration().message()).rules == 1


@pytest.mark.parametrize("rules", ["1", "3", "02x", "two", "²"])
def test_rules_that_this_version_does_not_know_are_refused(rules: str) -> None:
    registration, findings = parse_message(message_with("Level: 0.005", f"Rules: {rules}"))
    assert registration is None
    assert [finding.id for finding in findings] == ["T4"]


def a_single_run(**changes: Any) -> Registration:  # noqa: ANN401 - any field
    single = {"repeats": (1,), "seeds": (1, 7), "widening": 0.0, "by_examples": True, "rules": 2}
    return a_registration(**single | {"borrowed": 7} | changes)


def test_a_single_run_says_from_how_many_it_borrows() -> None:
    written = a_single_run().message()
    assert "\nTest: examples, seed spread borrowed from 7\n" in written
    assert as_read(written) == a_single_run()
    assert (a_single_run().comparisons, a_registration().comparisons) == ((7,), (5, 10, 20))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"borrowed": 4, "seeds": (1, 4)}, "Test"),
        ({"borrowed": 11, "seeds": (1, 11)}, "Test"),
        ({"seeds": (1, 6)}, "Seeds and Repeats disagree"),
        ({"repeats": (1, 7)}, "Repeats disagree"),
        ({"seeded": False}, "Seeds: none disagree"),
        ({"widening": 0.25}, "Vary disagree"),
        ({"guards": (Guard.parse("latency_ms +5%"),)}, "Guards disagree"),
        (
            {"criterion": Criterion.parse("accuracy >= 0.97")},
            "Criterion: accuracy >= 0.97 disagree",
        ),
        ({"rules": 1}, "Rules: 1 disagree"),
    ],
)
def test_a_single_run_borrows_only_what_it_may(changes: dict[str, Any], named: str) -> None:
    registration, findings = parse_message(a_single_run(**changes).message())
    assert registration is None
    assert [finding.id for finding in findings] == ["T4"]
    assert named in findings[0].message


_metrics = st.from_regex(r"[^\s=,:+<>%]{1,12}", fullmatch=True).filter(str.isprintable)
# A carriage return or another odd line end inside a trailer is put into one line beforehand.
_values = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=30)
_shown = _values.map(str.strip).filter(bool)
_ratios = st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.sampled_from((1 / 3, 0.25, 1e-9)))
_tokens = st.from_regex(r"[A-Z][a-z0-9]{0,8}(-[A-Z][a-z]{0,5})?", fullmatch=True)
_bodies = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from("\n\n\n #-:")),
    max_size=120,
)


@st.composite
def registrations(draw: st.DrawFn, hypotheses: st.SearchStrategy[str]) -> Registration:
    looks = sorted(draw(st.sets(st.integers(1, 100_000), min_size=1, max_size=4)))
    first = draw(st.integers(0, 10**9))
    tokens = draw(
        st.lists(
            _tokens.filter(lambda t: t not in {*REQUIRED, "Guards", "Test"}),
            unique=True,
            max_size=3,
        )
    )
    return Registration(
        hypothesis=draw(hypotheses),
        name=draw(st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)),
        change=draw(st.builds(Change, _shown, st.tuples(_values), _values, _values)),
        criterion=draw(
            st.builds(Criterion, _metrics, st.floats(0, 1e300), higher_is_better=st.booleans())
        ),
        repeats=tuple(looks),
        seeds=(first, first + looks[-1] - 1),
        widening=draw(_ratios),
        campaign=draw(st.integers(1, 10**6)),
        level=draw(st.floats(1e-9, 0.4999).map(lambda level: float(f"{level:.6g}"))),
        extra=tuple((token, draw(_shown)) for token in tokens),
    )


_statements = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t"), max_size=200
).map(lambda text: f"x {text} because y")


@unhurried
@given(registrations(_statements))
def test_what_is_written_is_read_back_up_to_wrapping(registration: Registration) -> None:
    message = registration.message()
    read = as_read(message)
    assert read.hypothesis.split() == registration.hypothesis.split()
    assert read._replace(hypothesis="") == registration._replace(hypothesis="")
    assert hypothesis_of(message) == " ".join(registration.hypothesis.split())
    assert read.message() == message


@unhurried
@given(registrations(_bodies.map(lambda text: f"x because y\n{text}\nz")))
def test_whatever_the_hypothesis_holds_the_trailers_stay_what_they_are(
    registration: Registration,
) -> None:
    read = as_read(registration.message())
    assert read.hypothesis == registration.hypothesis.strip()
    assert read._replace(hypothesis="") == registration._replace(hypothesis="")


@with_git
@given(registrations(_statements))
def test_git_reads_the_same_trailers(registration: Registration) -> None:
    message = registration.message()
    found = trailers_by_git(message)
    assert found == list(registration.trailers())
    assert dict(found) == split_message(message)[1]


@with_git
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ("A: 1", "B-c: two  words", "a: again", "", "  folded", "\tfolded", " ", "x:y",
                 "no trailer", "C :", "Signed-off-by: A <a@b>", "https://x.org", "d:  e", "a b: x")
            ),
            st.from_regex(r"[A-Za-z -]{1,6}: ?[a-z:#]{0,6}", fullmatch=True),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_trailers_of_any_message_are_those_that_git_reads(lines: list[str]) -> None:
    message = "\n".join(["a subject", *lines]) + "\n"
    found = split_message(message)[1]
    by_git: dict[str, str] = {}
    for token, value in trailers_by_git(message):
        by_git.setdefault("-".join(part.capitalize() for part in token.split("-")), value.strip())
    # git also takes a paragraph that is a quarter trailers, where one of them is a sign-off: with
    # text among them they are more likely text.
    if found or "Signed-Off-By" not in by_git:
        assert found == by_git


def test_long_hypotheses_are_wrapped_for_git_log_and_read_as_one_paragraph() -> None:
    text = "C=10 raises accuracy because " + "the-model underfits " * 20
    message = a_registration(hypothesis=text).message()
    assert max(map(len, message.splitlines())) <= 72
    assert hypothesis_of(message) == text.strip()
    assert "the-\n" not in message


@pytest.mark.parametrize("word", ["#5", "#", "---", "#hash"])
def test_wrapping_never_begins_a_line_with_what_git_would_cut(word: str) -> None:
    for length in range(40, 80):
        text = "x" * length + f" {word} because the rest of it is long enough to fill another line"
        message = a_registration(hypothesis=text).message()
        assert hypothesis_of(message) == text
        assert not any(line.startswith(("#", "---")) for line in message.splitlines())


def test_a_hypothesis_of_several_paragraphs_is_kept_as_it_was_written() -> None:
    text = f"{STATEMENT}\n\nNote: this is text.\nSee: that too.\n\n- a list\n- of two"
    message = a_registration(hypothesis=text).message()
    assert message.startswith(text)
    assert as_read(message).hypothesis == text
    assert hypothesis_of(message) == STATEMENT


@pytest.mark.parametrize(
    "change",
    [
        'config.toml: name = "a  b" -> "a   b"',
        'config.toml: " x " = "  " -> "\\t"',
        '" a  b .toml": x = 1 -> 2',
        "config.toml: a = 1 -> Change: 2",
    ],
)
def test_spaces_in_a_change_are_part_of_it(change: str) -> None:
    message = a_registration(change=parse_change(change)).message()
    assert str(as_read(message).change) == change
    assert dict(trailers_by_git(message))["Change"] == change


def test_lines_in_a_trailer_are_put_into_one() -> None:
    evidence = "  first\n\n  second\r\nLevel: 0.4\x0b\u2028third "
    message = a_registration(extra=(("Evidence", evidence),)).message()
    assert as_read(message).extra == (("Evidence", "first second Level: 0.4 third"),)
    assert as_read(message).level == 0.005


# --- reading what others wrote ------------------------------------------------------------------


@pytest.mark.parametrize("token", REQUIRED)
def test_a_missing_trailer_is_named(token: str) -> None:
    for message in (message_with(without=token), message_with(f"{token}:", without=token)):
        registration, findings = parse_message(message)
        assert registration is None
        assert [finding.id for finding in findings] == ["T1"]
        assert findings[0].message == f"the commit message lacks {token}"
        assert findings[0].hint


@pytest.mark.parametrize(
    "message", ["", "\n\n", STATEMENT, f"{STATEMENT}\n\nmore text\n", "a: b\n\n \n"]
)
def test_a_message_without_trailers_lacks_them_all(message: str) -> None:
    assert split_message(message) == (message.strip(), {})
    registration, (finding,) = parse_message(message)
    assert registration is None
    assert finding.id == "T1"
    assert all(token in finding.message for token in REQUIRED)


def test_a_sole_paragraph_is_text_even_where_it_looks_like_trailers() -> None:
    trailers = a_registration().message().partition("\n\n")[2]
    assert split_message(trailers) == (trailers.strip(), {})
    assert trailers_by_git(trailers) == []
    assert hypothesis_of("Level: 0.1\nVary: seed\n") == "Level: 0.1 Vary: seed"


UNREADABLE = (
    ("Criterion", "accuracy"), ("Criterion", "accuracy 0.005"), ("Criterion", "+0.005"),
    ("Criterion", "accuracy +nan"), ("Criterion", "accuracy +inf"), ("Criterion", "a +1e999"),
    ("Criterion", "acc\x1buracy +1"), ("Criterion", "accuracy +-1"),
    ("Criterion", "rmse -100%"), ("Criterion", "accuracy > 0.97"), ("Criterion", "accuracy >= %"),
    ("Criterion", "accuracy +1 +2"), ("Criterion", "accuracy +0x10"), ("Criterion", "a=b +1"),
    ("Criterion", "accuracy +1_0_"), ("Criterion", "accuracy +."), ("Criterion", "accuracy +1e"),
    ("Repeats", "0"), ("Repeats", "5 5"), ("Repeats", "10 5"), ("Repeats", "five"),
    ("Repeats", "-5"), ("Repeats", "5.0"), ("Repeats", "5,10"), ("Repeats", "100001"),
    ("Repeats", "nan"), ("Repeats", "9" * 5000),
    ("Seeds", "20"), ("Seeds", "1-"), ("Seeds", "-20"), ("Seeds", "20-1"), ("Seeds", "1-20-30"),
    ("Seeds", "-1-18"), ("Seeds", "a-b"), ("Seeds", "1-19"), ("Seeds", "1-21"), ("Seeds", "1-inf"),
    ("Vary", "split"), ("Vary", "split nan"), ("Vary", "split inf"), ("Vary", "split -0.1"),
    ("Vary", "both"), ("Vary", "seed 0.25"), ("Vary", "0.25"), ("Vary", "split 0.25 0.25"),
    ("Campaign", "0"), ("Campaign", "-1"), ("Campaign", "1.0"), ("Campaign", "one"),
    ("Campaign", "nan"), ("Level", "0"), ("Level", "0.5"), ("Level", "-0.1"), ("Level", "nan"),
    ("Level", "inf"), ("Level", "5%"), ("Level", "1"), ("Level", "1e-400"),
)  # fmt: skip


@pytest.mark.parametrize(("token", "value"), UNREADABLE)
def test_a_trailer_that_cannot_be_read_is_named_with_an_example(token: str, value: str) -> None:
    registration, findings = parse_message(message_with(f"{token}: {value}", without=token))
    assert registration is None
    assert [finding.id for finding in findings] == ["T4"]
    assert token in findings[0].message
    assert findings[0].hint
    assert findings[0].message.isprintable()


def test_everything_that_cannot_be_read_is_said_at_once() -> None:
    registration, findings = parse_message(message_with("Level: high", "Vary: all", "Campaign: x"))
    assert registration is None
    assert sorted(finding.message.split(":")[0] for finding in findings) == [
        "Campaign", "Level", "Vary",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "token", "value"),
    [
        (("Level: 0.001",), "Level", "0.001"),
        (("level: 0.001",), "Level", "0.001"),
        (("LEVEL : 0.001",), "Level", "0.001"),
        (("Level:0.001",), "Level", "0.001"),
        (("Change: a = 1 ->", "  2"), "Change", "a = 1 -> 2"),
        (("Evidence:", "\tbelow"), "Evidence", "below"),
        (("Evidence: a", " b", " c", "Note: d", " e"), "Evidence", "a b c"),
        (("Signed-off-by: Ada <ada@example.org>",), "Signed-Off-By", "Ada <ada@example.org>"),
        (("Change-Id: I1234",), "Change-Id", "I1234"),
    ],
)
def test_trailers_are_read_as_git_reads_them(
    lines: tuple[str, ...], token: str, value: str
) -> None:
    message = message_with(*lines)
    assert split_message(message)[1][token] == value
    assert (token, value) in [
        ("-".join(part.capitalize() for part in name.split("-")), said)
        for name, said in trailers_by_git(message)
    ]


def test_a_trailer_given_twice_counts_with_its_first_value() -> None:
    appended = a_registration().message() + "Level: 0.4\nExperiment: sly-fox\n"
    assert as_read(appended) == a_registration()
    assert as_read(message_with("Level: 0.001")).level == 0.001


def test_what_other_tools_append_does_not_hide_the_registration() -> None:
    message = a_registration().message()
    for line in (
        "Signed-off-by: Ada <ada@example.org>",
        "Change-Id: I6c9f5e0",
        "Co-authored-by: Bob <bob@example.org>",
        "(cherry picked from commit 0123456789012345678901234567890123456789)",
        "# a comment that was left in",
    ):
        read = as_read(f"{message}{line}\n")
        assert read._replace(extra=()) == a_registration()
        assert trailers_by_git(f"{message}{line}\n")[: len(REQUIRED)] == [
            *a_registration().trailers()
        ]


def test_line_ends_of_windows_change_nothing() -> None:
    message = a_registration(hypothesis=f"{STATEMENT}\n\nmore text").message()
    read = as_read(message.replace("\n", "\r\n"))
    assert read == a_registration(hypothesis=f"{STATEMENT}\n\nmore text")
    assert hypothesis_of(f"{STATEMENT}\r\n\r\nmore text") == STATEMENT


def test_lines_of_blanks_part_paragraphs_as_they_do_for_git() -> None:
    message = a_registration().message().replace("\n\n", "\n \t\n\n")
    assert as_read(message) == a_registration()
    assert len(trailers_by_git(message)) == len(REQUIRED)
    assert hypothesis_of(f"{STATEMENT}\n \nmore text") == STATEMENT


def test_comments_and_scissors_in_the_text_stay_text() -> None:
    body = (
        f"{STATEMENT}\n# not a comment any more\n\n"
        "# ------------------------ >8 ------------------------\ndiff --git a/x b/x\n\nLevel: 0.4"
    )
    read = as_read(a_registration(hypothesis=body).message())
    assert read == a_registration(hypothesis=body)


@unhurried
@given(st.text(st.one_of(st.characters(), st.sampled_from("\n\n: \t-\r")), max_size=80))
def test_any_message_is_split_without_loss_of_its_text(message: str) -> None:
    text, trailers = split_message(message)
    assert text in message.replace("\r\n", "\n")
    assert all("\n" not in value and value == value.strip() for value in trailers.values())
    assert "\n" not in hypothesis_of(message)
    registration, findings = parse_message(message)
    assert (registration is None) == bool(findings)


def test_long_messages_are_split_in_time_linear_in_their_length() -> None:
    for text in (
        "\n" * 500_000,
        "\n \t" * 200_000,
        "a:\n" * 200_000,
        " " * 1_000_000,
        "x\n\n" * 200_000,
    ):
        split_message(f"a{text}b")
        hypothesis_of(f"a{text}b")


# --- the criterion ------------------------------------------------------------------------------

CRITERIA = (
    ("accuracy +0.005", Criterion("accuracy", 0.005, higher_is_better=True), "accuracy +0.005"),
    ("rmse -0.5", Criterion("rmse", 0.5, higher_is_better=False), "rmse -0.5"),
    ("rmse −0.5", Criterion("rmse", 0.5, higher_is_better=False), "rmse -0.5"),
    ("accuracy +0", Criterion("accuracy", 0.0, higher_is_better=True), "accuracy +0"),
    ("loss -0", Criterion("loss", 0.0, higher_is_better=False), "loss -0"),
    ("  val/acc@5   +  .5  ", Criterion("val/acc@5", 0.5, higher_is_better=True), "val/acc@5 +0.5"),
    ("f1-score +1e-3", Criterion("f1-score", 0.001, higher_is_better=True), "f1-score +0.001"),
    ("loss -1E5", Criterion("loss", 1e5, higher_is_better=False), "loss -100000"),
    ("loss -1234567", Criterion("loss", 1234567.0, higher_is_better=False), "loss -1234567.0"),
    ("acc +0.12345678", Criterion("acc", 0.12345678, higher_is_better=True), "acc +0.12345678"),
    ("acc +2.", Criterion("acc", 2.0, higher_is_better=True), "acc +2"),
)


@pytest.mark.parametrize(("text", "criterion", "written"), CRITERIA)
def test_a_criterion_is_read_and_written_with_every_digit(
    text: str, criterion: Criterion, written: str
) -> None:
    assert Criterion.parse(text) == criterion
    assert str(criterion) == written
    assert Criterion.parse(written) == criterion


@unhurried
@given(st.builds(Criterion, _metrics, st.floats(0, 1e300), higher_is_better=st.booleans()))
def test_any_criterion_is_read_back_as_it_was(criterion: Criterion) -> None:
    assert Criterion.parse(str(criterion)) == criterion


@unhurried
@given(st.text(max_size=20))
def test_any_text_is_a_finite_criterion_or_a_usage_error(text: str) -> None:
    try:
        criterion = Criterion.parse(text)
    except UsageError:
        return
    assert 0 <= criterion.bar < math.inf


@pytest.mark.parametrize("text", [value for token, value in UNREADABLE if token == "Criterion"])
def test_what_is_no_criterion_is_a_usage_error_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Criterion.parse(text)
    assert "accuracy +0.005" in caught.value.hint


# --- seeds -------------------------------------------------------------------------------------


def test_seeds_come_in_the_order_in_which_looks_use_them() -> None:
    assert list(a_registration(seeds=(21, 25), repeats=(5,)).registered_seeds()) == [
        21, 22, 23, 24, 25,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "fresh"),
    [
        pytest.param({"seeds": (100_000, 100_019)}, True, id="the first block of a baseline"),
        pytest.param({"seeds": (1_000_500, 1_000_519)}, True, id="a block beyond all first ones"),
        pytest.param({"seeds": (1, 20)}, False, id="folds"),
        pytest.param({"seeds": (1, 1), "seeded": False}, False, id="no seeds"),
        pytest.param({"seeds": (1, 20), "rules": 1}, True, id="rules 1"),
    ],
)
def test_fresh_seeds_are_in_blocks_whose_first_may_be_any(
    changes: dict[str, Any], fresh: bool
) -> None:
    assert a_registration(**{"rules": 2} | changes).fresh_seeds is fresh


@pytest.mark.parametrize(
    ("changes", "disagrees"),
    [
        ({}, ""),
        ({"rules": 1}, "Rules: 1"),
        ({"seeded": False, "repeats": (1,), "seeds": (1, 1), "widening": 0.0}, "Seeds: none"),
        ({"criterion": Criterion.parse("accuracy >= 0.97")}, "Criterion: accuracy >= 0.97"),
    ],
)
def test_interleaved_pairs_need_pairs(changes: dict[str, Any], disagrees: str) -> None:
    registration = a_registration(**{"rules": 2, "interleaved": True} | changes)
    read, findings = parse_message(registration.message())
    assert "Pairing: interleaved" in registration.message()
    if not disagrees:
        assert read == registration
        return
    assert read is None
    assert findings[0].id == "T4"
    assert f"{disagrees} disagree" in findings[0].message


def test_another_pairing_is_not_read() -> None:
    _, findings = parse_message(message_with("Pairing: alternating"))
    assert [finding.id for finding in findings] == ["T4"]
