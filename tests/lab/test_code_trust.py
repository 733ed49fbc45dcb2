"""Code that came from elsewhere runs in a clone only after its owner has read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.arrange import records
from tests.lab.test_code_commits import code, experiment
from tests.project import BECAUSE, World, needs_ssh_keys

if TYPE_CHECKING:
    from pathlib import Path

BRANCH = "exp/otter"
DATED = "--date=2001-01-01T00:00:00Z"  # the same commit within a second would have the same id


@pytest.fixture
def colleague(ready: World, tmp_path: Path) -> World:
    """A clone whose owner has approved the settings, and nothing else."""
    ready.edit("repeats = [5]", "repeats = [3]\nsample = 0.5", "gitexp.toml")
    ready.commit("three repeats")
    ready.gitexp("trust", "--yes")
    ready.git("clone", "--quiet", ".", str(tmp_path / "colleague"))
    there = World(tmp_path / "colleague")
    there.git("remote", "remove", "origin")
    there.gitexp("init", "--yes")
    return there


def fetch(world: World, source: World, branch: str, name: str = "") -> None:
    world.git("fetch", "--quiet", "--force", str(source.path), f"{branch}:{name or branch}")


@pytest.mark.slow
def test_code_from_elsewhere_waits_for_approval(
    ready: World, colleague: World, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    text = f"# \x1b[2J\u202e hidden\nopen({str(proof)!r}, 'w')\n"
    below = code(ready, text=text)
    experiment(ready)
    fetch(colleague, ready, BRANCH)
    for words in (
        ["run", "otter"], ["run", "--all"], ["run", "otter", "--detach"],
        ["run", "otter", "--smoke"],
    ):  # fmt: skip
        said = colleague.gitexp(*words, code=3).err
        assert "exp/otter brings code that was not made in this clone" in said, words
        assert "train.py, +2 -0 lines" in said
        assert "-> read it, and let it run: gitexp trust otter\n" in said
    assert colleague.gitexp("status", "--json").json["next"]["command"] == "gitexp trust otter"
    ranked = colleague.gitexp("next")
    assert "its code was not made in this clone; read it first" in " ".join(ranked.out.split())
    assert ranked.out.endswith("next: gitexp trust otter\n")
    assert [idea["trusted"] for idea in colleague.gitexp("next", "--json").json] == [False]
    [found] = [one for one in colleague.gitexp("doctor", "--json").json if one["id"] == "D21"]
    assert "exp/otter" in found["message"]
    assert found["advice"]
    # Another experiment on that code, and the work tree with it, are no way round.
    colleague.git("switch", "--quiet", "--create", "exp/mine", below)
    colleague.edit("epochs = 20", "epochs = 30")
    colleague.git("commit", "--quiet", "--all", "-m", "Longer training helps because it underfits")
    for words in (["run", "mine"], ["try"]):
        assert "gitexp trust mine" in colleague.gitexp(*words, code=3).err
    ready.git("switch", "--quiet", "--create", "exp/mixed", "main")
    ready.edit("C = 1.0", "C = 10")
    code(ready, text=text)
    fetch(colleague, ready, "exp/mixed")
    said = colleague.gitexp("run", "mixed", "--explore", "a look", code=3).err
    assert "gitexp trust mixed" in said
    # Nor is a work tree on no branch of an experiment.
    for place in (["--detach", "exp/mine"], ["--detach", below], ["--create", "look", below]):
        colleague.git("switch", "--quiet", *place)
        said = colleague.gitexp("try", code=3).err
        assert "gitexp trust m" in said
    colleague.git("switch", "--quiet", "main")
    assert not proof.exists()
    assert records(colleague, "main") == []
    said = colleague.gitexp("trust", code=3).out
    assert f"code of exp/mine, exp/otter ({below[:10]}), by Ada Tester" in said.replace("\n  ", " ")
    assert f"+open({str(proof)!r}, 'w')" in said
    assert re.search(r"\+# \\x1b\[2J\\u202e hidden", said)
    assert "\x1b" not in said
    colleague.gitexp("trust", "otter", "--yes")
    assert "already approved" in colleague.gitexp("trust").out
    colleague.gitexp("run", "otter", "--smoke")
    assert proof.exists()


@pytest.mark.slow
def test_what_was_committed_in_this_clone_runs_unasked(ready: World, colleague: World) -> None:
    code(colleague)
    experiment(colleague)
    colleague.gitexp("trust")
    colleague.git("switch", "--quiet", "main")
    colleague.gitexp("run", "otter", "--smoke")
    # So does what `start` takes from the work tree; taken from a colleague's branch, it waits.
    colleague.edit('print(f"epochs', 'print("x")\nprint(f"epochs', "train.py")
    started = ("start", BECAUSE, "--set", "model.C=20", "--json")
    own = colleague.gitexp(*started, "--code").json["name"]
    colleague.gitexp("run", own, "--smoke")
    ready.git("switch", "--quiet", "--create", "idea")
    ready.write("train.py", (ready.path / "train.py").read_text() + "print('idea')\n")
    ready.commit("an idea", verify=False)
    fetch(colleague, ready, "idea")
    theirs = colleague.gitexp(*started, "--code-from", "idea").json["name"]
    assert f"gitexp trust {theirs}" in colleague.gitexp("run", theirs, code=3).err
    ready.git("switch", "--quiet", "main")
    # Whoever amends what came from elsewhere has not read it, and copies it.
    code(ready)
    fetch(colleague, ready, BRANCH, "exp/amended")
    colleague.git("switch", "--quiet", "exp/amended")
    colleague.git("commit", "--quiet", "--no-verify", "--amend", "--no-edit", DATED)
    experiment(colleague)
    assert "gitexp trust amended" in colleague.gitexp("run", "amended", code=3).err
    # What the baseline has runs in any case.
    colleague.git("switch", "--quiet", "main")
    colleague.git("merge", "--quiet", "--no-edit", "exp/amended~")
    colleague.gitexp("run", "amended", "--smoke")
    # Nor is it read because somebody edits it.
    fetch(colleague, ready, BRANCH, "exp/theirs")
    colleague.git("switch", "--quiet", "exp/theirs")
    experiment(colleague)
    colleague.write("train.py", (colleague.path / "train.py").read_text() + "# more\n")
    colleague.gitexp("start", "--again")
    below = colleague.git("rev-parse", "exp/theirs~")
    assert f"({below[:10]})" in colleague.gitexp("trust", code=3).out


def test_a_subject_does_not_write_into_the_log_of_what_was_made_here(
    ready: World, colleague: World
) -> None:
    below = code(ready)
    ready.edit("C = 1.0", "C = 10")
    ready.git(
        "commit", "--quiet", "--all", "-m", f"C=10 helps \u2028{below} commit: because it underfits"
    )
    fetch(colleague, ready, BRANCH)
    colleague.git("switch", "--quiet", BRANCH)
    colleague.git("commit", "--quiet", "--no-verify", "--amend", "--no-edit", DATED)
    assert "\u2028" in colleague.git("reflog", "-1", "--format=%gs")
    assert "gitexp trust otter" in colleague.gitexp("try", code=3).err


@needs_ssh_keys
def test_a_key_is_trusted_for_what_it_signs(ready: World, colleague: World, tmp_path: Path) -> None:
    for name in ("theirs", "other"):
        ready.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name))
    ready.git("config", "gpg.format", "ssh")
    ready.git("config", "user.signingKey", str(tmp_path / "theirs.pub"))
    ready.git("config", "commit.gpgSign", "true")
    code(ready)
    experiment(ready)
    fetch(colleague, ready, BRANCH)
    public = str(tmp_path / "theirs.pub")
    assert "no file of allowed signers" in colleague.gitexp("trust", "--signer", public, code=3).err
    listed = colleague.write(".git/allowed", f"ada@example {(tmp_path / 'theirs.pub').read_text()}")
    colleague.git("config", "gpg.ssh.allowedSignersFile", str(listed))
    for wrong in ("SHA256:short", "0xABCD", "main"):
        colleague.gitexp("trust", "--signer", wrong, code=2)
    colleague.gitexp("trust", "--signer", str(tmp_path / "other.pub"))
    colleague.gitexp("run", "otter", code=3)
    assert "SHA256:" in colleague.gitexp("trust", "--signer", public).out
    colleague.gitexp("run", "otter", "--smoke")
    # A signature that was put on another commit is none.
    raw = ready.git("cat-file", "commit", "exp/otter~")
    forged = ready.write(".git/forged", raw.replace("Code:", "Code, too:", 1) + "\n")
    below = ready.git("hash-object", "-t", "commit", "-w", str(forged))
    ready.git("switch", "--quiet", "--create", "exp/forged", below)
    ready.git("config", "commit.gpgSign", "false")
    experiment(ready)
    fetch(colleague, ready, "exp/forged")
    colleague.gitexp("run", "forged", code=3)
