"""What is amended, rebased, copied, forged, deleted or edited shows as what does not belong."""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.engine.clock import now
from gitexp.lab import progress
from gitexp.lab.projects.project import open_project
from gitexp.rules.verdict import figures
from gitexp.workflows.verify import verify
from tests.arrange import lose_object, message, note, records, settle, train_with
from tests.conftest import FIRST_SEED
from tests.lab.test_evidence import DRAWN
from tests.project import BECAUSE, World
from tests.team import starts_of

if TYPE_CHECKING:
    from pathlib import Path

RUNS, VERDICTS, BULK = "gitexp-runs", "gitexp", "gitexp-data"
GAIN, NONE = "model.C = 1.0 -> 10", "train.lr = 0.001 -> 0.002"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf") / "project"


@pytest.fixture
def measured(world: World, shelf: Path) -> World:
    """A confirmed experiment and one that is ruled out; run once and copied."""
    if shelf.exists():
        shutil.rmtree(world.path)
        shutil.copytree(shelf, world.path, symlinks=True)
        return world
    world.gitexp("init", "--yes")
    settle(world, repeats=[3])
    for setting, text in (
        ("model.C=10", BECAUSE),
        ("train.lr=2e-3", "lr raises accuracy because the loss still falls when training ends"),
    ):
        world.start("--set", setting, text=text)
        world.gitexp("run")
    shutil.copytree(world.path, shelf, symlinks=True)
    return world


def named(world: World, change: str) -> str:
    """Branch of the experiment that made a change."""
    for branch in world.git("for-each-ref", "--format=%(refname)", "refs/heads/exp").splitlines():
        if change in message(world, branch):
            return branch.removeprefix("refs/heads/")
    raise AssertionError(change)


def verified(world: World, *, ok: bool = False) -> dict[str, Any]:
    """What verify prints; text and JSON must agree about whether all is well."""
    world.gitexp("verify", code=int(not ok))
    found: dict[str, Any] = world.gitexp("verify", "--json", code=int(not ok)).json
    assert found["ok"] == ok
    return found


def said(found: dict[str, Any], rule: str, kind: str = "problems") -> str:
    """The one message under a rule."""
    [finding] = [finding for finding in found[kind] if finding["id"] == rule]
    return f"{finding['message']}\n{finding['hint']}"


def ids(found: dict[str, Any], kind: str = "problems") -> list[str]:
    return sorted(finding["id"] for finding in found[kind])


def set_note(world: World, ref: str, revision: str, text: str) -> None:
    path = world.path / ".git" / "note"
    path.write_text(text)
    world.git("notes", f"--ref={ref}", "add", "-f", "-F", str(path), revision)


def forge(world: World, source: str, target: str, **changes: object) -> None:
    """Give a commit another one's records, and their starts, as if it had made them itself."""
    commit = world.git("rev-parse", target)
    lines = [json.dumps(record | {"commit": commit} | changes) for record in records(world, source)]
    lines += starts_of(lines)
    world.git("notes", f"--ref={RUNS}", "append", "-m", "\n".join(lines), commit)


def amend(world: World, branch: str, old: str, new: str) -> str:
    """Edit the message of an experiment past every hook; returns its former commit."""
    former = world.git("rev-parse", branch)
    world.git("switch", "--quiet", branch)
    text = message(world, "HEAD")
    assert old in text
    world.git("commit", "--quiet", "--amend", "--no-verify", "-m", text.replace(old, new))
    world.git("switch", "--quiet", "main")
    return former


