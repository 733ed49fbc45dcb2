"""The list of experiments: its order, what a row holds, and what damage leaves of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.arrange import SCORE, note, refs, settle, train_with
from tests.project import BECAUSE

if TYPE_CHECKING:
    from tests.project import World


FIELDS = {
    "name", "branch", "commit", "baseline", "hypothesis", "change", "criterion", "state",
    "verdict", "reason", "effect", "lower", "upper", "p", "level", "pairs",
}  # fmt: skip


def started_in_order(world: World, *values: int) -> list[str]:
    """Register one experiment a value, a minute apart."""
    return [
        world.gitexp(
            "start", BECAUSE, "--set", f"model.C={value}", "--json",
            GIT_AUTHOR_DATE="2026-01-01T00:00:00Z",
            GIT_COMMITTER_DATE=f"2026-01-01T00:{minute:02}:00Z",
        ).json["name"]
        for minute, value in enumerate(values)
    ]  # fmt: skip


def test_an_empty_log_shows_how_to_begin(ready: World) -> None:
    assert "gitexp start --set" in ready.gitexp("log").out
    assert ready.gitexp("log", "--json").json == []


def test_the_log_is_newest_first_and_cut_where_told(ready: World) -> None:
    names = started_in_order(ready, 2, 3, 4)
    rows = ready.gitexp("log", "--json").json
    assert [row["name"] for row in rows] == names[::-1]
    assert [row["name"] for row in ready.gitexp("log", "-n", "2", "--json").json] == names[:0:-1]
    text = ready.gitexp("log", "--long", "-n", "1").out
    assert f"exp/{names[2]}  2026-01-01" in text
    assert f"planned: gitexp run {names[2]}" in text
    assert "config.toml: model.C = 1.0 -> 4" in text
    assert names[0] not in text


def test_a_row_tells_what_was_registered_and_what_came_of_it(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    [planned] = ready.gitexp("log", "--json").json
    assert planned.keys() >= FIELDS
    assert planned["name"] == name
    assert planned["branch"] == f"exp/{name}"
    assert planned["commit"] == ready.git("rev-parse", f"exp/{name}")
    assert planned["baseline"] == ready.git("rev-parse", "main")
    assert planned["hypothesis"] == BECAUSE
    assert planned["change"] == {
        "file": "config.toml", "key": "model.C", "before": 1.0, "after": 10,
    }  # fmt: skip
    assert planned["criterion"] == {"metric": "accuracy", "direction": "higher", "effect": 0.005}
    assert (planned["state"], planned["pairs"], planned["level"]) == ("planned", 0, 0.005)
    for field in ("verdict", "reason", "effect", "lower", "upper", "p"):
        assert planned[field] is None
    ready.gitexp("run")
    [done] = ready.gitexp("log", "--json").json
    assert (done["state"], done["verdict"], done["reason"]) == ("done", "CONFIRMED", "strong")
    assert 0.005 < done["lower"] < done["effect"] < done["upper"] < 0.03
    assert 0 < done["p"] < done["level"] == 0.005
    assert done["pairs"] == 5
    text = ready.gitexp("log", "--long").out
    assert note(ready, "gitexp", f"exp/{name}").splitlines()[0] in text


def test_where_lower_is_better_a_gain_is_negative(ready: World) -> None:
    train_with(
        ready,
        SCORE.replace("accuracy={", "rmse={1 - ").replace("1 - 0.9 + ", "1 - 0.9 - ").replace(
            " + noise:", " - noise:"
        ),
        metric="rmse", direction="lower", repeats=[3],
    )  # fmt: skip
    name = ready.start("--set", "model.C=10", text="C lowers rmse because the model underfits")
    ready.gitexp("run")
    [row] = [row for row in ready.gitexp("log", "--json").json if row["name"] == name]
    assert row["verdict"] == "CONFIRMED"
    assert row["criterion"] == {"metric": "rmse", "direction": "lower", "effect": 0.005}
    assert row["lower"] < row["effect"] < row["upper"] < -0.005
    first = note(ready, "gitexp", f"exp/{name}").splitlines()[0]
    assert first.startswith("CONFIRMED: rmse -0.0")
    assert "[-0.0" in first


def test_an_archived_experiment_stays_in_the_log(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    ready.git("update-ref", f"refs/gitexp/archive/{name}", f"refs/heads/exp/{name}")
    ready.git("branch", "--quiet", "-D", f"exp/{name}")
    [row] = [row for row in ready.gitexp("log", "--json").json if row["name"] == name]
    assert (row["state"], row["verdict"], row["branch"]) == ("archived", "CONFIRMED", None)
    assert "[archived]" in ready.gitexp("log", "--long").out
    assert "CONFIRMED" in ready.gitexp("show", name).out
    assert ready.gitexp("check", name).code == 0


def test_a_deleted_branch_without_results_leaves_the_rest_readable(ready: World) -> None:
    settle(ready, repeats=[3])
    kept, gone = ready.start("--set", "model.C=10"), ready.start("--set", "model.C=11")
    ready.gitexp("run", kept)
    ready.git("branch", "--quiet", "-D", f"exp/{gone}")
    assert [row["name"] for row in ready.gitexp("log", "--json").json if row["name"]] == [kept]
    assert "no experiment" in ready.gitexp("show", gone, code=2).err
    assert "which experiment?" in ready.gitexp("show", code=2).err
    assert any(ref.startswith("refs/notes/gitexp-runs") for ref in refs(ready))


def test_records_of_a_newer_gitexp_are_told_and_left_untouched(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start("--set", "model.C=10")
    commit = ready.git("rev-parse", f"exp/{name}")
    newer = ['{"schema":2,"seed":1,"what":"ever"}', '{"schema":2,"seed":2,"what":"ever"}']
    append_lines(Repository.discover(ready.path), RUNS, {commit: newer})
    told = "2 records of a newer gitexp (schema 2) are left untouched"
    assert told in ready.gitexp("run", name).err
    assert told in ready.gitexp("log").out
    assert told in ready.gitexp("show", name).out
    [row] = ready.gitexp("log", "--json").json
    assert (row["newer"], row["pairs"], row["verdict"]) == (2, 3, "CONFIRMED")
    lines = note(ready, "gitexp-runs", commit).splitlines()
    assert lines[:2] == newer
    assert len(lines) == 2 + 3 * 2  # a start and a record for each run


def test_a_branch_that_is_no_registration_is_listed_as_such(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/sketch")
    ready.edit("C = 1.0", "C = 10")
    ready.commit("a sketch", verify=False)
    for branch in ("exp/Upper", "exp/team/x"):
        ready.git("switch", "--quiet", "--create", branch, "main")
        ready.edit("C = 1.0", "C = 11")
        ready.commit(f"a sketch of {branch}", verify=False)
    rows = {row["name"]: row for row in ready.gitexp("log", "--json").json}
    assert (rows["sketch"]["change"], rows["sketch"]["verdict"]) == (None, None)
    assert "no registration: gitexp check sketch" in ready.gitexp("log", "--long").out
    assert "not a registration" in ready.gitexp("show", "sketch").out
