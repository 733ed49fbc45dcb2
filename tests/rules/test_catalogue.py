"""Each rule's examples, as docs/rules.md shows them, put through the gate."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.catalogue import CONFIG, NAME, RULES, TRAILERS, Commands, Diff, Message, Rule
from gitexp.rules.gate.one_change import Edited, inspect
from tests.project import TRAIN, Ran, World, git

if TYPE_CHECKING:
    from gitexp.rules.catalogue import Example

ROOT = Path(__file__).parents[2]
EVERY = [rule for group in RULES.values() for rule in group]
SIDES = [(rule, side) for rule in EVERY for side in ("refused", "accepted")]
SETTINGS = """\
config = ["config.toml", "knobs.list"]
command = "python train.py"
metric = "accuracy"
seed_key = "train.seed"
repeats = [3]
vary = "split"
"""


def test_ids_are_unique_and_all_that_the_code_names() -> None:
    named, ailments = set(), set()
    for path in (ROOT / "gitexp").rglob("*.py"):
        if path.name != "catalogue.py":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    named.update(re.findall(r"^([A-Z][0-9]{1,2})(?=$|: )", node.value))
                # What gitexp doctor finds is no rule: it refuses nothing.
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "Ailment":
                    ailments.add(ast.literal_eval(node.args[0]))
    assert len({rule.id for rule in EVERY}) == len(EVERY)
    assert {rule.id for rule in EVERY} == named - ailments


def test_examples_are_kept_out_of_what_hooks_load() -> None:
    using = [
        path for path in (ROOT / "gitexp").rglob("*.py") if "rules.catalogue" in path.read_text()
    ]
    assert using == []


def commit(base: str, name: str, edited: tuple[Edited, ...], message: str) -> str:
    """One commit for `git fast-import`."""
    lines = [f"commit refs/heads/{name}", "committer Ada <ada@example.org> 1700000000 +0000",
             f"data {len(message.encode())}", message, f"from {base}"]  # fmt: skip
    for file in edited:
        text = (file.after or b"").decode()
        lines += [
            f"M {file.new_mode} inline {file.path}", f"data {len(text.encode())}", text,
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def as_experiment(example: Diff | Message) -> tuple[tuple[Edited, ...], str]:
    """What an example changes, and its message, under the name that the catalogue gives it."""
    if isinstance(example, Message):
        after = CONFIG.replace("C = 1.0", "C = 10").encode()
        return (Edited("config.toml", "100644", "100644", CONFIG.encode(), after),), example.text
    found = inspect(example.files, ["config.toml", "knobs.list"]).change
    written = f"Change: {found}" if found else r"\g<0>"
    trailers = re.sub(r"(?m)^Change: .*$", written, TRAILERS)
    return example.files, f"This lifts accuracy because the model underfits\n\n{trailers}"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Ids that `gitexp check --all` has for every example that is a commit, by branch."""
    # The sealed world comes for each test; this repository is made once for all of them.
    folder = tmp_path_factory.mktemp("catalogue")
    world = World(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    stream = "reset refs/heads/main\n"
    stream += commit("", "main", (), "base").replace("from \n", "")
    for path, text in (
        ("config.toml", CONFIG), ("knobs.list", "depth 3\nwidth 8\n"), ("gitexp.toml", SETTINGS),
        ("train.py", "kernel = 'rbf'\n"),
    ):  # fmt: skip
        stream += f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"
    for rule, side in SIDES:
        example: Example = getattr(rule, side)
        if not isinstance(example, Commands):
            files, message = as_experiment(example)
            name = f"{rule.id.lower()}-{side}"
            stream += commit("refs/heads/main", f"exp/{name}", files, message.replace(NAME, name))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream.encode(), check=True)
    ran = world.gitexp(
        "check", "--all", "--json", code=1, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull
    )
    return {
        report["name"]: {found["id"] for found in report["violations"] + report["advice"]}
        for report in ran.json
    }


@pytest.fixture
def project(tmp_path: Path) -> World:
    """A project, with a server that has gitexp's hook as its origin."""
    world = World(tmp_path / "project")
    world.path.mkdir()
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "server.git")
    World(tmp_path / "server.git").gitexp("init")
    world.write("config.toml", CONFIG)
    world.write("train.py", TRAIN.replace("['epochs']", "['seed']"))
    world.write("gitexp.toml", SETTINGS)
    world.git("init", "--quiet")
    world.git("remote", "add", "origin", str(tmp_path / "server.git"))
    world.commit("baseline")
    world.gitexp("init", "--yes")
    world.git("push", "--quiet", "--set-upstream", "origin", "main")
    return world


def play(world: World, commands: Commands) -> Ran:
    """Type commands one after the other; all but the last must succeed."""
    *first, last = commands.steps
    for step in first:
        ran = world.run("bash", "-c", step)
        assert ran.code == 0, (step, ran)
    return world.run("bash", "-c", last)


def examples(*, commands: bool) -> list[Any]:
    """Parameters of a test: rule and side."""
    found, seen = [], set()
    for rule, side in SIDES:
        example: Example = getattr(rule, side)
        if isinstance(example, Commands) != commands or (commands and example in seen):
            continue
        seen.add(example)
        # What trains, or does twenty things, takes a while.
        told = "\n".join(example.steps) if isinstance(example, Commands) else ""
        marks = [pytest.mark.slow] if re.search("gitexp (run|baseline)|seq", told) else []
        found.append(pytest.param(rule, side, id=f"{rule.id}-{side}", marks=marks))
    return found


@pytest.mark.parametrize(("rule", "side"), examples(commands=False))
def test_an_example_breaks_its_rule_alone_and_its_counterpart_none(
    rule: Rule, side: str, judged: dict[str, set[str]]
) -> None:
    assert judged[f"{rule.id.lower()}-{side}"] == ({rule.id} if side == "refused" else set())


@pytest.mark.parametrize(("rule", "side"), examples(commands=True))
def test_commands_break_their_rule_alone_and_their_counterpart_none(
    rule: Rule, side: str, project: World
) -> None:
    ran = play(project, getattr(rule, side))
    found = set(
        re.findall(r"(?m)(?:^|: )([A-Z]\d{1,2})(?: \(advice\))?(?: ·|: )", ran.out + ran.err)
    )
    if rule.id != "S2":
        found.discard("S2")  # three repeats, so that all this takes no longer
    broken = {rule.id} if side == "refused" else set()
    assert (bool(ran.code), found) == (bool(broken) and not rule.advice, broken), ran
