"""A server's hook: pushed through git itself, into a bare repository."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.arrange import message, note, refs, settle, trailers
from tests.project import BECAUSE, Ran, World, git, has_git
from tests.team import clone_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def server(ready: World, tmp_path: Path) -> World:
    """A bare repository with the hook, and main in it; the project calls it origin."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "server.git")
    bare = World(tmp_path / "server.git")
    ready.git("remote", "add", "origin", str(bare.path))
    bare.gitexp("init")
    ready.git("push", "--quiet", "--set-upstream", "origin", "main")
    return bare


def push(world: World, *refspecs: str) -> Ran:
    """Push past every hook of the clone: only the server is asked."""
    return world.try_git("push", "--no-verify", "origin", *refspecs)


def refused(world: World, server: World, rule: str, *refspecs: str) -> str:
    """Push what the server must not take in, and leave it as it was; returns what it said."""
    before = refs(server)
    ran = push(world, *refspecs)
    assert ran.code == 1
    assert f"{rule} ·" in ran.err, ran.err
    assert "Traceback" not in ran.err
    assert refs(server) == before
    return ran.err


def by_hand(world: World, name: str, edits: dict[str, str], text: str = BECAUSE) -> str:
    """Commit edits past every hook; returns the branch."""
    world.git("switch", "--quiet", "--create", f"exp/{name}", "main")
    for old, new in edits.items():
        world.edit(old, new)
    world.commit(text, verify=False)
    world.git("switch", "--quiet", "main")
    return f"exp/{name}"


def measured(world: World) -> str:
    """Register, run and push an experiment with its results; returns its name."""
    name = world.start("--set", "model.C=10")
    world.gitexp("run")
    assert push(world, f"exp/{name}", "refs/notes/gitexp*:refs/notes/gitexp*").code == 0
    return name


def test_a_valid_experiment_is_accepted_and_a_broken_one_is_not(
    ready: World, server: World
) -> None:
    name = ready.start("--set", "model.C=10")
    assert push(ready, f"exp/{name}").code == 0
    two = by_hand(ready, "two", {"C = 1.0": "C = 2", "epochs = 20": "epochs = 2"})
    assert "model.C" in refused(ready, server, "C2", two)
    # All else in the same push gets through, and so do branches that are none.
    assert push(ready, two, f"{two}:feature", "main:refs/tags/v1").code == 1
    assert {"refs/heads/feature", "refs/tags/v1"} <= refs(server).keys()
    bare = by_hand(ready, "bare", {"C = 1.0": "C = 2"}, "Does C help?")
    said = refused(ready, server, "H1", bare)
    assert "T1 ·" in said
    for odd in ("exp/Odd", "exp/team/otter", "exp/a$(id)b"):
        refused(ready, server, "B2", f"exp/{name}:refs/heads/{odd}")


def test_whoever_pushes_sees_the_advice(ready: World, server: World) -> None:
    name = ready.start("--set", "model.C=10", text="use C=10 because everybody uses it")
    ran = push(ready, f"exp/{name}")
    assert ran.code == 0, ran
    assert "remote: gitexp: advice, nothing is refused" in ran.err
    assert "remote: H5 (advice) ·" in ran.err
    assert f"refs/heads/exp/{name}" in refs(server)


def test_a_push_may_bring_the_baseline_and_an_experiment_on_it(ready: World, server: World) -> None:
    ready.edit("epochs = 20", "epochs = 30")
    ready.commit("main moves on")
    name = ready.start("--set", "model.C=10")
    assert "push that first" in refused(ready, server, "B1", f"exp/{name}")
    # Two commits ahead, not one: nothing tells that from a baseline that is only behind.
    if not has_git(2, 50):
        assert push(ready, f"exp/{name}", "main").code == 0
    else:  # hooks judge all refs of a push before any of them moves
        assert "push that first" in push(ready, f"exp/{name}", "main").err
        assert push(ready, f"exp/{name}").code == 0
    assert refs(server)[f"refs/heads/exp/{name}"] == ready.git("rev-parse", f"exp/{name}")