# --- nothing wrong ------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_was_done_by_the_rules_is_right_to_the_end(measured: World) -> None:
    found = verified(measured, ok=True)
    assert (found["verdicts"], found["records"]) == (2, 6)
    assert (found["problems"], found["information"]) == ([], [])
    [campaign] = found["campaigns"]
    assert campaign == {
        "metric": "accuracy", "campaign": 1, "planned": 20, "taken": 2, "lost": 0, "confirmed": 1,
        "levels": pytest.approx(0.015),
    }  # fmt: skip
    text = " ".join(measured.gitexp("verify").out.split())
    assert "2 verdicts recomputed from 6 records: no problems found." in text
    assert "Campaign 1 on accuracy: 2 of 20 experiments run, 1 confirmed" in text
    assert "up to 0.015 false confirmations to expect" in text
    # Accepted, its branch gone; the other archived; words alone changed, records taken over.
    gain, none = named(measured, GAIN), named(measured, NONE)
    measured.gitexp("accept", gain)
    measured.gitexp("run", "--baseline")
    measured.write("README.md", "More words.\n")
    measured.commit("words")
    name = measured.start("--set", "train.epochs=30")
    measured.gitexp("run", name)
    measured.git("branch", "--quiet", "-D", gain)
    measured.git("update-ref", f"refs/gitexp/archive/{none[4:]}", none)
    measured.git("branch", "--quiet", "-D", none)
    found = verified(measured, ok=True)
    assert (found["verdicts"], found["information"]) == (3, [])
    assert [(c["taken"], c["confirmed"]) for c in found["campaigns"]] == [(3, 1)]


def test_an_empty_log_and_planned_experiments_are_right(ready: World) -> None:
    assert "0 verdicts recomputed from 0 records: no problems found." in ready.gitexp("verify").out
    ready.start("--set", "model.C=10")
    assert verified(ready, ok=True)["campaigns"] == []


def test_it_takes_as_many_git_processes_for_many_experiments_as_for_few(measured: World) -> None:
    def processes(world: World) -> int:
        trace = world.path / ".git" / "trace"
        world.gitexp("verify", "--json", code=1, GIT_TRACE=str(trace))
        lines = trace.read_text().splitlines()
        trace.unlink()
        return sum("built-in: git" in line or "exec: git" in line for line in lines)

    source = named(measured, GAIN)
    counts = []
    for value in (20, 21, 22):
        forge(measured, source, f"exp/{measured.start('--set', f'model.C={value}')}")
        counts.append(processes(measured))
    assert counts[0] == counts[-1] < 50


def test_a_project_in_a_folder_is_not_held_against_its_neighbour(measured: World) -> None:
    for name in ("config.toml", "train.py", "gitexp.toml"):
        measured.write(f"other/{name}", (measured.path / name).read_bytes())
    measured.commit("a neighbour")
    other = measured.path / "other"
    measured.gitexp("trust", "--yes", cwd=other)
    measured.gitexp("start", BECAUSE, "--set", "model.C=10", cwd=other)
    found = verified(measured, ok=True)
    assert (found["verdicts"], found["information"]) == (2, [])
    assert measured.gitexp("verify", "--json", cwd=other).json["campaigns"] == []


# --- another commit -----------------------------------------------------------------------------


@pytest.mark.slow
def test_an_amended_experiment_leaves_its_records_behind_and_both_are_named(
    measured: World,
) -> None:
    branch = named(measured, GAIN)
    former = amend(measured, branch, "Level: 0.005", "Level: 0.05")
    now = measured.git("rev-parse", branch)
    words = said(verified(measured), "V2")
    assert f"commit {former[:10]} of {branch} has 3 records and a verdict note" in words
    assert f"was amended, and is now {now[:10]} (Level: 0.005 -> 0.05)" in words
    [row] = [r for r in measured.gitexp("log", "--json").json if r["branch"] == branch]
    assert (row["state"], row["verdict"]) == ("planned", None)
    # The edit itself is refused before anything runs; what it had measured took its place.
    assert "T3" in measured.gitexp("run", branch, code=1).err
    [campaign] = verified(measured)["campaigns"]
    assert (campaign["taken"], campaign["lost"], campaign["confirmed"]) == (2, 1, 0)
    assert "(1 by commits that no branch holds)" in measured.gitexp("verify", code=1).out
    # Each of the two ways on that it names.
    measured.git("update-ref", f"refs/gitexp/archive/{branch[4:]}", former)
    assert verified(measured, ok=True)["campaigns"][0]["confirmed"] == 1
    measured.git("update-ref", "-d", f"refs/gitexp/archive/{branch[4:]}")
    measured.git("branch", "--quiet", "-f", branch, former)
    assert verified(measured, ok=True)["campaigns"][0]["lost"] == 0


