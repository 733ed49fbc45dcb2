"""`gitexp blame`: the config with what is known of each value."""

from __future__ import annotations

import pytest

from tests.project import World


@pytest.fixture
def known(ready: World) -> World:
    """A project with one accepted, one ruled-out and one planned experiment."""
    won = ready.start("--set", "model.C=10")
    lost = ready.start("--set", "train.lr=0.1", text="lr raises accuracy because it is too low")
    ready.gitexp("run", won, lost, "--jobs", "2")
    ready.gitexp("accept", won)
    ready.start("--set", "model.kernel='linear'", text="linear helps because it overfits")
    return ready


def test_each_value_has_who_set_it_and_what_else_was_tried(known: World) -> None:
    rows = known.gitexp("blame", "--json").json
    by_key = {row["key"]: row for row in rows}
    assert {key: row["line"] for key, row in by_key.items()} == {
        "model.C": 3, "model.kernel": 4, "train.epochs": 7, "train.lr": 8,
    }  # fmt: skip
    assert by_key["model.C"]["set_by"]["verdict"] == "CONFIRMED"
    assert by_key["model.C"]["set_by"]["lower"] > 0
    assert [one["value"] for one in by_key["train.lr"]["others"]] == [0.1]
    assert [key for key, row in by_key.items() if row["untested"]] == [
        "model.kernel", "train.epochs",
    ]  # fmt: skip
    dated = {key: row["commit"] for key, row in by_key.items()}
    first = known.git("rev-list", "--max-parents=0", "main")
    assert dated["train.lr"] == first != dated["model.C"]
    shown = known.gitexp("blame", "config.toml", COLUMNS="90").out.splitlines()
    assert max(map(len, shown)) <= 90
    assert shown[3].endswith(" 3  C = 10  # strength")
    assert "+0.01" in shown[3]
    assert shown[4].startswith("never tested")
    assert shown[8].startswith("0.1 ruled out")
    # Where there is little room a name goes first, and the gain stays whole.
    narrow = known.gitexp("blame", "config.toml", COLUMNS="56").out.splitlines()
    assert max(map(len, narrow)) <= 56
    assert narrow[3].startswith("+0.01")
    assert "] " in narrow[3]
    known.git("switch", "--quiet", "--detach", "main~1")  # HEAD does not matter
    assert known.gitexp("blame", "--json").json == rows


def test_values_that_nobody_tested_come_oldest_first(known: World) -> None:
    known.git("switch", "--quiet", "main")
    known.edit("epochs = 20", "epochs = 21")
    known.write("config.toml", (known.path / "config.toml").read_text() + "\nwidth = 3\nseed = 1\n")
    # The seed is no value to test.
    known.write(
        "gitexp.toml", (known.path / "gitexp.toml").read_text() + '\nseed_key = "train.seed"\n'
    )
    known.run("git", "commit", "-qam", "by hand", GIT_COMMITTER_DATE="2031-01-01T00:00:00Z")
    rows = known.gitexp("blame", "--untested", "--json").json
    assert [row["key"] for row in rows] == ["model.kernel", "train.epochs", "train.width"]
    assert rows[1]["time"] == "2031-01-01T00:00:00+00:00"
    told = known.gitexp("blame", "--untested").out
    assert told.splitlines()[1] == "2031-01-01  config.toml: train.epochs = 21"
    assert told.endswith("3 of 5 values never tested\n")


def test_a_config_that_cannot_be_read_is_shown_without_its_values(ready: World) -> None:
    ready.write("knobs.list", "depth 3\x1b[31m\n")
    ready.edit('["config.toml"]', '["config.toml", "knobs.list"]', "gitexp.toml")
    ready.commit("another config", verify=False)
    told = ready.gitexp("blame", "knobs.list").out
    assert "no parser for this format" in told
    assert "depth 3\\x1b[31m" in told
    said = ready.gitexp("blame", "--upload-pack=x", code=2).err
    assert "no such option" in said
    assert "try: gitexp blame config.toml" in ready.gitexp("blame", "nix.toml", code=2).err