def test_a_first_push_of_everything_needs_a_second_one(ready: World, server: World) -> None:
    server.git("update-ref", "-d", "refs/heads/main")
    name = ready.start("--set", "model.C=10")
    ran = push(ready, f"exp/{name}", "main")
    assert "there is no baseline branch" in ran.err
    assert "push that first" in ran.err
    assert list(refs(server)) == ["refs/heads/main"]
    assert push(ready, f"exp/{name}", "main").code == 0


def test_a_campaign_of_ones_own_is_refused(ready: World, server: World) -> None:
    name = ready.start("--set", "model.C=10")
    text = message(ready, f"exp/{name}").replace("Campaign: 1", "Campaign: 2")
    ready.git("switch", "--quiet", f"exp/{name}")
    ready.git("commit", "--quiet", "--amend", "--no-verify", "-m", text)
    said = refused(ready, server, "V16", f"exp/{name}")
    assert "Campaign is 2, but campaign 1 on accuracy is open" in said


@pytest.mark.slow
def test_sync_brings_results_before_what_they_allow(ready: World, server: World) -> None:
    settle(ready, planned=2)
    ready.git("push", "--quiet", "origin", "main")
    names = []
    for value in (10, 11, 12):
        names.append(ready.start("--set", f"model.C={value}"))
        ready.gitexp("run", names[-1])
    said = [trailers(ready, f"exp/{name}") for name in names]
    assert [one["Campaign"] for one in said] == ["1", "1", "2"]
    assert said[0]["Level"] < said[1]["Level"]
    # Without the results of the others the server cannot know what they allow.
    for rule, name in (("T3", names[1]), ("V16", names[2])):
        assert "results: gitexp sync" in refused(ready, server, rule, f"exp/{name}")
    assert "refused" not in ready.gitexp("sync").out
    assert {f"refs/heads/exp/{name}" for name in names} <= refs(server).keys()
    # Nor can a clone that has the branches alone.
    other = clone_of(server, "other")
    other.git("switch", "--quiet", f"exp/{names[1]}")
    assert "may not be here yet: gitexp sync" in other.gitexp("check", code=1).out
    other.gitexp("sync")
    other.gitexp("check")


def test_a_registered_experiment_never_moves(ready: World, server: World) -> None:
    name = ready.start("--set", "model.C=10")
    push(ready, f"exp/{name}")
    ready.git("switch", "--quiet", f"exp/{name}")
    ready.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "one more")
    refused(ready, server, "P1", f"exp/{name}")
    ready.git("reset", "--quiet", "--hard", "HEAD^")
    ready.git(
        "commit", "--quiet", "--amend", "-m", message(ready, "HEAD").replace("+0.005", "+0.004")
    )
    assert ready.gitexp("check", "--json").json["ok"]
    said = refused(ready, server, "P1", f"+exp/{name}")
    # The way that the refusal shows.
    assert f"git branch -m exp/{name} exp/NEW-NAME" in said
    ready.git("branch", "-m", f"exp/{name}", "exp/another-name")
    ready.git("commit", "--quiet", "--amend", "--no-edit")
    assert push(ready, "exp/another-name").code == 0


def test_a_broken_branch_from_before_the_hook_may_be_fixed(ready: World, server: World) -> None:
    two = by_hand(ready, "two", {"C = 1.0": "C = 2", "epochs = 20": "epochs = 2"})
    server.git("fetch", "--quiet", str(ready.path), f"{two}:{two}")
    ready.git("switch", "--quiet", two)
    ready.edit("epochs = 2", "epochs = 20")
    ready.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert push(ready, f"+{two}").code == 0
    refused(ready, server, "P1", f"+main:{two}")


