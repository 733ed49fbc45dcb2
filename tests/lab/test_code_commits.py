"""Experiments that stand on a code commit, as the gate sees them."""

from __future__ import annotations

import pytest

from tests.project import BECAUSE, World

ON_TOP = "exp/otter"


def code(world: World, path: str = "train.py", text: str = "# a new schedule\n") -> str:
    """Commit code on an experiment's branch, without the hooks; returns the commit."""
    if world.git("branch", "--show-current") == "main":
        world.git("switch", "--quiet", "--create", ON_TOP)
    file = world.path / path
    world.write(path, (file.read_text() if file.exists() else "") + text)
    world.git("add", "--all")
    world.git("commit", "--quiet", "--no-verify", "-m", f"Code: {BECAUSE}", "-m", "Code: otter")
    return world.git("rev-parse", "HEAD")


def experiment(world: World, *words: str) -> str:
    """Change the config on top; the hooks complete the message."""
    world.edit("C = 1.0", "C = 10")
    world.git("commit", "--quiet", "--all", "-m", BECAUSE, *words)
    return world.git("rev-parse", "HEAD")


def ids(world: World, name: str = ON_TOP) -> list[str]:
    ran = world.gitexp("check", name, "--json", code=1).json
    return sorted({violation["id"] for violation in ran["violations"]})


def said(world: World) -> str:
    return " ".join(world.gitexp("check", code=1).out.split())


@pytest.mark.slow
def test_an_experiment_may_stand_on_one_code_commit(ready: World) -> None:
    base, below = ready.git("rev-parse", "main"), code(ready)
    assert ids(ready) == ["A4"]
    commit = experiment(ready)
    message = ready.git("show", "--no-patch", "--format=%B", commit)
    assert f"Code: {below}\nBase: {base}" in message
    assert ready.gitexp("check", "--json").json["change"]["key"] == "model.C"
    ready.git("commit", "--quiet", "--amend", "-m", message)  # its parent is the code commit
    ready.gitexp("check")
    ready.gitexp("check", "--all")
    [row] = ready.gitexp("log", "--json").json
    assert (row["baseline"], row["code"]) == (base, below)
    assert ready.pre_run().code == 0
    # Siblings stay what they are where one of them was accepted.
    ready.git("switch", "--quiet", "main")
    ready.git("merge", "--quiet", "--no-ff", "-m", "accepted", ON_TOP)
    ready.git("switch", "--quiet", "--create", "exp/sibling", below)
    ready.edit("epochs = 20", "epochs = 30")
    ready.git("commit", "--quiet", "--all", "-m", "Longer training helps because it underfits")
    ready.gitexp("check")
    ready.git("commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
    message = ready.git("show", "--no-patch", "--format=%B")
    assert f"Code: {below}\nBase: {base}" in message
    ready.gitexp("check")


def test_message_and_parents_must_agree_on_the_code(ready: World) -> None:
    base, below = ready.git("rev-parse", "main"), code(ready)
    experiment(ready)
    right = ready.git("show", "--no-patch", "--format=%B")
    for old, new in (
        (f"Code: {below}", f"Code: {base}"),
        (f"Base: {base}", f"Base: {below}"),
        (f"\nCode: {below}\nBase: {base}", ""),
        (f"Base: {base}", "Base: --upload-pack=x"),
    ):
        wrong = right.replace(old, new)
        assert wrong != right
        ready.git("commit", "--quiet", "--no-verify", "--amend", "-m", wrong)
        assert ids(ready) == ["T2"]
    # A message that names code where there is none.
    ready.git("reset", "--quiet", "--hard", "main")
    ready.edit("C = 1.0", "C = 10")
    ready.git("commit", "--quiet", "--no-verify", "--all", "-m", right)
    assert ids(ready) == ["T2"]


def test_there_is_one_code_commit_on_a_commit_of_the_baseline(ready: World) -> None:
    code(ready)
    code(ready)
    experiment(ready)
    assert ids(ready) == ["A3"]
    assert "gitexp start --code-from exp/otter" in said(ready)
    ready.git("reset", "--quiet", "--hard", "main")
    ready.write("apart.py", "")
    ready.git("add", "--all")
    ready.git("commit", "--quiet", "--no-verify", "-m", "on nothing")
    code(ready)
    experiment(ready)
    assert ids(ready) == ["B1"]


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("config.toml", "[more]\nswitch = false\n", "A1"),
        ("gitexp.toml", "planned = 7\n", "A1"),
        ("other/gitexp.toml", "planned = 7\n", "A1"),
        ("look.ipynb", "{}", "A5"),
        ("look.md", "nothing\n", ""),
    ],
)
def test_a_code_commit_brings_nothing_but_code(
    ready: World, path: str, text: str, found: str
) -> None:
    code(ready, path, text)
    experiment(ready)
    if found:
        assert ids(ready) == [found]
    else:
        ready.gitexp("check")


def test_a_config_that_is_code_may_change_where_no_value_does(ready: World) -> None:
    ready.write("setup.py", "LR = 0.1\n\n\ndef rate():\n    warm = 3\n    return LR\n")
    ready.edit('["config.toml"]', '["config.toml", "setup.py"]', "gitexp.toml")
    ready.commit("a script", verify=False)
    ready.gitexp("trust", "--yes")
    ready.git("switch", "--quiet", "--create", ON_TOP)
    ready.edit("warm = 3", "warm = 4 if COSINE else 3", "setup.py")
    code(ready, "setup.py", "COSINE = False\n")
    ready.edit("COSINE = False", "COSINE = True", "setup.py")
    ready.git("commit", "--quiet", "--all", "-m", BECAUSE)
    ready.gitexp("check")  # the switch comes with the code, switched off
    ready.git("reset", "--quiet", "--hard", "HEAD~")
    experiment(ready)
    assert ids(ready) == ["A1"]  # it is not what this one changes
    assert "COSINE (absent) -> false" in said(ready)
    ready.git("reset", "--quiet", "--hard", "HEAD~")
    ready.edit("LR = 0.1", "LR = 0.2", "setup.py")
    ready.git("commit", "--quiet", "--no-verify", "--all", "--amend", "--no-edit")
    ready.edit("COSINE = False", "COSINE = True", "setup.py")
    ready.git("commit", "--quiet", "--all", "-m", BECAUSE)
    assert ids(ready) == ["A1"]
    assert "LR 0.1 -> 0.2" in said(ready)