def test_notes_that_git_copied_in_a_rebase_do_not_count_and_every_command_says_so(
    measured: World,
) -> None:
    branch = named(measured, GAIN)
    former = measured.git("rev-parse", branch)
    measured.git("config", "notes.rewriteRef", "refs/notes/gitexp*")
    measured.write("README.md", "More words.\n")
    measured.commit("words")
    measured.git("rebase", "--quiet", "main", branch)
    measured.git("switch", "--quiet", "main")
    assert {record["commit"] for record in records(measured, branch)} == {former}
    found = verified(measured)
    assert ids(found) == ["V1", "V2", "V3"]
    assert "records: nothing that counts" in said(found, "V1")
    assert (
        f"rebased, or registered again, and is now {measured.git('rev-parse', branch)[:10]}"
        in said(found, "V2")
    )
    words = said(found, "V3")
    assert f"the note of {branch} has 3 records of another commit ({former[:10]})" in words
    assert "git config --unset-all notes.rewriteRef" in words
    assert "3 records of another commit do not count" in measured.gitexp("log").out
    assert "do not count" in measured.gitexp("show", branch).out
    # The baseline runs as before, so running it would draw the same seeds again.
    for command in ("check", "run"):
        refused = measured.gitexp(command, branch, code=1)
        refused_words = " ".join((refused.out + refused.err).split())
        assert f"3 records in the note of {branch} belong to another commit" in refused_words
        assert f"git switch -C {branch} {former[:10]}" in refused_words


def test_a_deleted_branch_drops_nothing(measured: World) -> None:
    branch = named(measured, NONE)
    commit = measured.git("rev-parse", branch)
    measured.git("branch", "--quiet", "-D", branch)
    found = verified(measured)
    words = said(found, "V2")
    assert f"commit {commit[:10]} of {branch} has 3 records and a verdict note" in words
    assert "its branch was deleted" in words
    assert (found["campaigns"][0]["taken"], found["campaigns"][0]["lost"]) == (2, 1)
    command = f"git branch {branch} {commit[:10]}"
    assert command in words
    measured.git(*command.split()[1:])
    verified(measured, ok=True)


def test_a_clone_without_the_branches_says_what_it_cannot_tell(
    measured: World, tmp_path: Path
) -> None:
    clone = World(tmp_path / "clone")
    measured.git(
        "clone", "--quiet", "--single-branch", f"file://{measured.path}", str(clone.path)
    )  # fmt: skip
    clone.git("fetch", "--quiet", "origin", "refs/notes/*:refs/notes/*")
    found = verified(clone, ok=True)
    assert "2 commits with records or verdicts are not in this clone" in said(
        found, "V2", "information"
    )
    clone.git("fetch", "--quiet", "origin", "refs/heads/exp/*:refs/remotes/origin/exp/*")
    assert verified(clone, ok=True)["verdicts"] == 2
    # Amended after it was shared: the remote's branch is no excuse.
    branch = named(measured, GAIN)
    clone.git("branch", "--quiet", branch, f"origin/{branch}")
    amend(clone, branch, "because", "for")
    assert f"origin/{branch} holds it: the experiment was amended" in said(verified(clone), "V2")


# --- records and notes --------------------------------------------------------------------------


def test_a_record_of_another_commit_counts_for_nothing(measured: World) -> None:
    branch, other = named(measured, NONE), named(measured, GAIN)
    before = measured.gitexp("log", "--json").json
    line = json.dumps(records(measured, other)[0] | {"seed": 4})
    measured.git("notes", f"--ref={RUNS}", "append", "-m", line, branch)
    assert [row["effect"] for row in measured.gitexp("log", "--json").json] == [
        row["effect"] for row in before
    ]
    assert f"the note of {branch} has 1 record of another commit" in said(verified(measured), "V3")


def test_a_record_of_another_condition_is_never_paired(measured: World) -> None:
    branch = named(measured, NONE)
    forge(measured, branch, branch, condition="another", attempt=2, metrics={"accuracy": 0.99})
    found = verified(measured)
    assert "came when the run had a record already" in said(found, "V14")
    words = said(found, "V5", "information")
    assert f"3 records of {branch} in condition another" in words
    assert "was not measured: not compared" in words