@pytest.mark.slow
def test_a_measured_experiment_is_only_forgotten_once_it_is_archived(
    ready: World, server: World
) -> None:
    name = measured(ready)
    said = refused(ready, server, "P2", f":exp/{name}")
    archive = f"refs/gitexp/archive/{name}"
    commit = ready.git("rev-parse", f"exp/{name}")
    assert f"git push REMOTE {commit}:{archive}" in said
    refused(ready, server, "P1", f"main:{archive}")
    assert push(ready, f"{commit}:{archive}").code == 0
    assert push(ready, f":exp/{name}").code == 0
    # Nobody takes its name, and nobody removes what is left of it.
    other = by_hand(ready, "other", {"C = 1.0": "C = 3"})
    refused(ready, server, "P1", f"{other}:exp/{name}")
    refused(ready, server, "P2", f":{archive}")
    assert push(ready, f"exp/{name}").code == 0
    # What is archived need not be sound.
    two = by_hand(ready, "two", {"C = 1.0": "C = 2", "epochs = 20": "epochs = 2"})
    assert push(ready, f"{two}:refs/gitexp/archive/two").code == 0
    refused(ready, server, "P1", f"main:refs/heads/{two}")
    # What was never measured may go.
    unmeasured = ready.start("--set", "model.C=11")
    assert [push(ready, f"{sign}exp/{unmeasured}").code for sign in ("", ":")] == [0, 0]


@pytest.mark.slow
def test_notes_only_grow(ready: World, server: World) -> None:
    measured(ready)
    theirs = ready.git("rev-parse", "refs/notes/gitexp-runs")
    ready.start("--set", "model.C=11")
    ready.gitexp("run")
    assert push(ready, "refs/notes/gitexp-runs").code == 0
    for ref in ("refs/notes/gitexp", "refs/notes/gitexp-runs", "refs/notes/gitexp-data"):
        refused(ready, server, "P3", f":{ref}")
    said = refused(ready, server, "P3", f"+{theirs}:refs/notes/gitexp-runs")
    assert "cat_sort_uniq" in said
    # What the refusal shows merges two histories that know nothing of each other.
    ready.git("update-ref", "refs/notes/gitexp-runs", theirs)
    line = next(
        one for one in note(ready, "gitexp-runs", "main").splitlines() if '"metrics"' in one
    )
    further = line.replace('"attempt":1', '"attempt":7')
    ready.git("notes", "--ref=gitexp-runs", "append", "-m", further, "main")
    refused(ready, server, "P3", "+refs/notes/gitexp-runs")
    command = said.partition("P3 · ")[2].partition("\n")[0].replace("REMOTE", "origin")
    assert ready.run("sh", "-c", command.replace("remote: ", "")).code == 0
    assert push(ready, "refs/notes/gitexp-runs").code == 0
    # The owner of the server may let one be rewritten.
    server.git("config", "gitexp.allowRedaction", "true")
    assert push(ready, f"+{theirs}:refs/notes/gitexp-runs").code == 0
    refused(ready, server, "P3", ":refs/notes/gitexp-runs")


def test_nothing_that_is_too_large_for_a_config_is_read(ready: World, server: World) -> None:
    huge = "x" * 1_100_000
    large = by_hand(ready, "large", {"C = 1.0": f"C = '{huge}'"})
    assert "has more than 1,000,000 bytes" in refused(ready, server, "C6", large)
    ready.git("switch", "--quiet", "--create", "exp/wordy", "main")
    ready.edit("C = 1.0", "C = 2")
    ready.write(".git/text", f"{BECAUSE} {huge}\n")
    ready.git("commit", "--quiet", "--no-verify", "--all", "-F", ".git/text")
    assert "shorten its message" in refused(ready, server, "B3", "exp/wordy")


