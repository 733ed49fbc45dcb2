"""The loop as a user meets it: start, run, read, accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.project import World


def test_a_confirmed_experiment_goes_from_idea_to_baseline(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    assert ready.git("branch", "--show-current") == "main"
    answer = ready.gitexp("run", "--json").json
    assert answer["verdict"] == "CONFIRMED"
    ready.gitexp("accept", name)
    first_parents = ready.git("log", "--first-parent", "--format=%s").splitlines()
    assert "-> 10: accuracy +0." in first_parents[0]
    assert first_parents[0].endswith(f"(exp/{name})")
    assert first_parents[1:] == ["baseline"]
    assert "C = 10  # strength" in (ready.path / "config.toml").read_text()
    [row] = ready.gitexp("log", "--json").json
    assert (row["name"], row["state"], row["verdict"]) == (name, "accepted", "CONFIRMED")


def test_the_verdict_is_read_with_git_alone(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    text = ready.git("log", "-1", "--notes=gitexp", f"exp/{name}")
    assert "because the model underfits" in text.replace("\n    ", " ")
    assert "Criterion: accuracy +0.005" in text
    assert "CONFIRMED: accuracy +0.0" in text


def test_two_changed_values_are_refused_by_git_itself(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("C = 1.0", "C = 10")
    ready.edit("epochs = 20", "epochs = 40")
    before = ready.snapshot()
    ran = ready.try_git("commit", "-am", "both raise accuracy because the model underfits")
    assert ran.code == 1
    for words in ("C2", "model.C", "1.0 -> 10", "train.epochs", "20 -> 40", "gitexp start --set"):
        assert words in ran.err
    assert ready.snapshot() == before