@pytest.mark.parametrize("value", [0.99, 1e305])
def test_an_attempt_before_the_first_counts_for_nothing(measured: World, value: float) -> None:
    branch = named(measured, NONE)
    forge(measured, branch, branch, attempt=0, metrics={"accuracy": value})
    verified(measured, ok=True)  # attempts begin at 1


@pytest.mark.parametrize("side", ["experiment", "baseline"])
def test_a_deleted_record_leaves_a_note_that_nothing_gives(measured: World, side: str) -> None:
    branch = named(measured, GAIN)
    noted = branch if side == "experiment" else f"{branch}^"
    first, *rest = note(measured, RUNS, noted).splitlines()
    assert json.loads(first)["kind"] == "start"
    first = rest.pop(0)
    set_note(measured, RUNS, noted, "\n".join(rest))
    found = verified(measured)
    [words] = [
        p["message"] for p in found["problems"] if p["id"] == "V1" and branch in p["message"]
    ]
    assert "note:    CONFIRMED" in words
    assert "records: UNDECIDED" in words
    owner = branch if side == "experiment" else f"commit {measured.git('rev-parse', noted)[:10]}"
    assert f"1 result removed from the note of {owner}" in said(found, "V10")
    assert measured.gitexp("run", branch, "--json").json["runs"] == 1
    assert json.loads(first)["metrics"] in [r["metrics"] for r in records(measured, noted)]


def test_a_result_that_was_edited_or_removed_with_its_verdict_is_missed(measured: World) -> None:
    branch = named(measured, NONE)
    before = note(measured, RUNS, branch)
    lines = [json.loads(line) for line in before.splitlines()]
    one, two, three = (line for line in lines if "kind" not in line)
    starts = [line for line in lines if "kind" in line]
    # What says the same in other words is no other result.
    masked = [one | {"folder": "***"}, two | {"metrics": {"accuracy": 0.99}}]
    set_note(measured, RUNS, branch, "\n".join(map(json.dumps, [*masked, three, *starts])))
    assert f"1 result changed in the note of {branch}" in said(verified(measured), "V10")
    measured.git("notes", f"--ref={RUNS}", "remove", branch)
    measured.git("notes", f"--ref={VERDICTS}", "remove", branch)
    found = verified(measured)
    assert ids(found) == ["V10"]
    assert f"3 results removed from the note of {branch}" in said(found, "V10")
    assert f"git show {measured.git('rev-parse', f'refs/notes/{RUNS}')[:10]}" in said(found, "V10")
    set_note(measured, RUNS, branch, before)
    assert ids(verified(measured)) == ["V1"]
    measured.gitexp("verify", "--fix")


def test_notes_merged_line_by_line_have_lost_nothing(measured: World) -> None:
    branch = named(measured, NONE)
    refs = f"refs/notes/{RUNS}"
    measured.git("update-ref", "refs/notes/theirs", refs)
    forge(measured, branch, branch, attempt=2)
    line = json.dumps(records(measured, branch)[0] | {"attempt": 3})
    measured.git("notes", "--ref=theirs", "append", "-m", line, branch)
    measured.git("notes", f"--ref={RUNS}", "merge", "-q", "-s", "cat_sort_uniq", "theirs")
    assert len(records(measured, branch)) == 7
    verified(measured, ok=True)
    # The other way of merging drops what only the other side has.
    line = json.dumps(records(measured, branch)[0] | {"attempt": 4})
    measured.git("notes", "--ref=theirs", "append", "-m", line, branch)
    measured.git("notes", f"--ref={RUNS}", "append", "-m", line.replace('": 4', '": 5'), branch)
    measured.git("notes", f"--ref={RUNS}", "merge", "-q", "-s", "ours", "theirs")
    assert f"1 result removed from the note of {branch}" in said(verified(measured), "V10")


