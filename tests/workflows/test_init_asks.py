"""What `gitexp init` asks and guesses, in code and in a terminal."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.cli import live
from gitexp.errors import UsageError
from gitexp.rules.documents.draft import DraftSettings
from gitexp.workflows.init import Setup, init
from tests.project import TRAIN
from tests.typed import typed

if TYPE_CHECKING:
    from tests.project import World


def settings(world: World) -> dict[str, Any]:
    return tomllib.loads((world.path / "gitexp.toml").read_text())


class Answers:
    """Answers in their order, then whatever is proposed; `asked` holds the questions."""

    def __init__(self, *answers: str) -> None:
        self.given, self.asked, self.questions = [*answers], list[str](), list[str]()

    def __call__(self, question: str, proposal: str) -> str:
        self.asked.append(question.split(maxsplit=1)[0])
        self.questions.append(question)
        return self.given.pop(0) if self.given else proposal


def set_up(world: World, answers: Answers, **given: str) -> Setup:
    return init(world.path, DraftSettings(**given), answers, live.watcher)  # type: ignore[arg-type]


def test_three_questions_are_asked_and_the_rest_is_guessed(bare_project: World) -> None:
    answers = Answers("python train.py", "accuracy", "seed")
    done = set_up(bare_project, answers)
    assert answers.asked == ["Training", "Metric", "What"]
    assert settings(bare_project)["vary"] == "seed"
    assert done.guessed == ("config", "direction", "effect", "repeats", "planned")
    assert done.trial is None


def test_what_was_given_is_not_asked_and_the_config_only_where_none_is_found(
    bare_project: World,
) -> None:
    bare_project.git("mv", "config.toml", "knobs.txt")
    bare_project.write("train.py", "print(f'accuracy={a}')\n")
    bare_project.commit("an odd name")
    answers = Answers("python train.py", "knobs.txt")
    set_up(bare_project, answers, metric="accuracy", vary="seed")
    assert answers.asked == ["Training", "Config"]
    assert settings(bare_project)["config"] == ["knobs.txt"]


def test_an_empty_answer_ends_and_does_not_loop(bare_project: World) -> None:
    bare_project.write("train.py", "")
    bare_project.commit("nothing to find")
    answers = Answers("python train.py", "  ")
    with pytest.raises(UsageError, match="could not find out: metric"):
        set_up(bare_project, answers)
    assert answers.asked == ["Training", "Metric", "What"]


def test_in_a_terminal_enter_takes_what_is_proposed_and_all_fits(bare_project: World) -> None:
    code, shown = typed(bare_project, "\n\n\n", "init")
    assert code == 0
    assert "Training command ({seed} is filled in) [python train.py]: " in shown
    assert "Metric that it reports [accuracy]: " in shown
    assert "Guessed: config, direction, effect, repeats, planned" in shown
    lines = shown.replace("]: ", "]:\n").splitlines()
    assert [line for line in lines if len(line) > 80 and str(bare_project.path) not in line] == []


def test_the_end_of_input_is_said(bare_project: World) -> None:
    before = bare_project.snapshot()
    code, shown = typed(bare_project, "\n\4", "init")
    assert code == 2
    said = " ".join(shown.split())
    assert "the input ended before every question was answered, and nothing was set up" in said
    assert "gitexp init --yes" in shown
    assert bare_project.snapshot() == before


def test_names_that_the_script_prints_are_shown_where_none_is_known(bare_project: World) -> None:
    bare_project.write("train.py", "print(f'Genauigkeit: {0.9}')\n")
    bare_project.commit("in German")
    err = bare_project.gitexp("init", "--yes", "--vary", "seed", code=2).err
    assert "could not find out: metric (the script prints Genauigkeit)" in err
    assert "-> gitexp init --vary seed --metric Genauigkeit" in err
    bare_project.git("rm", "--quiet", "train.py")
    bare_project.write("fit.ipynb", "{}")
    bare_project.commit("a notebook")
    err = bare_project.gitexp("init", "--yes", code=2).err
    assert "fit.ipynb is a notebook, and only scripts can run" in err


def test_what_can_be_run_is_named_where_no_command_is_known(bare_project: World) -> None:
    main = "if __name__ == '__main__':\n    print(f'Genauigkeit: {0.9}')\n"
    bare_project.git("rm", "--quiet", "train.py")
    bare_project.write("agents/dqn.py", main)
    bare_project.write("agents/ppo.py", main)
    bare_project.commit("two of them")
    err = bare_project.gitexp("init", "--yes", code=2).err
    assert "command, metric (agents/dqn.py, agents/ppo.py can be run)" in err
    assert "-> gitexp init --command 'python agents/dqn.py' --metric accuracy" in err
    answers = Answers("python agents/ppo.py", "accuracy", "seed")
    set_up(bare_project, answers)
    assert "agents/ppo.py" in answers.questions[0]


def test_a_program_that_is_not_here_is_pointed_out(bare_project: World) -> None:
    command = "OMP_NUM_THREADS=1 nosuchprogram train.py {seed}"
    out = bare_project.gitexp("init", "--yes", "--command", command).out
    assert "there is no program nosuchprogram on PATH or in the project" in " ".join(out.split())
    bare_project.gitexp("init", "--undo")
    (bare_project.path / "train.sh").write_text("#!/bin/sh\n")
    (bare_project.path / "train.sh").chmod(0o755)
    bare_project.commit("a program of its own")
    words = ("init", "--yes", "--command", "./train.sh", "--metric", "accuracy")
    assert "no program" not in bare_project.gitexp(*words).out


def test_what_only_a_shell_understands_is_refused_with_the_way_on(bare_project: World) -> None:
    before = bare_project.snapshot()
    command = "LR=1 python train.py > log"
    err = bare_project.gitexp("init", "--yes", "--command", command, code=2).err
    assert "the command has >, which only a shell understands" in err
    assert f"gitexp init --shell --command '{command}'" in err
    assert bare_project.snapshot() == before
    bare_project.gitexp("init", "--yes", "--shell", "--command", command)
    assert settings(bare_project)["shell"] is True


def test_data_that_git_does_not_track_is_named_and_can_be_linked(bare_project: World) -> None:
    bare_project.write(".gitignore", "data/\n")
    bare_project.write("data/x.csv", "1\n")
    bare_project.write("train.py", "open('data/x.csv').read()\n" + TRAIN)
    bare_project.commit("reads data")
    out = " ".join(bare_project.gitexp("init", "--yes").out.split())
    assert "may need data, which git does not track, so runs do not get it" in out
    assert "gitexp init --undo && gitexp init --link data" in out
    assert "link" not in settings(bare_project)
    bare_project.gitexp("init", "--undo")
    bare_project.gitexp("init", "--yes", "--link", "data")
    assert settings(bare_project)["link"] == ["data"]
    bare_project.gitexp("init", "--yes", "--link", "data")  # as it is already
    bare_project.gitexp("init", "--undo")
    # A folder is not linked unasked: a script could write to it through the link.
    script = (
        "import pathlib, sys\npathlib.Path('data/x.csv').exists() or sys.exit('no data/x.csv')\n"
    )
    bare_project.write("train.py", script + TRAIN)
    bare_project.commit("says what it lacks")
    words = ("init", "--yes", "--try", "--command", "python train.py")
    again = "gitexp init --try --command 'python train.py' --link data"
    assert again in bare_project.gitexp(*words, code=4).err
    # What else the script names beside it would be missing next.
    bare_project.write("data/y.csv", "1\n")
    bare_project.git("add", "--force", "data/y.csv")
    bare_project.write("data/z.csv", "1\n")
    bare_project.write("train.py", f"z = 'data/z.csv'\n{script}{TRAIN}")
    bare_project.commit("a tracked file, and another one that is not")
    assert f"{again}/x.csv --link data/z.csv" in bare_project.gitexp(*words, code=4).err
    bare_project.gitexp("init", "--yes", "--try", "--link", "data/x.csv")


def test_a_folder_for_output_is_not_proposed_as_data(bare_project: World) -> None:
    bare_project.write(".gitignore", "out*\n")
    bare_project.write("out-char/x.pt", "1\n")
    bare_project.write("config.toml", 'out_dir = "out-char"\nlr = 0.1\n')
    bare_project.commit("writes there")
    assert "out-char" not in bare_project.gitexp("init", "--yes").out


def test_a_key_of_the_config_stands_in_the_next_command(bare_project: World) -> None:
    assert "gitexp start --set model.C=VALUE" in bare_project.gitexp("init", "--yes").out
