"""A repository that wants us to execute, to leak or to misread something."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import GitexpError, Refused, UsageError
from gitexp.lab.gate import check
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import open_project
from gitexp.workflows.start import start
from tests.arrange import refs, settle, show, trailers
from tests.project import BECAUSE, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WHO = "Ada <ada@example.org> 1700000000 +0000"


def started(world: World, *words: str) -> str:
    """Register C = 10 without a process of ours; returns the experiment's name."""
    setting = words[0] if words else "model.C=10"
    return start(open_project(world.path), BECAUSE, set_=setting).name


def ids(world: World, name: str) -> set[str]:
    report = check(open_project(world.path).repository, name)
    return {finding.id for finding in report.findings if not finding.advice}


def store(world: World, kind: str, content: bytes) -> str:
    """Write an object that git itself might refuse to make."""
    done = subprocess.run(
        ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"], cwd=world.path,
        input=content, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


def shown(world: World) -> str:
    """All that the reading commands print, which no terminal may obey."""
    ran = [world.gitexp(*words) for words in (("log",), ("log", "--json"))]
    text = "".join(each.out + each.err for each in ran)
    assert all(c == "\n" or c.isprintable() for c in text), ascii(text)
    return text


# --- commits that no hook saw --------------------------------------------------------------------


def by_plumbing(world: World) -> None:
    blob = store(world, "blob", show(world, "main:config.toml").replace(b"20", b"40"))
    world.git("update-index", "--cacheinfo", f"100644,{blob},config.toml")
    commit = world.git("commit-tree", "-p", "main", "-m", BECAUSE, world.git("write-tree"))
    world.git("update-ref", "refs/heads/exp/unseen", commit)
    world.git("reset", "--quiet")


def by_import(world: World) -> None:
    text = show(world, "main:config.toml").replace(b"20", b"40")
    stream = (
        f"commit refs/heads/exp/unseen\ncommitter {WHO}\ndata {len(BECAUSE)}\n{BECAUSE}\n"
        f"from refs/heads/main^0\nM 100644 inline config.toml\ndata {len(text)}\n"
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input=stream.encode() + text, check=True
    )


def by_no_verify(world: World) -> None:
    world.git("switch", "--quiet", "--create", "exp/unseen")
    world.edit("epochs = 20", "epochs = 40")
    world.git("commit", "--quiet", "--no-verify", "-am", BECAUSE)


@pytest.mark.parametrize("way", [by_plumbing, by_import, by_no_verify])
def test_commits_that_no_hook_saw_are_judged_before_they_run(
    way: Callable[[World], None], ready: World
) -> None:
    way(ready)
    assert ids(ready, "unseen") == {"T1"}
    ran = ready.gitexp("run", "unseen", code=1)
    assert "T1 ·" in ran.err
    assert ready.git("notes", "--ref=gitexp-runs", "list") == ""


# --- odd commits ---------------------------------------------------------------------------------

# Headers after the parents, what replaces "underfits" in the message, and what check says of it.
ODD: dict[str, tuple[bytes, bytes, set[str]]] = {
    "latin-1": (b"encoding ISO-8859-1\n", "Größe".encode("latin-1"), set()),
    "no-such-encoding": (b"encoding klingon\n", b"\xff\xfe\x80", set()),
    "not-utf8": (b"", b"\xff\xfe\x80", set()),
    "huge": (b"", b"underfits" + b" and so on" * 20_000, set()),
    "odd-headers": (b"gpgsig -----BEGIN\n x\nmergetag object x\nx-y z\n", b"underfits", set()),
    "nul": (b"", b"under\0fits", {"T1"}),
    "escape": (b"", b"\x1b[2Junderfits", {"H6"}),
    "direction": (b"", "\u202eunderfits".encode(), {"H6"}),
}


def odd_commit(world: World, like: str, name: str, *parents: str) -> str:
    headers, word, _ = ODD.get(name, (b"", b"underfits", set()))
    message = world.git("log", "-1", "--format=%B", f"exp/{like}").replace(like, name).encode()
    head = f"tree {world.git('rev-parse', f'exp/{like}^{{tree}}')}\n"
    head += "".join(f"parent {world.git('rev-parse', parent)}\n" for parent in parents)
    head += f"author A\x1b[31m\u202e <a@b> 99999999999999999999 +9999\ncommitter {WHO}\n"
    text = message.replace(b"underfits", word, 1)
    commit = store(world, "commit", head.encode() + headers + b"\n" + text)
    world.git("update-ref", f"refs/heads/exp/{name}", commit)
    return commit


def test_odd_commits_are_judged_by_what_git_reads_in_them(ready: World) -> None:
    name = started(ready)
    for odd, (_, _, expected) in ODD.items():
        odd_commit(ready, name, odd, "main")
        assert ids(ready, odd) == expected, odd
    odd_commit(ready, name, "merge", "main", f"exp/{name}")
    assert ids(ready, "merge") == {"B1"}
    odd_commit(ready, name, "root")
    with pytest.raises(GitexpError, match="no common commit"):
        check(open_project(ready.path).repository, "root")
    said = shown(ready)
    assert all(f"exp/{odd}" in said for odd in (*ODD, "merge", "root"))
    assert "Größe" in said


def test_a_replaced_commit_is_judged_as_it_is(ready: World) -> None:
    name = started(ready)
    other = started(ready, "train.epochs=40")
    ready.git("replace", f"exp/{name}", f"exp/{other}")
    assert "epochs = 40" in ready.git("show", f"exp/{name}:config.toml")
    report = check(open_project(ready.path).repository, name)
    assert report.ok
    assert str(report.change) == "config.toml: model.C = 1.0 -> 10"


# --- refs ----------------------------------------------------------------------------------------


def test_other_names_of_a_commit_neither_hide_nor_rename_an_experiment(ready: World) -> None:
    name = started(ready)
    commit = ready.git("rev-parse", f"exp/{name}")
    for ref in (
        "refs/heads/exp/--upload-pack=touch", "refs/heads/exp/$(id)", 'refs/heads/exp/"a"',
        "refs/heads/exp/;id", "refs/heads/exp/UPPER", "refs/heads/exp/a", "refs/heads/exp/sub/deep",
        "refs/remotes/origin/exp/--upload-pack=touch", "refs/remotes/-x/exp/a",
        "refs/heads/exp/\u202etxt", "refs/heads/heads/main", f"refs/tags/exp/{name}",
        f"refs/heads/refs/heads/exp/{name}", "refs/heads/exp/a\u2028b", "refs/heads/exp/a\x85b",
    ):  # fmt: skip
        ready.git("update-ref", ref, commit)
    ready.git("tag", "main", commit)
    ready.git("symbolic-ref", "refs/heads/exp/moon", "refs/heads/main")
    rows = ready.gitexp("log", "--json").json
    assert [row["name"] for row in rows] == [name, "moon"]
    assert ids(ready, name) == set()
    assert ids(ready, "a") == {"T2"}  # its trailer names the other
    assert "B1" in ids(ready, "moon")
    assert ready.gitexp("show", name, "--json").json["commit"] == commit
    assert ready.gitexp("show", "a", "--json").json["commit"] == commit
    assert "$(" not in shown(ready)
    before = ready.git("rev-parse", "refs/heads/main")
    assert ready.gitexp("start", "--set", "model.C=30", BECAUSE, "--json").json["baseline"]
    assert ready.git("rev-parse", "refs/heads/main") == before


def test_a_name_that_is_none_is_refused_before_git_hears_of_it(ready: World) -> None:
    before = ready.snapshot()
    project = open_project(ready.path)
    for word in ("$(touch pwned)", "--upload-pack=x", "../x", "a b", "a\nb", "", "-x", "a/b"):
        with pytest.raises(UsageError, match="is not a valid experiment name"):
            find_experiment(project.repository, word)
    for command in ("check", "run"):
        ran = ready.gitexp(command, "--", "\x1b[2J;id", code=2)
        assert ran.err.replace("\n", "").isprintable()
    assert ready.snapshot() == before


# --- files and keys ------------------------------------------------------------------------------

NAMES = (
    "c/--output=x.toml", "$(touch pwned).toml", "it's \"a\" `b`.toml", ":(top)x.toml",
    "*[a]?.toml", "größe 模型.toml", "a = b -> c: d.toml",
)  # fmt: skip


@pytest.mark.parametrize("file", NAMES)
def test_a_config_of_any_name_is_read_and_set(file: str, ready: World) -> None:
    ready.write(file, "'$(touch pwned)' = 1\n\"-x\\u001b\\u202e\\n'\" = [1, 2]\n")
    # A glob of the settings is one; as a name it holds no pattern.
    settle(ready, config=[file.replace("*[a]?", "[*][[]a[]][?]")])
    name = started(ready, "'$(touch pwned)'=2")
    assert ids(ready, name) == set()
    ready.edit("[1, 2]", "[1, 3]", file)
    edited = start(open_project(ready.path), BECAUSE).name
    assert trailers(ready, f"exp/{edited}")["Change"].isprintable()
    assert ids(ready, edited) == set()
    ready.edit("[1, 2]", "[1, 3]", file)
    ready.edit(" = 1", " = 2", file)
    ran = ready.gitexp("start", BECAUSE, code=1)
    assert "C2 ·" in ran.err
    assert ran.err.replace("\n", "").isprintable()
    assert not (ready.path / "pwned").exists()


def test_files_that_cannot_be_named_are_refused_on_one_line(ready: World) -> None:
    settle(ready, config=["*.toml"])
    ready.write("two\nlines.toml", "a = 1\n")
    ready.write("esc\x1b[2J.txt", "a\n")
    ready.commit("odd files")
    name = started(ready)  # the others can still be set
    assert ids(ready, name) == set()
    ready.write("esc\x1b[2J.txt", "b\n")
    ready.write("two\nlines.toml", "a = 2\n")
    ran = ready.gitexp("start", BECAUSE, code=1)
    assert "C1 ·" in ran.err
    assert "\\x1b[2J.txt" in ran.err
    assert ran.err.replace("\n", "").isprintable()


def test_files_whose_names_differ_in_case_alone_are_two(ready: World) -> None:
    ready.write("CONFIG.toml", show(ready, "main:config.toml"))
    ready.commit("the same in capitals")
    assert ids(ready, started(ready)) == set()
    ready.git("switch", "--quiet", "--create", "exp/capitals")
    ready.edit("C = 1.0", "C = 10", "CONFIG.toml")
    ready.git("commit", "--quiet", "--no-verify", "-am", BECAUSE)
    assert "C1" in ids(ready, "capitals")


def test_what_a_link_points_to_is_never_read(ready: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret.toml"
    secret.write_text("[model]\nC = 1.0\ntoken = 'x'\n")
    ready.write("real.toml", show(ready, "main:config.toml"))
    config = ready.path / "config.toml"
    config.unlink()
    config.symlink_to("real.toml")
    ready.commit("a link")
    with pytest.raises(Refused) as refused:
        started(ready)
    assert [finding.id for finding in refused.value.findings] == ["C6"]
    config.unlink()
    config.symlink_to(secret)
    with pytest.raises(Refused) as refused:
        start(open_project(ready.path), BECAUSE)
    assert [finding.id for finding in refused.value.findings] == ["C6"]
    blob = ready.git("hash-object", "--no-filters", str(secret))
    assert ready.try_git("cat-file", "-e", blob).code != 0
    ready.git("switch", "--quiet", "--force", "--create", "exp/linked")
    config.unlink()
    config.symlink_to(secret)
    ready.git("commit", "--quiet", "--no-verify", "-am", BECAUSE)
    assert "C6" in ids(ready, "linked")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_config_of_another_encoding_is_refused_with_its_place(
    encoding: str, ready: World
) -> None:
    text = "# größe\n[model]\nC = 1.0\n"
    ready.write("config.toml", text.encode(encoding))
    ready.commit("another encoding")
    ready.write("config.toml", text.replace("1.0", "10").encode(encoding))
    said = ready.gitexp("start", BECAUSE, code=1).err
    assert "C7 ·" in said
    assert "at line 1, column " in said


# --- what git shows otherwise than it stores -----------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    ["ident export-subst", "working-tree-encoding=UTF-16LE-BOM", "eol=crlf", "-diff -text binary",
     "filter=missing", "merge=union", "text=auto encoding=x"],
)  # fmt: skip
def test_attributes_make_no_second_change(attributes: str, ready: World) -> None:
    ready.write(".gitattributes", f"config.toml {attributes}\n")
    ready.git("add", ".gitattributes")
    ready.git("commit", "--quiet", "-m", "attributes")
    config = ready.path / "config.toml"
    config.unlink()
    ready.git("restore", "config.toml")
    encoding = "utf-16" if "UTF-16" in attributes else "utf-8"
    lies = config.read_bytes()
    config.write_bytes(lies.decode(encoding).replace("C = 1.0", "C = 10").encode(encoding))
    name = start(open_project(ready.path), BECAUSE).name
    assert config.read_bytes() == lies
    assert ids(ready, name) == set()
    assert show(ready, f"exp/{name}:config.toml") == show(ready, "main:config.toml").replace(
        b"C = 1.0", b"C = 10"
    )
    ready.git("switch", "--quiet", f"exp/{name}")
    assert ready.pre_run().code == 0