@pytest.mark.parametrize(
    "edit", ["edited", "removed", "emptied of its last line", "appended to by git"]
)
def test_verdict_notes_are_a_view_that_fix_writes_anew(measured: World, edit: str) -> None:
    branch = named(measured, NONE)
    before = note(measured, VERDICTS, branch)
    if edit == "edited":
        set_note(measured, VERDICTS, branch, before.replace("RULED OUT", "CONFIRMED"))
        shown = "note:    CONFIRMED: accuracy"
    elif edit == "removed":
        measured.git("notes", f"--ref={VERDICTS}", "remove", branch)
        shown = "note:    there is none"
    elif edit == "appended to by git":
        measured.git("notes", f"--ref={VERDICTS}", "append", "-m", "checked by hand", branch)
        shown = "note:    checked by hand\n  records: nothing"
    else:
        set_note(measured, VERDICTS, branch, before.strip().rpartition("\n")[0])
        shown = "note:    nothing\n"
    found = verified(measured)
    assert ids(found) == ["V1"]
    assert shown in said(found, "V1")
    assert "gitexp verify --fix" in said(found, "V1")
    assert "1 verdict note rewritten." in measured.gitexp("verify", "--fix").out
    assert note(measured, VERDICTS, branch) == before
    verified(measured, ok=True)


def in_old_words(world: World, branch: str) -> str:
    """A verdict note in other words than today's, from the figures of the log."""
    [row] = [r for r in world.gitexp("log", "--json").json if r["branch"] == branch]
    seeds = world.gitexp("show", branch, "--json").json["seeds"]
    means = [sum(s[side] for s in seeds) / len(seeds) for side in ("baseline", "experiment")]
    return (
        f"{row['verdict']}: accuracy {row['effect']:+.4g}"
        f" [{row['lower']:+.4g} to {row['upper']:+.4g}], {row['pairs']} pairs\n"
        f"mean {means[0]:.4g} -> {means[1]:.4g}, bar accuracy +0.005,"
        f" p {row['p']:.3g} against {row['level']:.3g}\n"
        f"{row['reason']}: even the lower bound reaches the bar\n"
        "no run diverged\nno seed is fresh\n"
    )


@pytest.mark.slow
def test_a_note_in_the_words_of_an_older_version_is_remarked_and_not_wrong(measured: World) -> None:
    branch = named(measured, GAIN)
    today = note(measured, VERDICTS, branch)
    old = in_old_words(measured, branch)
    set_note(measured, VERDICTS, branch, old)
    found = verified(measured, ok=True)
    assert ids(found, "information") == ["V1"]
    remark = said(found, "V1", "information")
    assert "1 verdict note in the words of another version of gitexp" in remark
    assert branch in remark
    assert "gitexp verify --fix" in remark
    assert note(measured, VERDICTS, branch) == old
    assert measured.gitexp("verify", "--fix", "--json").json["rewritten"] == 1
    assert note(measured, VERDICTS, branch) == today
    assert ids(verified(measured, ok=True), "information") == []


@pytest.mark.parametrize("forged", ["verdict", "effect", "pairs"])
def test_old_words_do_not_hide_a_forged_verdict_or_figure(measured: World, forged: str) -> None:
    branch = named(measured, GAIN)
    old = in_old_words(measured, branch)
    effect = old.split()[2]
    swap = {
        "verdict": ("CONFIRMED", "RULED OUT"),
        "effect": (effect, f"{float(effect) + 0.01:+.4g}"),
        "pairs": ("3 pairs", "5 pairs"),
    }[forged]
    assert old.replace(*swap) != old
    set_note(measured, VERDICTS, branch, old.replace(*swap))
    assert ids(verified(measured)) == ["V1"]


def test_a_note_without_any_record_is_named_and_left_to_people(measured: World) -> None:
    name = measured.start("--set", "model.C=11")
    set_note(measured, VERDICTS, f"exp/{name}", "CONFIRMED: accuracy +0.5\x1b[2J, 3 pairs\n")
    ran = measured.gitexp("verify", code=1)
    assert "note:    CONFIRMED: accuracy +0.5\\x1b[2J, 3 pairs" in ran.out
    # Its records may be on another machine, and then it is the last trace of them here.
    assert measured.gitexp("verify", "--fix", "--json", code=1).json["rewritten"] == 0
    assert "CONFIRMED" in note(measured, VERDICTS, f"exp/{name}")
    measured.git("notes", f"--ref={VERDICTS}", "remove", f"exp/{name}")
    verified(measured, ok=True)


