"""What the doctor finds, what it fixes, and that it finds nothing in a healthy repository."""

from __future__ import annotations

import os
import shutil
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.engine.cache_folder import checkouts_folder
from gitexp.rules.documents.record import Record
from gitexp.store.aside import Intent, put_aside
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from gitexp.workflows.doctor import Examined, looked_at_again
from tests.arrange import lose_object, note, refs, settle
from tests.project import World, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOURS_AGO = time.time() - 5 * 3600


def a_record(seed: int = 1) -> str:
    return Record(
        seed=seed, attempt=1, condition="c", environment="e", metrics={"accuracy": 0.9},
        start="2026-01-01T00:00:00Z", duration=1, exit=0,
    ).line()  # fmt: skip


def record(world: World, revision: str, *lines: str) -> None:
    commit = world.git("rev-parse", revision)
    append_lines(Repository.discover(world.path), RUNS, {commit: lines or [a_record()]})


def found(world: World, *words: str, code: int = 1) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = world.gitexp("doctor", *words, "--json", code=code).json
    return findings


# --- problems that are fixed ---------------------------------------------------------------------


def lose_a_hook(world: World) -> None:
    (world.path / ".git" / "hooks" / "commit-msg").unlink()


def disarm_a_hook(world: World) -> None:
    (world.path / ".git" / "hooks" / "pre-commit").chmod(0o644)


def edit_a_hook(world: World) -> None:
    hook = world.path / ".git" / "hooks" / "pre-push"
    hook.write_text(hook.read_text().replace("case $refs", "exit 0\ncase $refs"))


def lose_the_python(world: World) -> None:
    hook = world.path / ".git" / "hooks" / "pre-push"
    hook.write_text(hook.read_text().replace("python=", "python=/no/such/place", 1))


def set_a_hooks_path(world: World) -> None:
    world.git("config", "core.hooksPath", ".husky")


def hide_verdicts(world: World) -> None:
    world.git("config", "--unset-all", "notes.displayRef")


