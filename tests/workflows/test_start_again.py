"""`gitexp start --again`: code that crashed before it showed anything gives way to other code."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitexp.lab.measuring.ledger import Ledger, scope_of
from gitexp.lab.projects.project import open_project
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.record import Record, parse_records
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import BULK, RUNS
from tests.arrange import message, note, refs, trailers
from tests.project import BECAUSE, World
from tests.team import branches, clone_of, hub_of, repository_of

if TYPE_CHECKING:
    from collections.abc import Callable

COSINE = ("--set", "train.cosine=1")
CRASH = "if config['train'].get('cosine'): raise SystemExit(3)\n"
# Noise of its own, or all pairs would differ by the same.
GAIN = """\
if config["train"].get("cosine"):
    accuracy += 0.02 + random.Random(seed).gauss(0, 0.0005)
"""


@pytest.fixture
def crashing(ready: World) -> tuple[World, str, str]:
    """An experiment, checked out, whose code crashes; its name and its commit."""
    ready.edit('print(f"epochs', f'{CRASH}print(f"epochs', "train.py")
    name = ready.gitexp("start", "--code", *COSINE, BECAUSE, "--json", "--switch").json["name"]
    return ready, name, ready.git("rev-parse", "HEAD")


def repair(world: World, text: str = GAIN) -> None:
    world.edit(CRASH, text, "train.py")


@pytest.mark.slow
def test_new_code_takes_the_place_of_code_that_crashed(crashing: tuple[World, str, str]) -> None:
    world, name, old = crashing
    assert "edit it on its branch, then: gitexp start --again" in " ".join(
        world.gitexp("run", code=4).err.split()
    )
    world.edit("raise SystemExit(3)", "raise SystemExit(4)", "train.py")
    first = world.gitexp("start", "--again", "--json").json
    assert (first["replaces"], first["failures"], first["name"]) == (old, 1, name)
    second = world.git("rev-parse", "HEAD")
    assert world.git("rev-parse", f"refs/gitexp/archive/{first['archived']}") == old
    assert first["archived"].startswith(f"{name}-")
    assert world.git("status", "--porcelain") == ""
    world.gitexp("run", code=4)
    world.edit("raise SystemExit(4)", "pass", "train.py")
    world.edit('print(f"accuracy', f'{GAIN}print(f"accuracy', "train.py")
    ran = world.gitexp("start", "--again")
    assert "same place, same seeds" in ran.out
    assert "2 failed runs" in " ".join(ran.out.split())
    said = trailers(world, "HEAD")
    assert said["Replaces"] == f"{second} {old}"
    before = trailers(world, old)
    assert {k: v for k, v in said.items() if k not in {"Code", "Replaces"}} == {
        k: v for k, v in before.items() if k != "Code"
    }
    assert message(world, "HEAD").startswith(message(world, old).partition("\n\n")[0])
    world.gitexp("check")
    assert "2 failed runs of code that was replaced" in " ".join(world.gitexp("show").out.split())
    assert world.gitexp("status", "--json").json
    # However often the notes of a baseline are read, which has runs for this experiment alone.
    project, (base, new) = open_project(world.path), world.git("rev-parse", "main", "HEAD").split()
    scope = replace(
        scope_of(project, project.settings, "accuracy"),
        experiment=new, beside=base, replaces=(second, old),
    )  # fmt: skip
    ledger = Ledger(project, project.settings, scope, print)
    ledger.read(base, new)
    for _ in range(2):
        assert len(ledger.records(new)) == 2
        ledger.read(base)
    # The failures count: their seed is compared like the worst pair.
    done = world.gitexp("run", "--json").json
    assert done["verdict"] == "CONFIRMED"
    counts = "counts like the worst pair; of the experiment, 2 runs failed"
    assert counts in " ".join(note(world, "gitexp", "HEAD").split())
    # It is one experiment in one place, and now its code stays.
    verified = " ".join(world.gitexp("verify").out.split())
    assert "1 of 20 experiments run" in verified
    assert "before it was registered" not in verified
    assert "1 of 20 experiments run" in " ".join(world.gitexp("log").out.split())
    world.edit("0.02 +", "0.03 +", "train.py")
    ran = world.gitexp("start", "--again", code=1)
    assert "reported accuracy" in ran.err
    assert 'gitexp start --code "HYPOTHESIS"' in ran.err


def ended(how: Ended) -> Callable[[World, str], None]:
    def arrange(world: World, commit: str) -> None:
        world.gitexp("run", code=4)
        [record] = parse_records(note(world, RUNS, commit))
        line = record._replace(ended=how, attempt=2, failure="it ended").line()
        append_lines(repository_of(world), RUNS, {commit: [line]})

    return arrange


def logged_a_step(world: World, commit: str) -> None:
    world.gitexp("run", code=4)
    [record] = parse_records(note(world, RUNS, commit))
    line = {
        "kind": "series", "schema": 1, "seed": record.seed, "attempt": record.attempt,
        "condition": record.condition, "steps": [1], "values": {"loss": [0.5]},
    }  # fmt: skip
    append_lines(repository_of(world), BULK, {commit: [json.dumps(line)]})


def another_value(world: World, _commit: str) -> None:
    world.edit("C = 1.0", "C = 2.0")


def nothing_new(world: World, _commit: str) -> None:
    world.edit(GAIN, CRASH, "train.py")


def not_checked_out(world: World, _commit: str) -> None:
    world.git("stash", "--quiet")
    world.git("switch", "--quiet", "main")


def test_a_hypothesis_that_was_typed_on_one_long_line_is_the_same_one_wrapped(
    crashing: tuple[World, str, str],
) -> None:
    world, *_ = crashing
    trailing = message(world, "HEAD").split("\n\n")[-1]
    typed = f"{BECAUSE}, as the last twenty epochs of all runs that we have seen so far have shown"
    world.git("commit", "--quiet", "--amend", "--no-verify", "-m", f"{typed}\n\n{trailing}")
    repair(world)
    world.gitexp("start", "--again")
    assert typed not in message(world, "HEAD")
    world.gitexp("check")


@pytest.mark.parametrize(
    ("arrange", "code", "said"),
    [
        (ended(Ended.ABORT), 1, "was stopped by its user"),
        (ended(Ended.STOP_IF), 1, "was ended by stop_if"),
        (ended(Ended.SILENCE), 1, "because it was silent"),
        (logged_a_step, 1, "logged loss"),
        (another_value, 1, "2 values differ"),
        (nothing_new, 2, "is as it was"),
        (not_checked_out, 2, "git switch exp/NAME"),
    ],
)
def test_code_is_not_replaced_where_something_was_seen(
    crashing: tuple[World, str, str], arrange: Callable[[World, str], None], code: int, said: str
) -> None:
    world, _, commit = crashing
    repair(world)
    arrange(world, commit)
    before = refs(world), world.git("status", "--porcelain")
    assert said in " ".join(world.gitexp("start", "--again", code=code).err.split())
    assert (refs(world), world.git("status", "--porcelain")) == before


def test_the_gate_takes_no_other_commit_for_a_replacement(
    crashing: tuple[World, str, str],
) -> None:
    world, name, old = crashing
    world.gitexp("run", code=4)
    repair(world)
    world.gitexp("start", "--again")
    right, commit = message(world, "HEAD"), world.git("rev-parse", "HEAD")
    tree = world.git("rev-parse", "HEAD^{tree}")
    another = world.gitexp("start", "--set", "model.C=3", BECAUSE, "--json").json["commit"]

    def findings(text: str) -> str:
        made = world.git("commit-tree", tree, "-p", f"{commit}~", "-m", text)
        world.git("reset", "--quiet", "--soft", made)
        ran = world.gitexp("check", "--json", code=1).json
        assert {one["id"] for one in ran["violations"]} == {"V16"}
        return " ".join(one["message"] for one in ran["violations"])

    assert "not an earlier commit" in findings(right.replace(old, "HEAD~2"))
    assert "is not here" in findings(right.replace(old, "0" * 40))
    assert "is not an experiment on a code commit" in findings(right.replace(old, another))
    world.git("tag", "--annotate", "-m", "another name", "tagged", old)
    for other in (tree, world.git("rev-parse", "tagged")):
        assert "is not a commit" in findings(right.replace(old, other))
    assert "not the same registration" in findings(right.replace("C raises", "C always raises"))
    world.git("reset", "--quiet", "--soft", commit)
    world.gitexp("check")
    # A result of the old code that turns up later.
    [record] = parse_records(note(world, RUNS, old))
    late = Record(
        seed=record.seed, attempt=2, condition=record.condition, environment=record.environment,
        metrics={"accuracy": 0.9}, start=record.start, duration=1.0, exit=0, commit=old,
    )  # fmt: skip
    append_lines(repository_of(world), RUNS, {old: [late.line()]})
    assert "reported accuracy" in " ".join(world.gitexp("check", code=1).out.split())
    world.gitexp("run", name, code=1)


@pytest.mark.slow
def test_new_code_takes_the_place_of_the_old_in_every_clone(
    crashing: tuple[World, str, str],
) -> None:
    world, name, old = crashing
    world.git("switch", "--quiet", "main")
    hub = hub_of(world)
    hub.gitexp("init")
    other = clone_of(hub, "other")
    reader = clone_of(hub, "reader")
    world.gitexp("run", name, code=4)
    world.gitexp("sync")
    other.gitexp("sync")
    reader.gitexp("sync")
    reader.git("switch", "--quiet", f"exp/{name}")
    world.git("switch", "--quiet", f"exp/{name}")
    repair(world)
    archived = world.gitexp("start", "--again", "--json").json["archived"]
    new = world.git("rev-parse", "HEAD")
    # Nobody takes the place of what is not archived, or with anything but the same registration.
    pushed = ("push", "--no-verify", "--force", "hub")
    said = world.try_git(*pushed, f"exp/{name}")
    assert "P2" in said.err
    tree, text = world.git("rev-parse", "HEAD^{tree}"), message(world, "HEAD")
    forged = world.git("commit-tree", tree, "-p", f"{new}~", "-m", text.replace("C raises", "It"))
    hub.git("fetch", "--quiet", str(world.path), f"{old}:refs/gitexp/archive/{archived}")
    for commit in (f"{new}~", forged):
        assert "P1" in world.try_git(*pushed, f"{commit}:refs/heads/exp/{name}").err
    hub.git("update-ref", "-d", f"refs/gitexp/archive/{archived}")
    assert branches(hub) == {name: old}
    done = world.gitexp("sync")
    assert "two experiments" not in done.out + done.err
    assert "redacted" not in done.out
    for place in (world, hub):
        assert branches(place) == {name: new}
        assert refs(place)[f"refs/gitexp/archive/{archived}"] == old
    assert "P1" in world.try_git(*pushed, f"{old}:refs/heads/exp/{name}").err
    came = other.gitexp("sync").out
    assert f"exp/{name} has new code; the old one is archived as exp/{archived}" in came
    assert branches(other) == {name: new}
    assert refs(other)[f"refs/gitexp/archive/{archived}"] == old
    # What is checked out stays, and moves later.
    waits = " ".join(reader.gitexp("sync").out.split())
    assert "old code is checked out here" in waits
    assert "same name" not in waits
    assert branches(reader)[name] == old
    reader.git("switch", "--quiet", "main")
    reader.gitexp("sync")
    # Who replaced it, too, without knowing of the other, has another experiment.
    rival = clone_of(hub, "rival")
    rival.git("switch", "--quiet", "--create", f"exp/{name}", f"team/exp/{name}")
    late = ("env", "GIT_COMMITTER_DATE=2037-01-01T00:00:00Z", "git")
    rival.run(*late, "commit", "--quiet", "--no-verify", "--amend", "--no-edit")
    assert f"two experiments are called exp/{name}" in rival.gitexp("sync", "--dry-run").out
    fresh = clone_of(hub, "fresh")
    fresh.gitexp("sync")
    for place in (world, hub, other, reader, fresh):
        assert branches(place) == {name: new}
        assert refs(place)[f"refs/gitexp/archive/{archived}"] == old
    assert "nothing came in, nothing went out" in other.gitexp("sync").out
