"""Each rule's examples, as docs/rules.md shows them, put through the gate."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitexp.lab.catalogue import FAMILIES, all_rules, find_rule, shared_examples
from gitexp.rules.catalogue import Example, ExampleKind, Rule, page
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.one_change import inspect
from tests.project import TRAIN, Ran, World, copied, git

ROOT = Path(__file__).parents[2]
SIDES = [(rule, side) for rule in all_rules() for side in ("refused", "accepted")]
FILES = shared_examples().files
NAME = "brave-otter"
SETTINGS = """\
config = ["config.toml", "config.yaml", "knobs.list"]
command = "python train.py"
metric = "accuracy"
seed_key = "train.seed"
repeats = [3]
vary = "split"
rules = 2
"""


def test_ids_are_unique_and_all_that_the_code_names() -> None:
    named, ailments = set(), set()
    for path in (ROOT / "gitexp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.update(re.findall(r"^([A-Z][0-9]{1,2})(?=$|: )", node.value))
            # What gitexp doctor finds is not a rule: it refuses nothing.
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem":
                ailments.add(ast.literal_eval(node.args[0]))
    assert len({rule.id for rule in all_rules()}) == len(all_rules())
    assert {rule.id for rule in all_rules()} == named - ailments


def test_every_family_has_a_file_and_every_file_is_read() -> None:
    folder = ROOT / "gitexp" / "rules" / "catalogue"
    assert {path.stem for path in folder.glob("*.toml")} == {*FAMILIES, "shared"}


def test_a_rule_is_found_by_its_id_in_any_case() -> None:
    found = find_rule("c2")
    assert found is not None
    assert found.says == "several values differ"
    assert find_rule("C99") is None


def test_a_page_shows_the_rule_its_reason_and_both_examples() -> None:
    rule = find_rule("S2")
    assert rule is not None
    lines = page(rule, width=60).split("\n")
    assert lines[0].startswith("S2 (advice): the design would probably miss")
    prose = [line for line in lines if not line.startswith("    ")]
    assert max(map(len, prose)) <= 60
    assert lines.index("Gets this advice:") < lines.index("Does not get it:")
    assert "    " + rule.refused.parts[0] in lines


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


def apply(diff: str, folder: Path) -> tuple[Edited, ...]:
    """What a diff makes of the files that the examples start from."""
    folder.mkdir()
    for path, text in FILES.items():
        (folder / path).write_text(text)
    if diff:
        subprocess.run(["git", "apply"], cwd=folder, input=diff.encode(), check=True)
    return tuple(edited for path in sorted(folder.iterdir()) for edited in compare(path))


def compare(path: Path) -> list[Edited]:
    before, after = FILES.get(path.name), path.read_text()
    old_mode = "000000" if before is None else "100644"
    new_mode = "100755" if os.access(path, os.X_OK) else "100644"
    if (old_mode, before) == (new_mode, after):
        return []
    old = None if before is None else before.encode()
    return [Edited(path.name, old_mode, new_mode, old, after.encode())]


def as_experiment(example: Example, folder: Path) -> tuple[tuple[Edited, ...], str]:
    """What an example changes, and its message, under the name that the catalogue gives it."""
    shared = shared_examples().examples
    [text] = example.parts
    if example.kind is ExampleKind.MESSAGE:
        return apply(shared["one value"].parts[0], folder), text
    files = apply(text, folder)
    found = inspect(files, ["config.toml", "config.yaml", "knobs.list"]).change
    trailers = shared["registered"].parts[0].partition("\n\n")[2]
    written = f"Change: {found}" if found else r"\g<0>"
    trailers = re.sub(r"(?m)^Change: .*$", written, trailers)
    return files, f"This lifts accuracy because the model underfits\n\n{trailers}"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Ids that `gitexp check --all` has for every example that is a commit, by branch."""
    # The sealed world comes for each test; this repository is made once for all of them.
    folder = tmp_path_factory.mktemp("catalogue")
    world = World(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    stream = "reset refs/heads/main\n"
    stream += commit("", "main", (), "base").replace("from \n", "")
    settings = f"{SETTINGS}first_seed = 1\n"  # of the seeds that the examples register
    for path, text in ({**FILES, "gitexp.toml": settings}).items():
        stream += f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"
    for rule, side in SIDES:
        example: Example = getattr(rule, side)
        if example.kind is not ExampleKind.COMMANDS:
            name = f"{rule.id.lower()}-{side}"
            files, message = as_experiment(example, tmp_path_factory.mktemp(name) / "files")
            stream += commit("refs/heads/main", f"exp/{name}", files, message.replace(NAME, name))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream.encode(), check=True)
    ran = world.gitexp(
        "check", "--all", "--json", code=1, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull
    )
    return {
        report["name"]: {found["id"] for found in report["violations"] + report["advice"]}
        for report in ran.json
    }


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project and its server are kept, once they are made."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
def project(shelf: Path, tmp_path: Path) -> World:
    """A project, with a server that has gitexp's hook as its origin; made once and copied."""
    if not (shelf / "project").exists():
        make_project(shelf)
    server = copied(shelf / "server.git", tmp_path / "server.git")
    world = copied(shelf / "project", tmp_path / "project")
    world.git("remote", "set-url", "origin", str(server.path))
    return world


def make_project(folder: Path) -> None:
    world = World(folder / "project")
    world.path.mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "server.git")
    World(folder / "server.git").gitexp("init")
    world.write("config.toml", FILES["config.toml"])
    # With less noise, so that what is to be confirmed always is.
    train = TRAIN.replace("['epochs']", "['seed']").replace("gauss(0, 0.001)", "gauss(0, 0.0002)")
    assert train.count("0.0002") == 1
    world.write("train.py", train)
    world.write("gitexp.toml", SETTINGS)
    world.git("init", "--quiet")
    world.git("remote", "add", "origin", str(folder / "server.git"))
    world.commit("baseline")
    world.gitexp("init", "--yes")
    world.git("push", "--quiet", "--set-upstream", "origin", "main")


def play(world: World, commands: Example) -> Ran:
    """Type commands one after the other; all but the last must succeed."""
    *first, last = commands.parts
    for step in first:
        ran = world.run("bash", "-c", step)
        assert ran.code == 0, (step, ran)
    return world.run("bash", "-c", last)


def examples(*, commands: bool) -> list[Any]:
    """Parameters of a test: rule and side."""
    found, seen = [], set()
    for rule, side in SIDES:
        example: Example = getattr(rule, side)
        if (example.kind is ExampleKind.COMMANDS) != commands or (commands and example in seen):
            continue
        seen.add(example)
        # What trains, or does twenty things, takes a while.
        slow = commands and re.search("gitexp (run|baseline)|seq", example.text)
        marks = [pytest.mark.slow] if slow else []
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
    if rule.id == "V6":
        found.discard("V19")  # what was forged turned the verdict, too
    broken = {rule.id} if side == "refused" else set()
    assert (bool(ran.code), found) == (bool(broken) and not rule.advice, broken), ran