@pytest.mark.parametrize("whose", ["exp", "main"])
def test_a_note_outlives_the_loss_of_its_records(measured: World, whose: str) -> None:
    branch = named(measured, NONE)
    before = note(measured, VERDICTS, branch)
    lost = measured.git("notes", f"--ref={RUNS}", "list", branch if whose == "exp" else "main")
    lose_object(measured, lost)
    found = measured.gitexp("verify", "--fix", code=1).out
    assert f"the records behind the verdict of {branch} cannot be read" in found
    assert "git has lost the records of 1 commit" in found
    assert "gitexp did not write" not in found
    assert note(measured, VERDICTS, branch) == before


def test_a_baseline_with_records_of_what_does_not_run_like_it(measured: World) -> None:
    branch = named(measured, GAIN)
    line = json.dumps(records(measured, branch)[0] | {"seed": 7})
    measured.git("notes", f"--ref={RUNS}", "append", "-m", line, "main")
    words = said(verified(measured), "V3")
    assert f"note of baseline {measured.git('rev-parse', 'main')[:10]} has 1 record" in words
    assert f"used to judge {branch}" in words or f", {branch}" in words


# --- what the rules did not let happen ----------------------------------------------------------


def test_a_level_above_the_campaign_is_named(measured: World) -> None:
    branch = named(measured, NONE)
    former = amend(measured, branch, "Level: 0.01", "Level: 0.1")
    forge(measured, former, branch)
    measured.git("update-ref", f"refs/gitexp/archive/{branch[4:]}", former)
    found = verified(measured)
    assert f"{branch}: Level is 0.1, and campaign 1 allowed 0.01" in said(found, "T3")


def test_places_beyond_the_plan_are_told_with_the_errors_to_expect(measured: World) -> None:
    settle(measured, planned=2)
    names = [measured.start("--set", f"model.C={value}") for value in (20, 21, 22)]
    for name in names:
        forge(measured, named(measured, GAIN), f"exp/{name}", start=now())
    [first, second] = verified(measured, ok=True)["campaigns"]
    assert [(c["taken"], c["planned"]) for c in (first, second)] == [(2, 2), (3, 2)]
    text = " ".join(measured.gitexp("verify").out.split())
    assert f"up to {figures.rough(second['levels'])} false confirmations to expect" in text
    assert "It overran its plan." in text
    both = figures.rough(first["levels"] + second["levels"])
    assert (
        f"All campaigns: {first['confirmed'] + second['confirmed']} confirmed; up to {both} false"
        in text
    )
    logged = " ".join(measured.gitexp("log").out.split())
    assert f"it adds up to {figures.rough(second['levels'])} false confirmations." in logged
    said = measured.gitexp("start", "--set", "model.C=23", BECAUSE).out
    assert "which adds 0.10 to the false confirmations to expect;" in " ".join(said.split())


def test_records_of_what_the_gate_refuses_are_found(measured: World) -> None:
    measured.git("switch", "--quiet", "--create", "exp/two")
    measured.edit("C = 1.0", "C = 10")
    measured.edit("epochs = 20", "epochs = 40")
    measured.commit(
        message(measured, named(measured, GAIN)).replace(
            f"Experiment: {named(measured, GAIN)[4:]}", "Experiment: two"
        ),
        verify=False,
    )
    measured.git("switch", "--quiet", "main")
    forge(measured, named(measured, NONE), "exp/two")
    words = said(verified(measured), "V4")
    assert "exp/two has 3 records, but the gate refuses it:\n  C2 " in words
    assert "train.epochs" in words


@pytest.mark.slow
def test_exploring_is_no_offence_until_its_note_says_otherwise(measured: World) -> None:
    measured.git("switch", "--quiet", "--create", "exp/two")
    measured.edit("C = 1.0", "C = 10")
    measured.edit("epochs = 20", "epochs = 40")
    measured.commit("both raise accuracy because the model underfits", verify=False)
    measured.git("switch", "--quiet", "main")
    measured.gitexp("run", "two", "--explore", "a first look")
    assert verified(measured, ok=True)["campaigns"][0]["taken"] == 2
    text = note(measured, VERDICTS, "exp/two")
    set_note(measured, VERDICTS, "exp/two", text.replace("EXPLORATORY", "CONFIRMED"))
    words = said(verified(measured), "V1")
    assert "hides that its runs skipped the gate" in words
    assert "gitexp run two --explore 'a first look'" in words
    measured.gitexp("run", "two", "--explore", "a first look")
    commit = measured.git("rev-parse", "exp/two")
    measured.git("branch", "--quiet", "-D", "exp/two")
    words = said(verified(measured, ok=True), "V2", "information")
    assert f"commit {commit[:10]} has 3 records and is on no branch" in words


