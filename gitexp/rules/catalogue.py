"""Every rule by its id: what it says, why, and an example that it refuses beside one that passes.

docs/rules.md is written from this, and the tests run each example through the gate. Nothing else
loads it: hooks have no time for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.one_change import Edited

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of the examples: `config.toml` and `knobs.list` are declared, `train.seed` is the seed.
CONFIG = "[model]\nC = 1.0\nkernel = 'rbf'\n\n[train]\nlr = 1e-3\nseed = 1\n"
NAME = "brave-otter"
BECAUSE = "C=10 lifts accuracy because the model underfits: train accuracy is 0.93"
TRAILERS = f"""\
Experiment: {NAME}
Change: config.toml: model.C = 1.0 -> 10
Criterion: accuracy +0.005
Repeats: 5 10 20
Seeds: 1-20
Vary: split 0.25
Campaign: 1
Level: 0.005
"""


@dataclass(frozen=True, slots=True)
class Diff:
    """An example that the files of an experiment show."""

    files: tuple[Edited, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """An example that its commit message shows; the change is `model.C = 10`."""

    text: str


@dataclass(frozen=True, slots=True)
class Commands:
    """An example that a few commands show, in a project whose server has gitexp's hook."""

    text: str


Example = Diff | Message | Commands


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; advice only informs, all else refuses."""

    id: str
    says: str
    why: str
    refused: Example
    accepted: Example
    advice: bool = False


def _edit(*pairs: tuple[str, str], path: str = "config.toml", before: str = CONFIG) -> Edited:
    """An edit of a file: each text of a pair, which occurs once, becomes the other."""
    after = before
    for old, new in pairs:
        assert before.count(old) == 1, old  # noqa: S101 - an example that is none
        after = after.replace(old, new)
    return Edited(path, "100644", "100644", before.encode(), after.encode())


def _mode(path: str, old: str, new: str) -> Edited:
    return Edited(path, old, new, CONFIG.encode(), CONFIG.encode())


def _new(path: str, text: str) -> Edited:
    return Edited(path, "000000", "100644", None, text.encode())


_C = ("C = 1.0", "C = 10")
_ONE = Diff((_edit(_C),))
_GOOD = Message(f"{BECAUSE}\n\n{TRAILERS}")
_START = f'gitexp start --switch --set model.C=10 "{BECAUSE}"'


def _said(text: str) -> Message:
    return Message(f"{text}\n\n{TRAILERS}")


def _told(old: str, new: str) -> Message:
    assert TRAILERS.count(old) == 1, old  # noqa: S101 - an example that is none
    return Message(f"{BECAUSE}\n\n{TRAILERS.replace(old, new)}")


def _steps(*lines: str) -> Commands:
    return Commands("".join(f"{line}\n" for line in lines))


_CHANGE: Sequence[Rule] = (
    Rule(
        "C1", "another file differs",
        "What runs would differ in more than the change. Code and data go to the baseline first,"
        " behind a config line that leaves behaviour as it is.",
        Diff((_edit(_C), _edit(("'rbf'", "'linear'"), path="train.py",
                               before="kernel = 'rbf'\n"))), _ONE,
    ),
    Rule(
        "C2", "several values differ",
        "Nobody could say which of them did it; one line is no help where it holds two values.",
        Diff((_edit(_C, ("lr = 1e-3", "lr = 1e-2")),)), _ONE,
    ),
    Rule(
        "C3", "one value differs, and several lines do",
        "The rest of the edit hides in the diff.",
        Diff((_edit(("C = 1.0", "# ten times as much\nC = 10")),)), _ONE,
    ),
    Rule(
        "C4", "the text differs and no value does",
        "A comment, space, order or another spelling: there is nothing to measure.",
        Diff((_edit(("lr = 1e-3", "lr = 0.001")),)), Diff((_edit(("lr = 1e-3", "lr = 0.002")),)),
    ),
    Rule(
        "C5", "line ends, or the last newline, changed",
        "A change of its own, invisible in most editors.",
        Diff((_edit(("seed = 1\n", "seed = 1")),)), _ONE,
    ),
    Rule(
        "C6", "the file is no regular one any more, has another mode, or is too large to be read",
        "An experiment changes one value of a file; what becomes of the file is another matter.",
        Diff((_mode("config.toml", "100644", "100755"),)), _ONE,
    ),
    Rule(
        "C7", "the config does not parse",
        "No program could read it, so nothing is run. The line is named.",
        Diff((_edit(("C = 1.0", "C = 1.0.0")),)), _ONE,
    ),
    Rule(
        "C8", "the seed is the change",
        "Repeats vary the seed anyway, and a lucky one is no progress.",
        Diff((_edit(("seed = 1", "seed = 2")),)), _ONE,
    ),
    Rule(
        "C9", "a key or table is renamed",
        "That removes one value and adds another. It goes to the baseline, with the code that"
        " reads it.",
        Diff((_edit(("lr = 1e-3", "rate = 1e-3")),)), _ONE,
    ),
    Rule(
        "C10", "nothing differs", "There is nothing to measure.", Diff(()), _ONE,
    ),
    Rule(
        "C11", "no parser for this format",
        "Lines were compared and values not: whether the one line holds one value, you have to"
        " say yourself.",
        Diff((_edit(("depth 3", "depth 4"), path="knobs.list", before="depth 3\nwidth 8\n"),)),
        _ONE, advice=True,
    ),
    Rule(
        "N1", "a notebook is among what changes, or is what the command runs",
        "No commit holds the order in which its cells were run. Elsewhere in the repository"
        " notebooks are nobody's business.",
        Diff((_edit(_C), _new("train.ipynb", '{"cells": []}\n'))), _ONE,
    ),
)  # fmt: skip

_PLACE: Sequence[Rule] = (
    Rule(
        "B1", "the experiment is not exactly one commit on its baseline branch",
        "A second commit is a second change, and a commit in between that is not on the baseline"
        " is one that nobody sees.",
        _steps(_START,
               "git commit --no-verify --allow-empty --reuse-message=HEAD",
               "gitexp check"),
        _steps(_START, "gitexp check"),
    ),
    Rule(
        "B2", "the branch's name cannot be an experiment's",
        "It becomes a file, a word to type and part of other refs: up to 60 small letters, digits"
        " and dashes.",
        _steps(_START, "git branch --move exp/Team_Otter", "gitexp check main.."),
        _steps(_START, "git branch --move exp/team-otter",
               "git commit --amend --no-edit", "gitexp check main.."),
    ),
    Rule(
        "B3", "there is nothing to hold the experiment against",
        "It has no commit in common with its baseline branch, or that has no valid settings. One"
        " experiment alone ends in exit code 3 and the same words.",
        _steps("git switch --orphan exp/lonely", "git checkout main -- config.toml",
               f'git commit --no-verify --message "{BECAUSE}"', "gitexp check --all"),
        _steps("git switch --create exp/lonely", "sed -i.old 's/C = 1.0/C = 10/' config.toml",
               f'git commit --all --message "{BECAUSE}"', "gitexp check --all"),
    ),
    Rule(
        "W1", "a file is not as committed",
        "Asked before something trains from your own work tree: what would run is not the"
        " experiment.",
        _steps(_START, "echo '# faster' >> train.py", "git hook run pre-run"),
        _steps(_START, "git hook run pre-run"),
    ),
    Rule(
        "R1", "a run loaded code from outside its checkout",
        "The run counts as failed: it measured your work tree, and not the commit.",
        _steps("echo 'import sys; sys.path.insert(0, \"'$PWD'\"); import model' > new.py",
               "cat train.py >> new.py && mv new.py train.py",
               "touch model.py && git add --all && git commit --message 'Use the model'",
               "gitexp baseline"),
        _steps("echo 'import model' > new.py",
               "cat train.py >> new.py && mv new.py train.py",
               "touch model.py && git add --all && git commit --message 'Use the model'",
               "gitexp baseline"),
    ),
    Rule(
        "R2", "declared data changed while a run read it",
        "The run counts as failed: nobody could say on which data it stood.",
        _steps("echo 'data = [\"data.csv\"]' >> gitexp.toml",
               "touch data.csv && echo 'open(\"data.csv\", \"a\").write(\"1\")' >> train.py",
               "git add --all && git commit --message 'Use data' && gitexp trust --yes",
               "gitexp baseline"),
        _steps("echo 'data = [\"data.csv\"]' >> gitexp.toml",
               "touch data.csv && echo 'open(\"data.csv\").read()' >> train.py",
               "git add --all && git commit --message 'Use data' && gitexp trust --yes",
               "gitexp baseline"),
    ),
)  # fmt: skip

_MESSAGE: Sequence[Rule] = (
    Rule(
        "H0", "the hypothesis is empty", "There is nothing to confirm.",
        _said("\u200b"), _GOOD,
    ),
    Rule(
        "H1", "it asks a question",
        "A question cannot be confirmed or ruled out; the statement behind it can.",
        _said("Does C=10 lift accuracy because the model underfits?"), _GOOD,
    ),
    Rule(
        "H2", "it gives no reason",
        "Without one, any outcome teaches the same: nothing.",
        _said("C=10 lifts accuracy by half a point"), _GOOD,
    ),
    Rule(
        "H3", "it is a mere label",
        "It names the change without saying what it will do.",
        _said("Higher accuracy because C=10"), _GOOD, advice=True,
    ),
    Rule(
        "H4", "it names neither a metric nor a direction",
        "No number can prove it wrong.",
        _said("A wide kernel works on strokes because they are thick"), _GOOD, advice=True,
    ),
    Rule(
        "H5", "fashion is its only reason",
        "What others use was not seen in your baseline.",
        _said("AdamW lowers loss because it is the latest optimizer"), _GOOD, advice=True,
    ),
    Rule(
        "T1", "trailers are missing",
        "They fix beforehand what success means. The commit-msg hook fills them in.",
        Message(f"{BECAUSE}\n"), _GOOD,
    ),
    Rule(
        "T2", "a trailer does not tell the truth",
        "Change is what the diff says, Experiment the branch's name, Project the folder of the"
        " project that the change lies in.",
        _told("1.0 -> 10", "1.0 -> 2"), _GOOD,
    ),
    Rule(
        "T3", "Level is higher than the campaign allows",
        "Each experiment of a campaign has its share of the error budget.",
        _told("Level: 0.005", "Level: 0.05"), _GOOD,
    ),
    Rule(
        "T4", "a trailer cannot be read", "The line says what is expected there.",
        _told("accuracy +0.005", "better"), _GOOD,
    ),
)  # fmt: skip

_RUN_AND_PUSH = (
    "gitexp run",
    "git push --quiet origin HEAD 'refs/notes/gitexp*:refs/notes/gitexp*'",
)
_SERVER: Sequence[Rule] = (
    Rule(
        "S1", "a registered experiment would become another one",
        "Its commit is the pre-registration; whoever edits it afterwards has another experiment,"
        " under another name.",
        _steps(_START, "git push --quiet origin HEAD",
               "git commit --quiet --amend --message 'C=10 lifts accuracy because I say so'",
               "git push --force origin HEAD"),
        _steps(_START, "git push --quiet origin HEAD",
               "git branch --move exp/another-name",
               "git commit --quiet --amend --message 'C=10 lifts accuracy because I say so'",
               "git push --force origin HEAD"),
    ),
    Rule(
        "S2", "a measured experiment would be forgotten",
        "What was tried and failed counts too. An experiment under refs/gitexp/archive/ is out of"
        " the way, and still there.",
        _steps(_START, *_RUN_AND_PUSH,
               'git push origin --delete "$(git branch --show-current)"'),
        _steps(_START, *_RUN_AND_PUSH,
               'git push --quiet origin "HEAD:refs/gitexp/archive/$(basename $(git branch'
               ' --show-current))"',
               'git push origin --delete "$(git branch --show-current)"'),
    ),
    Rule(
        "S3", "notes would be rewritten or removed",
        "They hold everybody's results. Whoever owns the server may allow a rewrite there:"
        " git config gitexp.allowRedaction true.",
        _steps(_START, *_RUN_AND_PUSH, "git push origin --delete refs/notes/gitexp-runs"),
        _steps(_START, *_RUN_AND_PUSH,
               "git notes --ref=gitexp-runs append --message '{}' main",
               "git push origin refs/notes/gitexp-runs"),
    ),
)  # fmt: skip

RULES: dict[str, Sequence[Rule]] = {
    "The change": _CHANGE,
    "The place": _PLACE,
    "The message": _MESSAGE,
    "On a server": _SERVER,
}
