from __future__ import annotations

import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.shell_words import read_commands
from gitexp.rules.gate.one_change import inspect
from tests.rules.gate.formats.cases import leaves, said, set_to, spelled_leaves

unhurried = settings(deadline=None, max_examples=100)

SCRIPT = """#!/bin/bash
set -e
# --lr 9
export MODE=offline
LR=0.1; ARGS="--wd 0.01 --amp"
CUDA_VISIBLE_DEVICES=0 python -u train.py --lr 0.1 \\
  --epochs=20 --layers 64 64 \\
  --name 'a b' --out "$HOME/x" --amp -j4 model.depth=3 > log.txt 2>&1  # the end
torchrun --nproc_per_node 2 train.py --lr $LR && python -m pkg.eval --k -1
for s in 1 2; do
  python train.py --seed $s
done
X=$(date)
cat <<EOF
--lr 1
EOF
python last.py --lr 5
"""


def test_the_tokens_of_a_script_are_its_values() -> None:
    assert spelled_leaves("run.sh", SCRIPT) == {
        '"(lines)"': "[#!/bin/bash, for s in 1 2, do, python train.py --seed $s, done, X=$(date),"
        " cat <<EOF\\u000a--lr 1\\u000aEOF]",
        "set.-e": "true",
        "MODE": '"offline"',
        "LR": '"0.1"',
        "ARGS.--wd": '"0.01"',
        "ARGS.--amp": "true",
        "python.CUDA_VISIBLE_DEVICES": '"0"',
        "python.-u": "true",
        "python.1": '"train.py"',
        '"train.py".--lr': '"0.1"',
        '"train.py".--epochs': '"20"',
        '"train.py".--layers': '"64"',
        '"train.py".1': '"64"',
        '"train.py".--name': '"a b"',
        '"train.py".--out': '"$HOME/x"',
        '"train.py".--amp': "true",
        '"train.py".-j': '"4"',
        '"train.py"."model.depth"': '"3"',
        '"train.py".">"': '"log.txt"',
        '"train.py"."2>&1"': "true",
        "torchrun.--nproc_per_node": '"2"',
        "torchrun.1": '"train.py"',
        '"train.py#2".--lr': "$LR",
        '"python#2".-m': '"pkg.eval"',
        '"pkg.eval".--k': '"-1"',
        '"python#3".1': '"last.py"',
        '"last.py".--lr': '"5"',
    }


# What is replaced, by what, and what is said of it.
EDITS = (
    ("--lr 0.1", "--lr 0.2", '"train.py".--lr = "0.1" -> "0.2"'),
    ("--epochs=20", "--epochs 30", '"train.py".--epochs = "20" -> "30"'),
    ("--epochs=20", "--epochs 20", "C4 0"),
    ("'a b'", '"a b"', "C4 0"),
    ("'a b'", '"a  b"', '"train.py".--name = "a b" -> "a  b"'),
    ('"$HOME/x"', "'$HOME/x'", '"train.py".--out = "$HOME/x" -> "$HOME/x"'),
    (" --amp -j4", " -j4", '"train.py".--amp = true -> (absent)'),
    ("-j4", "-j8", '"train.py".-j = "4" -> "8"'),
    ("64 64", "64 64 64", '"train.py".2 = (absent) -> "64"'),
    ("depth=3", "depth=4", '"train.py"."model.depth" = "3" -> "4"'),
    ("# --lr 9", "# --lr 8", "C4 0"),
    ("  # the end", "", "C4 0"),
    ("LR=0.1;", "LR=0.2;", 'LR = "0.1" -> "0.2"'),
    ("--wd 0.01", "--wd 0.02", 'ARGS.--wd = "0.01" -> "0.02"'),
    ("DEVICES=0", "DEVICES=1", 'python.CUDA_VISIBLE_DEVICES = "0" -> "1"'),
    ("&& python", "|| python", "C4 0"),
    ("--epochs=20 --layers 64", "--epochs=30 --layers 32", "C2 2"),
    ("--wd 0.01 --amp", "--wd 0.02", "C2 2"),
    ("--lr 0.1", "--rate 0.1", "C9 0"),
)