def fetch_over_notes(world: World) -> None:
    world.git("config", "--add", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    world.git("config", "--add", "remote.origin.fetch", "+refs/notes/*:refs/notes/*")


def rewrite_notes(world: World) -> None:
    world.git("config", "notes.rewriteRef", "refs/notes/*")


def keep_a_result_aside(world: World) -> None:
    intent = Intent(RUNS, world.git("rev-parse", "main"), (a_record(),))
    put_aside(Repository.discover(world.path), [intent])


def leave_a_lock(world: World) -> None:
    for name in ("packed-refs.lock", "packed-refs.new", "refs/notes/gitexp-runs.lock"):
        path = world.write(f".git/{name}", "")
        os.utime(path, (HOURS_AGO, HOURS_AGO))


def break_a_checkout(world: World) -> None:
    world.write(".git/gitexp/slots/gitexp-3/left", "over")


def lose_a_checkout(world: World) -> None:
    place = checkouts_folder(Repository.discover(world.path)) / "gitexp-0"
    world.git("worktree", "add", "--quiet", "--detach", str(place))
    shutil.rmtree(place)


def truncate_refs(world: World) -> None:
    record(world, "main")
    for ref in ("refs/heads/exp/otter", RUNS):
        (world.path / ".git" / ref).write_text("")


def lose_packed_refs(world: World) -> None:
    record(world, "main")
    world.git("pack-refs", "--all")
    packed = world.path / ".git" / "packed-refs"
    lines = packed.read_text().splitlines(keepends=True)
    packed.write_text("".join(line for line in lines if line.endswith(" refs/heads/main\n")))


def drop_what_keeps_a_commit(world: World) -> None:
    commit = world.git("commit-tree", "-m", "nobody's", "main^{tree}")
    record(world, commit)
    world.git("update-ref", "-d", f"refs/gitexp/kept/{commit}")


PROBLEMS: list[tuple[Callable[[World], None], str, str]] = [
    (lose_a_hook, "D2", "the commit-msg hook is missing"),
    (disarm_a_hook, "D2", "the pre-commit hook is not executable"),
    (edit_a_hook, "D2", "the pre-push hook is not as this version of gitexp writes it"),
    (lose_the_python, "D2", "the pre-push hook calls /no/such/place"),
    (set_a_hooks_path, "D2", "every hook is missing"),
    (truncate_refs, "D3", "refs/heads/exp/otter is damaged"),
    (lose_packed_refs, "D3", "refs/heads/exp/otter is gone, and git did not delete it"),
    (hide_verdicts, "D6", "git log does not show verdicts"),
    (fetch_over_notes, "D7", "git fetch would overwrite results"),
    (rewrite_notes, "D8", "git copies results to amended and rebased commits"),
    (keep_a_result_aside, "D10", "1 result could not be stored and is kept aside"),
    (drop_what_keeps_a_commit, "D14", "1 commit with records is not reachable from any ref"),
    (break_a_checkout, "D15", "is not a checkout of this clone"),
    (lose_a_checkout, "D15", "git lists a checkout that is gone"),
    (leave_a_lock, "D16", "a git command left its lock behind, or has been running for 5."),
]


@pytest.mark.parametrize(
    ("ail", "name", "said"), PROBLEMS, ids=[ail.__name__ for ail, *_ in PROBLEMS]
)
def test_what_is_wrong_is_found_told_and_fixed(
    ail: Callable[[World], None], name: str, said: str, ready: World
) -> None:
    ready.git("branch", "exp/otter")
    ail(ready)
    before = refs(ready), (ready.path / ".git" / "config").read_bytes()
    findings = found(ready)
    assert {finding["id"] for finding in findings} == {name}
    assert any(said in finding["message"] for finding in findings)
    assert all(finding["hint"] and finding["fixable"] for finding in findings)
    if ail is not truncate_refs:  # whoever reads puts the notes' own back
        assert (refs(ready), (ready.path / ".git" / "config").read_bytes()) == before
    assert all(finding["mended"] for finding in found(ready, "--fix", code=0))
    assert found(ready, code=0) == []
    assert ready.gitexp("doctor").out == "No problems found.\n"


def test_what_was_fixed_is_as_it_should_be(ready: World) -> None:
    ready.git("branch", "exp/otter")
    fetch_over_notes(ready)
    drop_what_keeps_a_commit(ready)
    truncate_refs(ready)
    keep_a_result_aside(ready)
    ran = ready.gitexp("doctor", "--fix")
    assert ran.out.count("fixed: ") == 5
    assert ran.out.endswith("No problems are left.\n")
    assert ready.git("config", "--get-all", "remote.origin.fetch") == (
        "+refs/heads/*:refs/remotes/origin/*"
    )
    assert note(ready, RUNS, "main").splitlines() == [a_record()]
    assert ready.git("rev-parse", "exp/otter") == ready.git("rev-parse", "main")
    ready.git("gc", "--quiet", "--prune=now")
    assert ready.git("log", "--format=%s", "--all").splitlines().count("nobody's") == 1


# --- problems that only people can fix ----------------------------------------------------------


def mirror(world: World) -> None:
    world.git("config", "remote.origin.fetch", "+refs/*:refs/*")


def rewrite_everywhere(world: World) -> None:
    world.git("config", "--global", "notes.rewriteRef", "refs/notes/gitexp-runs")


def leave_a_merge(world: World) -> None:
    world.write(".git/NOTES_MERGE_PARTIAL", world.git("rev-parse", "HEAD") + "\n")


def damage_what_is_aside(world: World) -> None:
    world.write(".git/gitexp/aside/1-1-1.jsonl", "{")


def scribble_in_notes(world: World) -> None:
    record(world, "main")
    world.git("notes", f"--ref={RUNS}", "append", "-m", "accuracy was 0.93", "main")


def note_what_is_not_here(world: World) -> None:
    append_lines(Repository.discover(world.path), RUNS, {"a" * 40: [a_record()]})


def change_the_settings(world: World) -> None:
    path = world.path / "gitexp.toml"
    path.write_text(path.read_text() + "planned = 7\n")
    world.commit("other settings")


def lose_the_settings(world: World) -> None:
    world.git("rm", "--quiet", "gitexp.toml")
    world.commit("no settings")


def leave_a_fresh_lock(world: World) -> None:
    path = world.write(".git/refs/notes/gitexp-runs.lock", "")
    os.utime(path, (time.time() - 300,) * 2)


@pytest.mark.parametrize(
    ("ail", "name", "hint"),
    [
        (lose_the_settings, "D4", "gitexp init"),
        (change_the_settings, "D5", "gitexp trust"),
        (mirror, "D7", "git clone"),
        (rewrite_everywhere, "D8", "git config --show-origin --get-all notes.rewriteRef"),
        (leave_a_merge, "D9", "git notes merge --abort"),
        (damage_what_is_aside, "D10", "less "),
        (scribble_in_notes, "D11", "git notes --ref=refs/notes/gitexp-runs show "),
        (note_what_is_not_here, "D13", "gitexp sync"),
        (leave_a_fresh_lock, "D16", "rm "),
    ],
)
def test_what_is_not_safe_to_fix_is_told_with_its_command(
    ail: Callable[[World], None], name: str, hint: str, ready: World
) -> None:
    ail(ready)
    before = ready.snapshot(), (ready.path / ".git" / "config").read_bytes()
    [finding] = found(ready, "--fix")
    assert (finding["id"], finding["fixable"], finding["mended"]) == (name, False, False)
    assert hint in finding["hint"]
    assert (ready.snapshot(), (ready.path / ".git" / "config").read_bytes()) == before
    ran = ready.gitexp("doctor", code=1)
    assert f"{name} · " in ran.out
    assert "--fix" not in ran.out


def test_what_is_only_worth_knowing_is_no_failure(ready: World, tmp_path: Path) -> None:
    settle(ready, repeats=[3])
    newer = a_record().replace('"schema":1', '"schema":2')
    record(ready, "main", a_record(), newer, newer.replace('"seed":1', '"seed":2'))
    assert [(one["id"], one["advice"]) for one in found(ready, code=0)] == [("D12", True)]
    assert "2 records of a newer gitexp (schema 2) are left untouched" in ready.gitexp("doctor").out
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{ready.path}", "clone")
    shallow = World(tmp_path / "clone")
    shallow.gitexp("init", "--yes")
    shallow.gitexp("trust", "--yes")
    assert [(one["id"], one["advice"]) for one in found(shallow, code=0)] == [("D18", True)]


def test_loose_refs_and_objects_are_told_before_they_hurt(ready: World) -> None:
    head = ready.git("rev-parse", "HEAD")
    for number in range(120):
        ready.write(f".git/refs/heads/exp/e{number}", f"{head}\n")
    for number in range(40):
        ready.write(f".git/objects/17/{number:038x}", zlib.compress(b"blob 0\0"))
    assert [one["id"] for one in found(ready, code=0)] == ["D17", "D17"]
    assert "git pack-refs --all" in ready.gitexp("doctor").out
    ready.gitexp("doctor", "--fix")
    assert not (ready.path / ".git" / "refs" / "heads" / "exp").exists()


def test_a_repository_without_gitexp_is_told_how_to_begin(world: World) -> None:
    findings = found(world)
    assert [finding["id"] for finding in findings] == ["D2", "D5", "D6"]
    assert "gitexp init" in findings[0]["hint"]
    (world.path / "gitexp.toml").unlink()
    world.commit("no settings")
    assert "D4" in {finding["id"] for finding in found(world)}


def test_what_a_fix_left_as_it_was_is_not_called_fixed() -> None:
    fixed = Examined(
        "D2", "every hook is missing", "gitexp init",
        advice=False, fixable=True, mended=True, failure=None,
    )  # fmt: skip
    [still] = looked_at_again([fixed], {"every hook is missing"})
    assert (still.mended, still.wrong, still.failure) == (
        False, True, "it was tried, and nothing changed"
    )  # fmt: skip
    assert looked_at_again([fixed], {}) == [fixed]


def test_a_bare_hub_of_work_trees_needs_no_hook_of_a_server(world: World, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(world.path), "hub.git")
    hub = World(tmp_path / "hub.git")
    assert "the update hook is missing" in {one["message"] for one in found(hub)}
    hub.git("worktree", "add", "--quiet", str(tmp_path / "work"), "main")
    World(tmp_path / "work").gitexp("init", "--yes")
    assert found(hub, code=0) == []


def test_outside_of_a_repository_there_is_nothing_to_examine(tmp_path: Path) -> None:
    assert "not in a git repository" in World(tmp_path).gitexp("doctor", code=3).err


@pytest.mark.slow
def test_what_cannot_be_fixed_now_says_why(ready: World) -> None:
    keep_a_result_aside(ready)
    lock = ready.write(f".git/{RUNS}.lock", "")
    ran = ready.gitexp("doctor", "--fix", code=1)
    assert "could not be fixed: another git command has locked" in ran.out
    lock.unlink()
    ready.gitexp("doctor", "--fix")
    assert note(ready, RUNS, "main").splitlines() == [a_record()]


# --- objects that git has lost -------------------------------------------------------------------


@pytest.mark.parametrize("part", ["commit", "tree", "note"])
def test_results_whose_objects_are_lost_are_restored_as_far_as_they_are_left(
    ready: World, part: str
) -> None:
    settle(ready, repeats=[3])
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    tip = ready.git("rev-parse", "refs/notes/gitexp-runs")
    noted = ready.git("notes", "--ref=gitexp-runs", "list", f"exp/{name}")
    name_of = {"commit": tip, "tree": f"{tip}^{{tree}}", "note": noted}
    lost = ready.git("rev-parse", name_of[part])
    content = lose_object(ready, lost)
    left = {"commit": None, "tree": b"", "note": bytes(len(content))}[part]
    if left is None:
        assert "git has lost" in ready.gitexp("doctor", code=1).out
    else:  # as a power cut leaves it
        (ready.path / ".git" / "objects" / lost[:2] / lost[2:]).write_bytes(left)
        assert "1 object of git is damaged" in ready.gitexp("doctor", code=1).out
    ready.gitexp("doctor", "--fix")
    ready.gitexp("doctor")
    ready.gitexp("run", name)
    assert ready.gitexp("log", "--json").json[0]["verdict"] == "CONFIRMED"
    ready.gitexp("verify")


def test_refs_stay_while_the_disk_is_away_that_their_objects_are_on(
    ready: World, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", str(ready.path), "clone")
    shared = World(tmp_path / "clone")
    shared.gitexp("init", "--yes")
    shared.start("--set", "model.C=10")
    before = refs(shared)
    objects = ready.path / ".git" / "objects"
    objects.rename(tmp_path / "unmounted")
    for words in (["log"], ["init"]):
        assert f"uses the objects in {objects}" in shared.gitexp(*words, code=3).err
    assert f"uses the objects in {objects}" in shared.gitexp("doctor", "--fix", code=1).out
    (tmp_path / "unmounted").rename(objects)
    assert refs(shared) == before
    shared.gitexp("log")


def test_a_baseline_whose_commit_is_lost_is_not_taken_for_an_empty_repository(ready: World) -> None:
    lose_object(ready, ready.git("rev-parse", "main"))
    said = ready.gitexp("log", code=3).err
    assert "git has lost that commit" in said
    assert "gitexp doctor" in said


def test_packed_refs_that_a_power_cut_damaged_cost_no_branch(ready: World) -> None:
    main = ready.git("rev-parse", "main")
    ready.git("pack-refs", "--all")
    packed = ready.path / ".git" / "packed-refs"
    packed.write_bytes(bytes(packed.stat().st_size))
    for words, code in ((["log"], 3), (["doctor", "--fix"], 1)):
        ran = ready.gitexp(*words, code=code)
        assert "mv .git/packed-refs .git/packed-refs.damaged; gitexp doctor" in ran.out + ran.err
    packed.unlink()
    said = ready.gitexp("log", code=3).err
    assert "no commits yet" not in said
    assert f"git branch main {main[:10]}" in said


def test_a_ref_of_which_nothing_is_left_is_deleted(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    lose_object(ready, ready.git("rev-parse", f"exp/{name}"))
    ready.gitexp("doctor", "--fix")
    assert ready.git("for-each-ref", "refs/heads/exp") == ""
    ready.gitexp("log")
