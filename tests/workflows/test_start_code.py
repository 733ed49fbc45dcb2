"""`gitexp start --code`: edited code becomes a commit below the experiment, all of it or none."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.arrange import head_and_index_and_files, refs, show, trailers
from tests.project import BECAUSE, World
from tests.typed import typed

CODE = "BONUS = 0.01 if config['train'].get('cosine') else 0.0\n"
COSINE = ("--set", "train.cosine=true")


def edit_code(world: World) -> bytes:
    """Give the script something that the config can switch on; returns it as it is then."""
    world.edit('print(f"epochs', f'{CODE}print(f"epochs', "train.py")
    world.edit("accuracy = 0.9 +", "accuracy = 0.9 + BONUS +", "train.py")
    return (world.path / "train.py").read_bytes()


def refused(world: World, *words: str, code: int = 1) -> str:
    """Run a start that must leave everything as it was; returns what it said, unwrapped."""
    before = refs(world), head_and_index_and_files(world)
    ran = world.gitexp("start", *words, BECAUSE, code=code)
    assert (refs(world), head_and_index_and_files(world)) == before
    return " ".join(ran.err.split())


def test_code_goes_below_the_experiment_and_the_tree_is_as_before(ready: World) -> None:
    base, head = ready.git("rev-parse", "main"), show(ready, "HEAD:train.py")
    script = edit_code(ready)
    ready.write("extra.py", "x = 1\n")
    ready.git("add", "extra.py")  # a file that was added is meant
    ready.write("notes.txt", "untracked\n")
    ready.write("beside.py", "untracked\n")
    ran = ready.gitexp("start", "--code", *COSINE, BECAUSE)
    name = ran.out.split()[0]
    code = ready.git("rev-parse", f"{name}~")
    assert ready.git("rev-parse", f"{name}~2") == base
    assert trailers(ready, name)["Code"] == code
    assert trailers(ready, name)["Base"] == base
    assert trailers(ready, name)["Change"] == "config.toml: train.cosine = (absent) -> true"
    assert trailers(ready, code) == {"Code": name[4:]}
    assert ready.git("diff", "--name-only", base, code).split() == ["extra.py", "train.py"]
    assert show(ready, f"{name}:train.py") == script
    assert ready.git("diff", "--numstat", code, name) == "1\t0\tconfig.toml"
    assert "2 files: extra.py, train.py" in ran.out
    assert f"git switch {name}" in ran.out
    assert "git add -- :/beside.py" in ran.err
    # HEAD, index and tracked files are as they were before the edit; what P lacks stays.
    assert ready.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert show(ready, "HEAD:train.py") == head == (ready.path / "train.py").read_bytes()
    assert ready.git("status", "--porcelain").split("\n") == ["?? beside.py", "?? notes.txt"]
    ready.gitexp("check", name)
    # Another value, and a sweep, on the same code; an edit of the same file is not touched.
    script = edit_code(ready)
    on = ready.gitexp("start", "--on", name[4:], "--set", "model.C=3", BECAUSE, "--json").json
    assert (on["code"], on["baseline"]) == (code, base)
    swept = ready.gitexp("start", "--on", name, "--sweep", "train.lr=1e-3,0.1,0.2", BECAUSE)
    assert "left out: train.lr=1e-3" in swept.err
    below = {ready.git("rev-parse", f"exp/{n}~") for n in names(ready) - {name[4:], on["name"]}}
    assert below == {code}
    assert (ready.path / "train.py").read_bytes() == script
    said = refused(ready, "--on", "nothing", *COSINE, code=2)
    assert "there is no experiment nothing" in said
    ready.gitexp("check", "--all")


def names(world: World) -> set[str]:
    return {ref.rpartition("/")[2] for ref in refs(world) if ref.startswith("refs/heads/exp/")}


def test_an_edited_config_line_is_the_experiment(ready: World) -> None:
    edit_code(ready)
    ready.edit("epochs = 20", "epochs = 30")
    said = refused(ready)
    assert "train.py is edited too" in said
    assert said.index('gitexp start --code "HYPOTHESIS"') < said.index("git stash")
    for new in ("--set train.cosine=true", "--sweep train.cosine=1,2"):
        assert f"gitexp start --code {new} " in refused(ready, *new.split(), code=2)
    assert "--set train.cosine=true would be a second change" in refused(
        ready, "--code", *COSINE, code=2
    )
    name = ready.gitexp("start", "--code", BECAUSE, "--json", "--switch").json["name"]
    assert ready.git("symbolic-ref", "--short", "HEAD") == f"exp/{name}"
    assert ready.git("diff", "--name-only", "HEAD~2", "HEAD~") == "train.py"
    assert ready.git("diff", "--name-only", "HEAD~", "HEAD") == "config.toml"
    assert ready.git("status", "--porcelain") == ""
    ready.gitexp("check")


def test_a_plain_start_asks_in_a_terminal_before_it_takes_code_along(ready: World) -> None:
    edit_code(ready)
    ready.edit("epochs = 20", "epochs = 30")
    before = refs(ready)
    code, said = typed(ready, "n\n", "start", BECAUSE)
    assert code == 1
    assert "1 file: train.py" in said
    assert "the line in config.toml" in said
    assert refs(ready) == before
    code, said = typed(ready, "y\n", "start", BECAUSE)
    assert code == 0, said
    assert ready.git("diff", "--name-only", "main", f"exp/{names(ready).pop()}~") == "train.py"
    assert ready.git("status", "--porcelain") == ""


def test_code_comes_from_a_branch_and_the_work_tree_is_not_touched(
    ready: World, tmp_path: Path
) -> None:
    ready.git("worktree", "add", "--quiet", "-b", "agent", str(tmp_path / "agent"))
    agent = World(tmp_path / "agent")
    edit_code(agent)
    agent.git("commit", "--quiet", "--all", "-m", "half of it")
    agent.edit("epochs = 20", "epochs = 30")
    agent.write("more.py", "")
    agent.commit("the rest")
    dirty = edit_code(ready)
    name = ready.gitexp("start", "--code-from", "agent", BECAUSE, "--json").json["name"]
    assert ready.git("diff", "--name-only", f"exp/{name}~", f"exp/{name}") == "config.toml"
    assert ready.git("diff", "--name-only", "main", f"exp/{name}~").split() == [
        "more.py", "train.py",
    ]  # fmt: skip
    assert (ready.path / "train.py").read_bytes() == dirty
    # A mixed commit by hand is refused with the way through, and that way works.
    agent.git("switch", "--quiet", "--create", "exp/otter", "main")
    edit_code(agent)
    agent.edit("C = 1.0", "C = 4")
    ran = agent.try_git("commit", "--all", "-m", BECAUSE)
    assert ran.code
    assert ran.err.index("start --code") < ran.err.index("commit it on main first")
    agent.git("commit", "--quiet", "--all", "--no-verify", "-m", BECAUSE)
    agent.gitexp("run", "otter", code=1)
    agent.gitexp(
        "start", "--code-from", "exp/otter", BECAUSE, "--sweep", "train.lr=0.1,0.2", code=2
    )
    name = agent.gitexp("start", "--code-from", "exp/otter", BECAUSE, "--json").json["name"]
    agent.gitexp("check", name)
    agent.git("switch", "--quiet", "--create", "plain", "main")
    edit_code(agent)
    agent.git("commit", "--quiet", "--all", "-m", "code alone")
    said = refused(ready, "--code-from", "plain")
    assert "gitexp start --code-from plain --set switch=true" in said
    assert "nowhere is not a branch or commit here" in refused(
        ready, "--code-from", "nowhere", code=2
    )


def test_the_edit_is_taken_from_a_branch_that_left_an_older_baseline(ready: World) -> None:
    base = ready.git("rev-parse", "main")
    ready.git("switch", "--quiet", "--create", "feature")
    ready.write("helper.py", "")
    ready.commit("a helper")
    ready.git("switch", "--quiet", "main")
    ready.write("README.md", "Something else.\n")
    ready.commit("main moves")
    ready.git("switch", "--quiet", "feature")
    edit_code(ready)
    found = ready.gitexp("start", "--code", *COSINE, BECAUSE, "--json").json
    assert found["baseline"] == base
    assert ready.git("diff", "--name-only", base, found["code"]).split() == [
        "helper.py", "train.py",
    ]  # fmt: skip
    ready.gitexp("check", found["name"])
    assert ready.git("status", "--porcelain") == ""


def only_config(world: World) -> None:
    world.edit("epochs = 20", "epochs = 30")


def two_config_lines(world: World) -> None:
    edit_code(world)
    world.edit("epochs = 20", "epochs = 30")
    world.edit("C = 1.0", "C = 3")


def settings_too(world: World) -> None:
    edit_code(world)
    world.edit("planned = 20", "planned = 2", "gitexp.toml") if (
        "planned = 20" in (world.path / "gitexp.toml").read_text()
    ) else world.edit("rules = 2\n", "rules = 2\nplanned = 2\n", "gitexp.toml")
    world.edit("epochs = 20", "epochs = 30")


def staged_twice(world: World) -> None:
    edit_code(world)
    world.git("add", "train.py")
    world.edit("BONUS = 0.01", "BONUS = 0.02", "train.py")


def unstaged_removal(world: World) -> None:
    edit_code(world)
    world.git("rm", "--quiet", "--cached", "train.py")


def imports_an_untracked_file(world: World) -> None:
    edit_code(world)
    world.edit("import os\n", "import os\nimport schedules\n", "train.py")
    world.write("schedules.py", "")


def a_merge(world: World) -> None:
    edit_code(world)
    (world.path / ".git" / "MERGE_HEAD").write_text(world.git("rev-parse", "HEAD") + "\n")


def a_hidden_edit(world: World) -> None:
    """A clean filter takes away what somebody wrote."""
    edit_code(world)
    world.git("config", "filter.cut.clean", "sed s/0.01/0.02/")
    (world.path / ".git" / "info").mkdir(exist_ok=True)
    (world.path / ".git" / "info" / "attributes").write_text("train.py filter=cut\n")


def submodule(world: World) -> None:
    edit_code(world)
    inner = world.path / "inner"
    World(world.path).git("init", "--quiet", str(inner))
    World(inner).git("commit", "--quiet", "--allow-empty", "-m", "one")
    world.git("-c", "advice.addEmbeddedRepo=false", "add", "inner")
    world.git("commit", "--quiet", "--no-verify", "-m", "a submodule", "inner")
    World(inner).git("commit", "--quiet", "--allow-empty", "-m", "two")


@pytest.mark.parametrize(
    ("arrange", "words", "code", "said"),
    [
        (only_config, (), 2, 'only config.toml differs from main, and --code is for an edit of code -> gitexp start "HYPOTHESIS"'),  # noqa: E501
        (edit_code, (), 1, "which adds this to config.toml: switch = true"),
        (edit_code, ("--set", "model.C=1.0"), 1, "model.C is already 1.0"),
        (edit_code, ("--set", "x.y.z.w=true", "--set", "b=1"), 1, "2 values are set"),
        (edit_code, ("--set", "model.C.x=1"), 2, "model.C.x cannot be added from the command line"),
        (edit_code, (*COSINE, "--on", "otter"), 2, "--code and --on each say which code is meant"),
        (two_config_lines, (), 1, "2 values differ"),
        (settings_too, (), 1, "gitexp's settings differ"),
        (staged_twice, COSINE, 3, "git add -- :/train.py"),
        (unstaged_removal, COSINE, 3, "one edit staged and another"),
        (imports_an_untracked_file, COSINE, 3, "git add -- :/schedules.py"),
        (a_merge, COSINE, 3, "a merge or a rebase is under way"),
        (a_hidden_edit, COSINE, 1, "W1"),
        (submodule, COSINE, 3, "git submodule update -- :/inner"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value)[:20],
)  # fmt: skip
def test_what_cannot_be_split_is_refused_and_stays(
    ready: World, arrange: object, words: tuple[str, ...], code: int, said: str
) -> None:
    assert callable(arrange)
    arrange(ready)
    assert said in refused(ready, "--code", *words, code=code)


def test_a_file_that_is_code_and_config_is_split_by_line(ready: World) -> None:
    ready.write("setup.py", "LR = 0.1\nEPOCHS = 2\n\n\ndef rate():\n    return LR\n")
    ready.edit('["config.toml"]', '["setup.py"]', "gitexp.toml")
    ready.commit("a script", verify=False)
    ready.gitexp("trust", "--yes")
    ready.edit("return LR", "return LR / 2 if EPOCHS > 9 else LR", "setup.py")
    ready.edit("LR = 0.1", "LR = 0.3", "setup.py")
    whole = (ready.path / "setup.py").read_bytes()
    name = ready.gitexp("start", "--code", BECAUSE, "--json").json["name"]
    assert show(ready, f"exp/{name}:setup.py") == whole
    assert show(ready, f"exp/{name}~:setup.py") == whole.replace(b"LR = 0.3", b"LR = 0.1")
    ready.gitexp("check", name)
    # The switch comes with the code, and the experiment switches it on.
    ready.edit("return LR", "return LR / 2 if COSINE else LR", "setup.py")
    ready.write("setup.py", "COSINE = False\n" + (ready.path / "setup.py").read_text())
    assert "that your edit brings to setup.py: SWITCH = False" in refused(ready, "--code")
    # A plain start names this way before it would make an experiment of each changed line.
    plain = refused(ready)
    assert plain.index('gitexp start --code "HYPOTHESIS"') < plain.index("or split it")
    code, said = typed(ready, "n\n", "start", BECAUSE)
    assert (code, "1 file: setup.py" in said) == (1, True)
    assert "--code --set COSINE=True" in refused(ready, "--set", "COSINE=True", code=2)
    name = ready.gitexp("start", "--code", "--set", "COSINE=True", BECAUSE, "--json").json["name"]
    assert trailers(ready, f"exp/{name}")["Change"] == "setup.py: COSINE = false -> true"
    ready.gitexp("check", name)


def test_one_call_registers_runs_and_accepts_code(ready: World) -> None:
    ready.edit("accuracy = 0.9 +", "accuracy = gain(seed) + 0.9 +", "train.py")
    gain = (
        "def gain(n):\n"
        "    drawn = random.Random(n).gauss(0.02, 1e-4)\n"
        "    return drawn if config['train'].get('cosine') else 0.0\n"
    )
    ready.edit("seed = int", f"{gain}seed = int", "train.py")
    done = ready.gitexp(
        "start", "--code", "--set", "train.cosine=1", BECAUSE, "--run", "--accept", "--json"
    ).json
    assert done["accepted"] == ready.git("rev-parse", "main")
    assert (done["verdict"], done["change"]["key"]) == ("CONFIRMED", "train.cosine")
    assert "def gain" in (ready.path / "train.py").read_text()
    assert ready.git("status", "--porcelain") == ""


STEPS = [
    ("write-tree", "before"), ("commit-tree", "before"), ("commit-tree", "after"),
    ("unpack-objects", "after"), ("update-ref", "before"), ("update-ref", "after"),
    ("restore", "before"), ("restore", "after"),
]  # fmt: skip


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_the_edit_in_the_tree_or_in_the_experiment(
    ready: World, tmp_path: Path
) -> None:
    git = shutil.which("git")
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" $STEP "*) found=yes;; esac\n'
        '[ "$found$WHEN" = yesbefore ] && kill -9 $PPID && exit 1\n'
        f'{git} "$@"; code=$?\n'
        '[ "$found$WHEN" = yesafter ] && kill -9 $PPID\n'
        "exit $code\n"
    )
    shim.chmod(0o755)
    path = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
    kept = set()
    for step, when in STEPS:
        script = edit_code(ready)
        ready.write("new.py", f"# {step}\n")
        ready.git("add", "new.py")
        before = names(ready)
        ready.gitexp(
            "start", "--code", *COSINE, BECAUSE, code=-signal.SIGKILL, STEP=step, WHEN=when,
            PATH=path,
        )  # fmt: skip
        made = names(ready) - before
        assert len(made) <= 1
        if made:
            held = f"exp/{made.pop()}"
            assert show(ready, f"{held}:train.py") == script
            assert show(ready, f"{held}:new.py") == f"# {step}\n".encode()
            ready.gitexp("check", held)
            kept.add((step, when))
        else:
            assert (ready.path / "train.py").read_bytes() == script
            assert (ready.path / "new.py").exists()
        ready.gitexp("status")
        ready.git("reset", "--quiet", "--hard")
    assert kept == {("update-ref", "after"), ("restore", "before"), ("restore", "after")}


def test_a_sparse_checkout_starts_with_all_of_the_edit_or_not_at_all(ready: World) -> None:
    for path in ("inside/part.py", "outside/part.py"):
        ready.write(path, "x = 1\n")
    ready.commit("two parts")
    ready.git("sparse-checkout", "set", "inside")
    assert not (ready.path / "outside").exists()
    edit_code(ready)
    ready.write("inside/part.py", "x = 2\n")
    ready.write("outside/part.py", "x = 2\n")
    said = refused(ready, "--code", *COSINE, code=3)
    assert "outside/part.py is edited, but it lies outside of this sparse checkout" in said
    shutil.rmtree(ready.path / "outside")
    ready.git("sparse-checkout", "reapply")
    started = ready.gitexp("start", "--code", *COSINE, BECAUSE, "--json").json
    brought = ready.git("diff", "--name-only", "main", started["code"]).split()
    assert brought == ["inside/part.py", "train.py"]
    assert ready.git("status", "--porcelain") == ""
    assert not (ready.path / "outside").exists()