@pytest.mark.parametrize(("old", "new", "expected"), EDITS)
def test_an_edit_is_judged_by_the_tokens_that_it_changes(old: str, new: str, expected: str) -> None:
    assert SCRIPT.count(old) == 1
    assert said("run.sh", SCRIPT, SCRIPT.replace(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("in 1 2", "in 1 3"),
        ("$(date)", "$(date +1)"),
        ("\n--lr 1", "\n--lr 2"),
        ("--seed $s", "--seed 1"),
    ],
)
def test_a_line_that_only_a_shell_understands_is_held_to_the_line_rule(old: str, new: str) -> None:
    edited = [
        Edited("run.sh", "100644", "100644", SCRIPT.encode(), SCRIPT.replace(old, new).encode())
    ]
    found = inspect(edited, ["run.sh"])
    assert found.change is not None
    assert [(finding.id, finding.advice) for finding in found.findings] == [("C11", True)]
    both = SCRIPT.replace(old, new).replace("EOF\n", "EOF\nmore\n", 1)
    assert said("run.sh", SCRIPT, both).startswith("C")


SET = (
    ("train.py.--lr", "0.2", "--lr 0.2 "),
    ("epochs", "30", "--epochs=30 "),
    ("train.py.name", "it's", "--name 'it'\"'\"'s' "),
    ("train.py.--out", "$HOME", "--out '$HOME' "),
    ("wd", "0.1", '"--wd 0.1 --amp"'),
    ("train.py.-j", "8", "-j8 "),
    ("train.py.model.depth", "9", "depth=9 "),
    ("model.depth", "9", "model.depth=9 "),
    ("MODE", "a b", "MODE='a b'"),
    ("LR", "1", "LR=1; "),
    ("last.py.lr", "", "last.py --lr ''"),
    ("last.py.lr", "; rm x", "last.py --lr '; rm x'"),
)


@pytest.mark.parametrize(("key", "typed", "written"), SET)
def test_a_token_is_set_where_it_is_and_quoted(key: str, typed: str, written: str) -> None:
    edited = set_to("run.sh", SCRIPT, key, typed)
    assert written in edited
    changed = [
        pair
        for pair in zip(SCRIPT.split("\n"), edited.split("\n"), strict=True)
        if pair[0] != pair[1]
    ]
    assert len(changed) == 1
    assert (
        said("run.sh", SCRIPT, edited).endswith(f"-> {typed!r}".replace("'", '"')) or "'" in typed
    )


@pytest.mark.parametrize("key", ["lr", "optim.lr", '"+optim.lr"', '"train.py"."+optim.lr"'])
def test_an_override_that_adds_a_key_is_found_without_its_sign(key: str) -> None:
    text = "python train.py +optim.lr=0.1 ++model.drop=1\n"
    assert set_to("run.sh", text, key, "2") == text.replace("0.1", "2")


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("ARGS.--amp", "1"),
        ("wd", "0.1 0.2"),
        ("wd", '"'),
        ("train.py.-j", "a b"),
        ("last.py.lr", "; rm -rf x"),
        ("(lines)", "x"),
    ],
)
def test_what_has_no_token_of_its_own_is_left_to_an_editor(key: str, typed: str) -> None:
    quoted = f'"{key}"' if "(" in key else key
    with pytest.raises((LookupError, ValueError)):
        set_to("run.sh", SCRIPT, quoted, typed)


@pytest.mark.parametrize("written", ["a#1", "a*", "a?b", "*a", "{a,b}", "a~"])
def test_signs_of_a_shell_within_a_word_belong_to_it(written: str) -> None:
    found = spelled_leaves("run.sh", f"python t.py --name {written} --k 2\n")
    assert found['"t.py".--name'].strip('"') == written
    assert found['"t.py".--k'] == '"2"'


def test_what_follows_two_dashes_is_no_flag() -> None:
    found = spelled_leaves("run.sh", "python t.py --k 2 -- --lr 1\n")
    assert found == {
        "python.1": '"t.py"', '"t.py".--k': '"2"', '"t.py".1': '"--lr"', '"t.py".2': '"1"'
    }  # fmt: skip


@pytest.mark.parametrize("written", ['"$(date)"', '"`date`"', '"a $((1 + 1))"'])
def test_a_command_within_quotes_is_one_that_only_a_shell_understands(written: str) -> None:
    text = f"python t.py --name {written} --k 2"
    assert spelled_leaves("run.sh", f"{text}\n") == {'"(lines)"': f"[{text}]"}


