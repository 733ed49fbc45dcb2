"""What is known of each value of a config."""

from __future__ import annotations

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.plan.blame import Blamed, ValuePlace, ValueTest, blame
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.plan.arrange import a_registration, judged


def an_experiment(
    name: str, change: str, verdict: Verdict | None = Verdict.RULED_OUT, *, accepted: bool = False
) -> ValueTest:
    judgement = judged(verdict or Verdict.CONFIRMED, 0.01)
    if verdict is None:
        judgement = type(judgement)(None, "", 1, 3, 5)
    whole = parse_change(f"config.toml: {change}")
    return ValueTest(name, a_registration(change), judgement, whole, accepted)


def blamed(value: object, *experiments: ValueTest, key: str = "C") -> Blamed:
    (found,) = blame([ValuePlace("config.toml", (key,), value, 1)], experiments)
    return found


def test_a_value_was_set_by_the_accepted_experiment_that_has_it() -> None:
    newer = an_experiment("newer", "C = 10 -> 30")
    won = an_experiment("won", "C = 1 -> 10", Verdict.CONFIRMED, accepted=True)
    older = an_experiment("older", "C = 1 -> 3", Verdict.INCONCLUSIVE)
    found = blamed(10.0, newer, won, older)
    assert (found.set_by, found.others, found.untested) == (won, (newer, older), False)
    assert found.ended(Verdict.RULED_OUT) == (newer,)


def test_a_value_that_was_changed_since_was_set_by_nobody() -> None:
    won = an_experiment("won", "C = 1 -> 10", Verdict.CONFIRMED, accepted=True)
    found = blamed(11, won)
    assert (found.set_by, found.others, found.untested) == (None, (won,), False)
    assert blamed(10, an_experiment("same", "C = 1 -> 10", Verdict.CONFIRMED)).set_by is None


def test_only_a_verdict_on_the_same_key_of_the_same_file_counts() -> None:
    elsewhere = ValueTest(
        "there", a_registration(), judged(Verdict.RULED_OUT, 0.0),
        parse_change("other.toml: C = 1 -> 2"), accepted=False,
    )  # fmt: skip
    assert blamed(1, an_experiment("under way", "C = 1 -> 2", None), elsewhere).untested
    assert blamed(1, an_experiment("other", "D = 1 -> 2")).untested
