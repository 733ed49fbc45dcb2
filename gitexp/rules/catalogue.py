"""Every rule by its id: what it says, why, and an example that it refuses beside one that passes.

docs/rules.md is written from this, and the tests run each example through the gate. Nothing else
loads it: hooks have no time for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.gate.one_change import Edited

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

    steps: tuple[str, ...]


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


def _steps(*steps: str) -> Commands:
    return Commands(steps)


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
        "A change of its own, invisible in most editors. `gitexp start` gives a line that you"
        " edited its old end back.",
        Diff((_edit(("seed = 1\n", "seed = 1")),)), _ONE,
    ),
    Rule(
        "C6", "the file is no regular one, has another mode, is kept by Git LFS or is too large",
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
        _steps(_START, "git branch --move exp/Team_Otter", "git push origin HEAD"),
        _steps(_START, "git branch --move exp/team-otter",
               "git commit --amend --no-edit", "git push origin HEAD"),
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
        "H6", "it holds what a terminal obeys instead of showing it",
        "Escapes, control characters, marks that turn the order of text: they could hide or turn"
        " around what others read.",
        _said("C=10 lifts\u202e accuracy because the model underfits"), _GOOD,
    ),
    Rule(
        "T1", "trailers are missing",
        "They fix beforehand what success means. The commit-msg hook fills them in.",
        Message(f"{BECAUSE}\n"), _GOOD,
    ),
    Rule(
        "T2", "a trailer does not tell the truth",
        "Change is what the diff says, Experiment the branch's name (a sync may set digits of the"
        " commit behind it), Project the folder of the project that the change lies in.",
        _told("1.0 -> 10", "1.0 -> 2"), _GOOD,
    ),
    Rule(
        "T3", "Level is higher than the campaign allows",
        "Each experiment of a campaign has its share of the error budget.",
        _told("Level: 0.005", "Level: 0.05"), _GOOD,
    ),
    Rule(
        "T4", "a trailer cannot be read, or holds what a terminal obeys",
        "The line says what is expected there.",
        _told("accuracy +0.005", "better"), _GOOD,
    ),
)  # fmt: skip

_LR = "lifts accuracy because the loss still falls when training ends"
_TRY = "gitexp start --set train.lr={0} 'lr={0} " + _LR + "'"
_TRY_AND_RUN = _TRY + " && gitexp run"
_KNOWN: Sequence[Rule] = (
    Rule(
        "K1", "the log has the answer",
        "The same change was decided on a baseline that runs alike; asking again until it suits is"
        " no experiment. A replication says so, and takes fresh seeds.",
        _steps(_START, "gitexp run", _START),
        _steps(_START, "gitexp run", _START.replace("--switch", "--replicate")),
    ),
    Rule(
        "K2", "the same change is registered already, or was tried on an older baseline",
        "It may be what you are after.",
        _steps(_START, _START), _steps(_START, _TRY.format(0.01)), advice=True,
    ),
    Rule(
        "K3", "KNOWN.toml has this settled",
        "What the team or the literature knows need not be run unawares; a reason lifts it.",
        _steps("gitexp known add 'rates above 0.01 diverge' --key train.lr --source 'run of May'",
               _TRY.format(0.1)),
        _steps("gitexp known add 'rates above 0.01 diverge' --key train.lr --source 'run of May'",
               _TRY.format(0.1) + " --despite 'there is a warm-up now'"),
    ),
    Rule(
        "K4", "the value lies between two that were ruled out",
        "Then a reason why it should differ from both belongs into the hypothesis.",
        _steps(_TRY_AND_RUN.format(0.01), _TRY_AND_RUN.format(0.03), _TRY.format(0.02)),
        _steps(_TRY_AND_RUN.format(0.01), _TRY_AND_RUN.format(0.03), _TRY.format(0.1)),
        advice=True,
    ),
    Rule(
        "K5", "another experiment says much the same",
        "Asked once there are twenty experiments, which nobody has all in mind.",
        _steps("for lr in $(seq 2 21); do gitexp start --set train.lr=$lr"
               f" 'the learning rate {_LR}'; done",
               f"gitexp start --set model.C=2 'the learning rate {_LR}'"),
        _steps(f"gitexp start --set train.lr=2 'the learning rate {_LR}'",
               f"gitexp start --set model.C=2 'the learning rate {_LR}'"),
        advice=True,
    ),
    Rule(
        "L1", "an idea keeps coming back",
        "Three experiments on one key and no confirmation, or the same value again: their intervals"
        " together say what is left to hope for.",
        _steps(*(_TRY_AND_RUN.format(lr) for lr in (0.01, 0.02, 0.03)), _TRY.format(0.1)),
        _steps(*(_TRY_AND_RUN.format(lr) for lr in (0.01, 0.02)), _TRY.format(0.1)),
        advice=True,
    ),
    Rule(
        "G1", "the promised gain is more than the gap could give",
        "The evidence names a ceiling, and the gain lies above it.",
        _steps(_START + " --gain 0.1 --evidence 'gap in training, ceiling 0.04'"),
        _steps(_START + " --gain 0.01 --evidence 'gap in training, ceiling 0.04'"),
        advice=True,
    ),
    Rule(
        "S1", "the baseline meets the criterion already",
        "Whatever the change does, it would count as success.",
        _steps("gitexp baseline", _START + " --expect 'accuracy >= 0.5'"),
        _steps("gitexp baseline", _START + " --expect 'accuracy >= 0.99'"),
    ),
    Rule(
        "S2", "the design cannot answer what it asks",
        "So few repeats see an effect of that size only by luck; it says how many would.",
        _steps(_START),
        _steps("sed -i.old 's/^repeats.*/repeats = [200]/' gitexp.toml",
               "git commit --all --message 'More repeats' && gitexp trust --yes", _START),
        advice=True,
    ),
    Rule(
        "S3", "a worse value of the project's own metric would count as success",
        "The settings say which direction is better.",
        _told("accuracy +0.005", "accuracy -0.005"), _GOOD,
    ),
)  # fmt: skip

_RECORD = "git notes --ref=gitexp-runs show"
_APPEND = "git notes --ref=gitexp-runs append --message"
_RIGHT = _steps(_START, "gitexp run", "gitexp verify")
_EXAMPLES = (
    """\