@pytest.mark.parametrize(
    ("trailers", "words"),
    [
        ("", "was merged into main by hand ({merge}), but its message and records say RULED OUT"),
        ("Accepted: {commit}", "main accepted {branch} ({merge}), but its message and records say"),
        ("Accepted: {commit}\nAnyway: it is simpler", None),
    ],
)
def test_what_the_baseline_took_in_was_confirmed_or_has_a_reason(
    measured: World, trailers: str, words: str | None
) -> None:
    branch = named(measured, NONE)
    commit = measured.git("rev-parse", branch)
    text = f"Take it in\n\n{trailers.format(commit=commit)}\n"
    measured.git("merge", "--quiet", "--no-ff", "-m", text, branch)
    if words is None:
        verified(measured, ok=True)
        return
    merge = measured.git("rev-parse", "main")[:10]
    found = said(verified(measured), "V8")
    assert words.format(branch=branch, merge=merge) in found
    assert f"git revert -m 1 {merge}" in found
    measured.git("revert", "--no-edit", "-m", "1", merge)
    verified(measured, ok=True)


def test_a_baseline_measured_on_the_seeds_that_won_is_found(measured: World) -> None:
    branch = named(measured, GAIN)
    measured.gitexp("accept", branch)
    measured.edit(f"{FIRST_SEED}\n", "", "gitexp.toml")
    measured.commit("seeds are no folds")
    forge(measured, branch, "main")
    words = said(verified(measured), "V9")
    assert f"was measured on seeds 1 to 3, the ones that confirmed {branch}" in words


@pytest.mark.parametrize("vary", ["seed", "none"])
def test_a_baseline_without_fresh_seeds_has_none_that_won(measured: World, vary: str) -> None:
    branch = named(measured, GAIN)
    measured.gitexp("accept", branch)
    settle(measured, vary=vary, planned=30)
    forge(measured, branch, "main")
    found = measured.gitexp("verify", "--json").json["problems"]
    assert "V9" not in {problem["id"] for problem in found}


# --- examples -----------------------------------------------------------------------------------


class Told:
    """Keeps what it is told of how far a step is."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def tell(self, step: str, done: int, total: int) -> None:
        self.steps.append((step, done, total))

    def end(self) -> None:
        pass


@pytest.mark.slow
def test_what_examples_say_is_computed_again(ready: World) -> None:
    train_with(
        ready, DRAWN, vary="split", test_ratio=1.0, predictions="predictions.csv", repeats=[3]
    )
    branch = f"exp/{ready.start('--set', 'model.C=10')}"
    ready.gitexp("run")
    assert verified(ready, ok=True)["information"] == []
    told = Told()
    with contextlib.chdir(ready.path), progress.heard_by(told):
        verify(open_project())
    assert ("checking per-example evidence", 0, 1) in told.steps
    text = note(ready, RUNS, branch)
    [spread] = [json.loads(line) for line in text.splitlines() if '"examples"' in line]
    forged = text.replace(str(spread["variance"]), str(spread["variance"] / 100))
    assert forged != text
    set_note(ready, RUNS, branch, forged)
    found = verified(ready)
    assert ids(found) == ["V1", "V6"]
    words = said(found, "V6")
    assert f"what the examples say of {branch} at 3 pairs is not what its outcomes give" in words
    assert f"outcomes: variance {spread['variance']:.6g} over {spread['count']} examples" in words
    set_note(ready, RUNS, branch, text)
    ready.git("update-ref", "-d", f"refs/notes/{BULK}")
    words = said(verified(ready, ok=True), "V7", "information")
    assert f"the per-example outcomes behind {branch} at 3 pairs are not here" in words