def assumed(world: World) -> None:
    world.git("update-index", "--assume-unchanged", "config.toml")


def skipped(world: World) -> None:
    world.git("update-index", "--skip-worktree", "config.toml")


def filtered(world: World) -> None:
    world.write(".gitattributes", "config.toml filter=mute\n")
    world.commit("a filter")
    world.git("config", "filter.mute.clean", "sed 's/epochs = .*/epochs = 20/'")
    world.edit("epochs = 20", "epochs = 40")


@pytest.mark.parametrize("hide", [assumed, skipped, filtered])
def test_an_edit_where_git_does_not_look_is_named_and_kept(
    hide: Callable[[World], None], ready: World
) -> None:
    hide(ready)
    ready.edit("C = 1.0", "C = 10")
    lies, before = (ready.path / "config.toml").read_bytes(), refs(ready)
    with pytest.raises(Refused) as refused:
        start(open_project(ready.path), BECAUSE)
    [finding] = refused.value.findings
    assert finding.id == "W1"
    assert ((ready.path / "config.toml").read_bytes(), refs(ready)) == (lies, before)
    ready.run("sh", "-c", finding.hint.split("\n")[0])
    if hide is not filtered:
        start(open_project(ready.path), BECAUSE)


# --- settings of others --------------------------------------------------------------------------


def test_a_fetched_branch_does_not_choose_its_own_baseline(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "theirs")
    ready.edit("0.9 +", "0.99 +", "train.py")
    text = (ready.path / "gitexp.toml").read_text().replace('baseline = "main"\n', "")
    ready.write("gitexp.toml", f'baseline = "theirs"\n{text}')
    ready.commit("another baseline")
    ready.git("switch", "--quiet", "--create", "exp/theirs")
    ready.edit("C = 1.0", "C = 10")
    ready.git("commit", "--quiet", "--no-verify", "-am", BECAUSE)
    assert {"B1", "C1"} <= ids(ready, "theirs")
    ready.gitexp("run", "theirs", code=1)


def test_settings_that_point_outside_stop_everything(ready: World) -> None:
    name = started(ready)
    ready.edit('config = ["config.toml"]', 'config = ["../config.toml"]', "gitexp.toml")
    ready.commit("settings that a pull brought")
    for words in (("run", name), ("start", "--set", "model.C=3", BECAUSE)):
        assert "config must be a list of paths inside" in ready.gitexp(*words, code=3).err