def test_what_stands_in_brackets_is_one_command() -> None:
    text = "(cd src; python t.py --lr 1; ls)"
    assert spelled_leaves("run.sh", f"{text}\n") == {'"(lines)"': f"[{text}]"}


MAKEFILE = """LR ?= 0.1
FLAGS = --wd 0.1 --amp  # c
train: data
\t@python train.py --lr $(LR) --epochs 20 \\
\t\t--out $$HOME
eval:
\tpython eval.py --k 3 $(FLAGS)
\techo $(shell pwd)
"""


def test_recipes_and_variables_of_a_makefile_are_read() -> None:
    assert spelled_leaves("Makefile", MAKEFILE) == {
        "LR": '"0.1"',
        "FLAGS.--wd": '"0.1"',
        "FLAGS.--amp": "true",
        '"(lines)"': "[train: data, eval:, echo $(shell pwd)]",
        "python.1": '"train.py"',
        '"train.py".--lr': "$(LR)",
        '"train.py".--epochs': '"20"',
        '"train.py".--out': "$$HOME",
        '"python#2".1': '"eval.py"',
        '"eval.py".--k': '"3"',
        '"eval.py".1': "$(FLAGS)",
    }
    quoted = "all:\n\tpython t.py --out '$(LR)' --name 'a b'\n"
    found = spelled_leaves("Makefile", quoted)
    assert found['"t.py".--out'] == "'$(LR)'"
    assert found['"t.py".--name'] == '"a b"'
    assert "--epochs 30 " in set_to("Makefile", MAKEFILE, "epochs", "30")
    assert "LR ?= 0.2" in set_to("Makefile", MAKEFILE, "LR", "0.2")
    with pytest.raises(ValueError, match="make would read"):
        set_to("Makefile", MAKEFILE, "epochs", "$X")


def test_a_file_of_flags_is_one_command() -> None:
    text = "# c\n--lr=0.1\n--epochs 20 --amp\n--size\n3\n"
    assert spelled_leaves("flags.txt", text) == {
        "--lr": '"0.1"', "--epochs": '"20"', "--amp": "true", "--size": '"3"'
    }  # fmt: skip
    assert set_to("flags.txt", text, "size", "4") == text.replace("3", "4")
    unread = spelled_leaves("flags.txt", f"{text}--out $(date)\n")
    assert unread['"(lines)"'] == "[--out $(date)]"
    assert leaves("other.txt", "a = 1\n") == {("a",): "1"}
    assert set_to("other.txt", "a = 1\nb = 2\n", "a", "3") == "a = 3\nb = 2\n"
    assert said("flags.txt", text, text.replace("0.1", "0.2")) == '--lr = "0.1" -> "0.2"'


_WORD = st.text(st.sampled_from("ab01.=-/_ '\"$`\\;&|<>(){}*#~!ü\t"), max_size=6)


@unhurried
@given(st.lists(_WORD, max_size=6))
def test_quoted_words_are_what_shlex_reads(words: list[str]) -> None:
    text = f"echo {shlex.join(words)}"
    [command] = read_commands(text)
    assert isinstance(command, list)
    assert [word.value for word in command] == shlex.split(text)


@unhurried
@given(st.text(st.sampled_from("ab -='\"$()`\\;&|<>{}#\n"), max_size=30), _WORD)
def test_any_text_parses_and_a_set_token_is_one_change(text: str, typed: str) -> None:
    form = formats.format_of("run.sh")
    assert form is not None
    for key, value in leaves("run.sh", text).items():
        try:
            edited = form.set_value(text, key, form.spell_value(typed))
        except (ValueError, LookupError):
            continue
        if value != typed.strip():
            assert said("run.sh", text, edited).startswith(("C2", "C9")) is False, key


@pytest.mark.parametrize(
    "part", ["-v ", "'", '"', "<<a\n", "${", "$(", "((", "a;", "\\\n", "if x\n", "x=1 "]
)
def test_hostile_scripts_take_no_longer(part: str) -> None:
    began = time.perf_counter()
    leaves("run.sh", part * (60_000 // len(part)))
    assert time.perf_counter() - began < 5