def test_the_server_goes_by_its_own_baseline(ready: World, server: World) -> None:
    # Pushed settings name another branch, with five more changes on it.
    ready.git("switch", "--quiet", "--create", "elsewhere")
    ready.edit('metric = "accuracy"', 'metric = "accuracy"\nbaseline = "elsewhere"', "gitexp.toml")
    ready.edit("epochs = 20", "epochs = 2")
    ready.commit("another baseline")
    ready.git("switch", "--quiet", "--create", "exp/astray")
    ready.edit("C = 1.0", "C = 2")
    ready.commit(BECAUSE, verify=False)
    assert push(ready, "elsewhere").code == 0
    refused(ready, server, "B1", "exp/astray")
    server.git("config", "gitexp.baseline", "elsewhere")
    assert "B1 ·" not in push(ready, "exp/astray").err


def test_what_was_pushed_is_never_executed(ready: World, server: World, tmp_path: Path) -> None:
    proof = tmp_path / "it-ran"
    harm = f"open({str(proof)!r}, 'w')"
    for name in ("sitecustomize", "gitexp", "tomli", "config"):
        ready.write(f"{name}.py", f"{harm}\nC = 1\n")
    ready.edit('config = ["config.toml"]', 'config = ["config.py"]', "gitexp.toml")
    ready.write(".gitattributes", "* diff=evil filter=evil\n")
    ready.commit("a config that would run")
    push(ready, "main")
    ready.git("switch", "--quiet", "--create", "exp/harm")
    ready.edit("C = 1\n", "C = 2\n", "config.py")
    ready.commit(BECAUSE, verify=False)
    said = refused(ready, server, "T1", "exp/harm")
    assert "C2" not in said
    assert not proof.exists()


def test_a_hook_that_was_there_before_is_asked_first(ready: World, server: World) -> None:
    server.gitexp("init", "--undo")
    hook = server.write("hooks/update", "#!/bin/sh\necho before $1 >&2\n[ $1 != refs/heads/no ]\n")
    hook.chmod(0o755)
    server.gitexp("init")
    assert "before refs/heads/no" in push(ready, "main:no").err
    two = by_hand(ready, "two", {"C = 1.0": "C = 2", "epochs = 20": "epochs = 2"})
    assert "before refs/heads/exp/two" in refused(ready, server, "C2", two)
    assert "refs/heads/no" not in refs(server)


def test_objects_in_quarantine_are_judged_too(ready: World, server: World) -> None:
    """Some servers ask before they take any object in, as git does under `pre-receive`."""
    hook = server.write(
        "hooks/pre-receive",
        "#!/bin/sh\nwhile read -r old new ref; do\n"
        f'{sys.executable} -EP -m gitexp.hook update "$ref" "$old" "$new" || exit 1\ndone\n',
    )
    hook.chmod(0o755)
    (server.path / "hooks" / "update").unlink()
    two = by_hand(ready, "two", {"C = 1.0": "C = 2", "epochs = 20": "epochs = 2"})
    refused(ready, server, "C2", two)
    # Never taken in, not even as an object.
    assert server.try_git("cat-file", "-e", ready.git("rev-parse", two)).code != 0
    name = ready.start("--set", "model.C=10")
    assert push(ready, f"exp/{name}").code == 0


def test_doctor_asks_of_a_server_what_a_server_needs(server: World) -> None:
    assert server.gitexp("doctor", "--json").json == []
    (server.path / "hooks" / "update").chmod(0o644)
    [found] = server.gitexp("doctor", "--json", code=1).json
    assert "the update hook is not executable" in found["message"]
    assert [one["mended"] for one in server.gitexp("doctor", "--fix", "--json").json] == [True]
    assert [p.name for p in (server.path / "hooks").iterdir() if p.suffix != ".sample"] == [
        "update"
    ]


def test_a_run_of_a_worker_is_written_once_and_may_be_deleted(ready: World, server: World) -> None:
    ref = f"refs/gitexp/runs/{ready.git('rev-parse', 'main')}/1-0123456789ab"
    other = ready.git("commit-tree", "-m", "other", "main^{tree}")
    assert push(ready, f"main:{ref}").code == 0
    assert "is written once" in refused(ready, server, "P3", f"+{other}:{ref}")
    assert push(ready, f":{ref}").code == 0