cat > train.py <<'END'
import os, random, tomllib
C = tomllib.load(open("config.toml", "rb"))["model"]["C"]
seed = os.environ["GITEXP_SEED"]
luck = random.Random(f"{seed} {C}")
right = {
    n: random.Random(n).random() < 0.6 + 0.02 * C + luck.gauss(0, 0.01)
    for n in random.Random(seed).sample(range(400), 200)
}
with open("predictions.csv", "w") as file:
    print("id,y_true,y_pred", file=file)
    for n, ok in right.items():
        print(f"{n},1,{int(ok)}", file=file)
print(f"accuracy={sum(right.values()) / len(right)}")
END""",
    "echo 'predictions = \"predictions.csv\"' >> gitexp.toml",
    "git commit --all --message 'Tell each example' && gitexp trust --yes",
    _START, "gitexp run",
)  # fmt: skip
_VERIFIED: Sequence[Rule] = (
    Rule(
        "V1", "a verdict note is not what message and records give",
        "The note is a view; `gitexp verify --fix` writes it anew.",
        _steps(_START, "gitexp run",
               "git notes --ref=gitexp add --force --message 'CONFIRMED: accuracy +1' HEAD",
               "gitexp verify"), _RIGHT,
    ),
    Rule(
        "V2", "records or verdicts belong to a commit that no experiment's ref holds",
        "An amended or deleted experiment leaves its results behind; dropped is not forgotten.",
        _steps(_START, "gitexp run", "git commit --quiet --amend --message"
               " 'C=10 lifts accuracy because I say so'", "gitexp verify"), _RIGHT,
    ),
    Rule(
        "V3", "records in a note were made by another commit",
        "git copies notes where notes.rewriteRef is set. Such records do not count.",
        _steps(_START, "gitexp run",
               f'{_APPEND} "$({_RECORD} main | grep -m1 seed)" HEAD', "gitexp verify"), _RIGHT,
    ),
    Rule(
        "V4", "an experiment has records, and the gate refuses it",
        "Somebody wrote them past the gate; they confirm nothing.",
        _steps("gitexp baseline", "git switch --create exp/two-values",
               "sed -i.old 's/C = 1.0/C = 10/; s/lr = 1e-3/lr = 1e-2/' config.toml",
               f'git commit --all --no-verify --message "{BECAUSE}"',
               f'{_APPEND} "$({_RECORD} main | sed "s/$(git rev-parse main)/$(git rev-parse'
               ' HEAD)/")" HEAD', "gitexp verify"), _RIGHT,
    ),
    Rule(
        "V5", "records stand in a condition in which the baseline was never measured",
        "They are never paired.",
        _steps(_START, "gitexp run",
               f'{_APPEND} "$({_RECORD} HEAD | grep -m1 seed | sed \'s/"attempt":1/"attempt":2/;'
               ' s/"condition":"/&other-/\')" HEAD', "gitexp verify"), _RIGHT, advice=True,
    ),
    Rule(
        "V6", "what the examples say is not what their outcomes give",
        "The variance over single examples is computed again from the outcomes that were stored.",
        _steps(*_EXAMPLES,
               f'git notes --ref=gitexp-runs add --force --message "$({_RECORD} HEAD |'
               ' sed \'s/"variance":/&9/\')" HEAD',
               "gitexp verify --fix || gitexp verify"), _steps(*_EXAMPLES, "gitexp verify"),
    ),
    Rule(
        "V7", "the outcomes of single examples are not here",
        "What they say cannot be computed again in this clone.",
        _steps(*_EXAMPLES, "git update-ref -d refs/notes/gitexp-data", "gitexp verify"),
        _steps(*_EXAMPLES, "gitexp verify"), advice=True,
    ),
    Rule(
        "V8", "the baseline took in what was not confirmed, without a reason",
        "`gitexp accept --anyway` keeps the reason.",
        _steps(_START, "git switch main", "git merge --quiet --no-ff -",
               "gitexp verify"),
        _steps(_START, "gitexp run", "git switch main", "gitexp accept", "gitexp verify"),
    ),
    Rule(
        "V9", "a baseline was measured on the seeds on which its own change had won",
        "It looks better than it is: seeds that win are chosen.",
        _steps(_START, "gitexp run", "git switch main", "gitexp accept",
               f'{_APPEND} "$({_RECORD} main^2 | sed "s/$(git rev-parse main^2)/$(git rev-parse'
               ' main)/")" main', "gitexp verify"),
        _steps(_START, "gitexp run", "git switch main", "gitexp accept", "gitexp baseline",
               "gitexp verify"),
    ),
    Rule(
        "V10", "results were taken out of a note, or changed",
        "Records are only ever added; the notes' own history tells what went, and who did it.",
        _steps("gitexp baseline", "git notes --ref=gitexp-runs remove main", "gitexp verify"),
        _steps("gitexp baseline", "gitexp verify"),
    ),
)  # fmt: skip

_RUN_AND_PUSH = (
    "gitexp run",
    "git push --quiet origin HEAD 'refs/notes/gitexp*:refs/notes/gitexp*'",
)
_SERVER: Sequence[Rule] = (
    Rule(
        "P1", "a registered experiment would become another one",
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
        "P2", "a measured experiment would be forgotten",
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
        "P3", "notes would be rewritten or removed",
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
    "What is known, and what is promised": _KNOWN,
    "What `gitexp verify` finds": _VERIFIED,
    "On a server": _SERVER,
}
