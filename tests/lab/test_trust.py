from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import records
from tests.project import World

if TYPE_CHECKING:
    from pathlib import Path

HARM = "python -c \"open('{proof}', 'w')\""


@pytest.fixture
def colleague(ready: World, tmp_path: Path) -> World:
    """A clone of the project, in which nobody has approved anything yet."""
    ready.edit("repeats = [5]", "repeats = [3]", "gitexp.toml")
    ready.commit("three repeats")
    ready.gitexp("trust", "--yes")
    ready.git("clone", "--quiet", ".", str(tmp_path / "colleague"))
    return World(tmp_path / "colleague")


def test_settings_that_a_pull_changed_run_only_after_they_were_approved(
    ready: World, colleague: World, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    python = (ready.path / "gitexp.toml").read_text().split('command = "')[1].split(" ")[0]
    colleague.edit(f'command = "{python} train.py"', f"command = '''{HARM.format(proof=proof)}'''",
                   "gitexp.toml")  # fmt: skip
    colleague.commit("a better command")
    ready.git("pull", "--quiet", str(colleague.path), "main")
    name = ready.start("--set", "model.C=10")
    assert ready.gitexp("check").code == 0
    for words in (("run",), ("run", name), ("run", "--baseline")):
        ran = ready.gitexp(*words, code=3)
        assert "gitexp.toml is not approved in this clone" in ran.err
        assert f'- command = "{python} train.py"' in ran.err
        assert "+ command = " in ran.err
        assert "-> approve it: gitexp trust\n" in ran.err
    ran = ready.gitexp("trust", code=3)
    assert "approving needs a terminal" in ran.err
    assert "+ command = " in ran.out
    ready.gitexp("run", code=3)
    assert not proof.exists()
    assert records(ready, "main") == []
    assert "Approved." in ready.gitexp("trust", "--yes").out
    ready.gitexp("run", code=4)  # it reports no metric, but it ran
    assert proof.exists()
    assert "already approved in this clone" in ready.gitexp("trust").out


def test_a_fresh_clone_approves_once_and_runs(ready: World, colleague: World) -> None:
    del ready
    colleague.start("--set", "model.C=10")
    assert '+ command = "' in colleague.gitexp("run", code=3).err
    colleague.gitexp("trust", "-y")
    assert colleague.gitexp("run", "--json").json["verdict"] == "CONFIRMED"


def test_what_says_the_same_in_other_words_needs_no_new_approval(ready: World) -> None:
    path = ready.path / "gitexp.toml"
    lines = sorted(path.read_text().splitlines())
    path.write_text("# in another order\n" + "\n\n".join(lines) + "\n")
    ready.commit("tidier settings")
    ready.gitexp("run", "--baseline")


def test_an_experiment_is_run_by_the_settings_of_its_own_baseline(
    ready: World, colleague: World
) -> None:
    name = ready.start("--set", "model.C=10")
    ready.edit("repeats = [3]", "repeats = [4]", "gitexp.toml")
    ready.commit("four repeats")
    colleague.git("pull", "--quiet", "origin", "main")
    colleague.git("fetch", "--quiet", "origin", f"exp/{name}:exp/{name}")
    colleague.gitexp("trust", "--yes")
    ran = colleague.gitexp("run", name, code=3)
    assert "+ repeats = [3]" in ran.err
    assert f"-> approve it: gitexp trust {name}\n" in ran.err
    ran = colleague.gitexp("trust", name, code=3)
    assert f"gitexp trust {name} --yes" in ran.err
    colleague.gitexp("trust", name, "--yes")
    assert colleague.gitexp("run", name, "--json").json["verdict"] == "CONFIRMED"
    assert len(records(colleague, f"exp/{name}")) == 3


def test_a_command_cannot_hide_behind_characters_that_a_terminal_acts_on(ready: World) -> None:
    ready.edit('metric = "accuracy"', 'metric = "accuracy"\nmetrics = "a\\u200b.json"',
               "gitexp.toml")  # fmt: skip
    ready.edit('command = "', 'command = "echo \\u001b[2K\\u202e; ', "gitexp.toml")
    ready.commit("a command that would erase its line")
    ran = ready.gitexp("run", "--baseline", code=3)
    assert all(c == "\n" or c.isprintable() for c in ran.out + ran.err)
    ready.edit('\nmetrics = "a\\u200b.json"', "", "gitexp.toml")
    ready.commit("only the command")
    ran = ready.gitexp("run", "--baseline", code=3)
    assert "u001b[2K" in ran.err
    assert all(c == "\n" or c.isprintable() for c in ran.out + ran.err)
