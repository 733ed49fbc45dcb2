"""The registration: an experiment's commit message, which freezes what success means.

The first paragraph is the hypothesis, free text may follow, and the last paragraph has the trailers
that `git interpret-trailers` parses. Editing any of it makes another commit, which has no results.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.errors import UsageError
from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.code_commit import CODE, REPLACES
from gitexp.rules.documents.message import lint_trailers, split_message, write_message
from gitexp.rules.documents.settings import INTERLEAVED, MOST_REPEATS, RULES
from gitexp.rules.finding import Finding
from gitexp.rules.plan.seeds import REGISTERED
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale, number_written, parse_guards

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitexp.rules.documents.change import Change

LENDERS = range(5, 11)  # runs of the baseline that may lend their spread to a single run
_BORROWED = "examples, seed spread borrowed from"
REQUIRED = (
    "Experiment", "Change", "Criterion", "Repeats", "Seeds", "Vary", "Campaign", "Level",
)  # fmt: skip
AGAIN = frozenset({"Retest", "Replicate"})  # trailers that name an experiment tested again


class Registration(NamedTuple):
    """Everything that is fixed before the first run.

    `repeats` are the looks, `seeds` the first and last registered seed, `widening` is
    n_test/n_train where a seed redraws the split (else 0), `level` the one-sided error that the
    campaign allows. `guards` are metrics that must not get worse. `seeded` is false for a trainer
    that is proven deterministic: one run is enough. `by_examples` judges the difference per example
    as well as per seed. `borrowed` is the number of baseline runs that lend their spread to a
    single run of the experiment, 0 where runs are paired. Where they are `interleaved`, the two of
    a pair follow each other, and no other experiment uses those of the baseline. `rules` is the
    version of the rules of verdict, 1 where the message names none, as those of gitexp 0.1.0 do.
    `extra` has the other trailers in order: Evidence, Gain, Chance, Cost, Retest, Project.
    """

    hypothesis: str
    name: str
    change: Change
    criterion: Criterion
    repeats: tuple[int, ...]
    seeds: tuple[int, int]
    widening: float
    campaign: int
    level: float
    guards: tuple[Guard, ...] = ()
    seeded: bool = True
    by_examples: bool = False
    borrowed: int = 0
    rules: int = 1
    interleaved: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    def trailers(self) -> tuple[tuple[str, str], ...]:
        """Return the trailers in the order in which they are written."""
        return (
            ("Experiment", self.name),
            ("Change", str(self.change)),
            ("Criterion", str(self.criterion)),
            *([("Guards", ", ".join(map(str, self.guards)))] if self.guards else []),
            ("Repeats", " ".join(map(str, self.repeats))),
            ("Seeds", f"{self.seeds[0]}-{self.seeds[1]}" if self.seeded else "none"),
            ("Vary", self.vary()),
            *([("Test", self.test())] if self.by_examples else []),
            ("Campaign", str(self.campaign)),
            ("Level", f"{self.level:.6g}"),
            *([("Rules", str(self.rules))] if self.rules > 1 else []),
            *([("Pairing", self.pairing())] if self.interleaved else []),
            *self.extra,
        )

    def vary(self) -> str:
        """Say what a seed varies, as the trailer does."""
        if self.widening:
            return f"split {number_written(self.widening)}"
        return "seed" if self.seeded else "none"

    def test(self) -> str:
        """Say what the verdict is tested by, as the trailer does."""
        if self.borrowed:
            return f"{_BORROWED} {self.borrowed}"
        return "examples" if self.by_examples else "scores"

    def pairing(self) -> str:
        """Say how the runs of a pair are made, as the trailer does where that is special."""
        return INTERLEAVED if self.interleaved else ""

    def message(self) -> str:
        """Write the commit message."""
        return write_message(self.hypothesis, self.trailers())

    @property
    def project(self) -> str:
        """Folder of its project, empty for a project at the top of the repository."""
        return dict(self.extra).get("Project", "")

    @property
    def code(self) -> str:
        """The code commit that it stands on, empty if it stands on its baseline."""
        return dict(self.extra).get(CODE, "")

    @property
    def tests_again(self) -> bool:
        """Whether its change was tested before, and it says so."""
        return not AGAIN.isdisjoint(dict(self.extra))

    @property
    def replaces(self) -> tuple[str, ...]:
        """Its earlier commits, whose code failed before it showed anything; newest first."""
        return tuple(dict(self.extra).get(REPLACES, "").split()) if self.rules > 1 else ()

    @property
    def fresh_seeds(self) -> bool:
        """Whether there are others; numbers of folds, and runs without a seed, are always the same.

        Those of rules 1 began at 1, whatever a seed was.
        """
        return self.seeded and (self.rules < 2 or self.seeds[0] >= REGISTERED[0])

    @property
    def comparisons(self) -> tuple[int, ...]:
        """Pairs that are compared at each look; a single run is paired with all that lend to it."""
        return (self.borrowed,) if self.borrowed else self.repeats

    def registered_seeds(self) -> range:
        """Return the seeds in the order in which looks use them."""
        return range(self.seeds[0], self.seeds[1] + 1)


def parse_message(message: str) -> tuple[Registration | None, tuple[Finding, ...]]:
    """Read a registration; the findings say what is missing or cannot be read."""
    text, trailers = split_message(message)
    missing = [token for token in REQUIRED if not trailers.get(token)]
    if missing:
        return None, (
            Finding(
                "T1",
                f"the commit message lacks {', '.join(missing)}",
                "let the commit-msg hook fill them in (gitexp init installs it):"
                " git commit --amend --no-edit",
            ),
        )
    findings = []
    values: dict[str, Any] = {}
    for token in _READERS:
        try:
            values[token] = _read(token, trailers.get(token, ""))
        except (ValueError, UsageError):
            findings.append(
                Finding("T4", f"{token}: {trailers[token]!r} cannot be read", _EXAMPLES[token])
            )
    if found := findings or lint_trailers(trailers) or _disagreements(trailers, values):
        return None, tuple(found)
    seeds, (by_examples, borrowed) = values["Seeds"], values["Test"]
    return Registration(
        hypothesis=text,
        name=trailers["Experiment"],
        change=values["Change"],
        criterion=values["Criterion"],
        repeats=values["Repeats"],
        seeds=seeds or (1, 1),
        widening=values["Vary"],
        campaign=values["Campaign"],
        level=values["Level"],
        guards=values["Guards"],
        seeded=seeds is not None,
        by_examples=by_examples,
        borrowed=borrowed,
        rules=values["Rules"],
        interleaved=values["Pairing"],
        extra=tuple((t, v) for t, v in trailers.items() if t not in _READ),
    ), ()


def _disagreements(trailers: Mapping[str, str], values: Mapping[str, Any]) -> list[Finding]:
    """The first two trailers that contradict each other, each by itself as it should be."""
    seeds, borrowed = values["Seeds"], values["Test"][1]
    said, hint = "", ""
    if borrowed and (wrong := _against_borrowing(values)):
        said = f"Test: {trailers['Test']} and {wrong} disagree"
        hint = "gitexp start --repeats 1 writes what one run needs"
    elif values["Pairing"] and (wrong := _against_interleaving(values)):
        said = f"Pairing: {trailers['Pairing']} and {wrong} disagree"
        hint = "one of the two must go"
    elif (seeds[1] - seeds[0] + 1 if seeds else 1) != (borrowed or values["Repeats"][-1]):
        said = "Seeds and Repeats disagree: one seed for each repeat"
        hint = "Seeds: 1-20" if seeds else "Repeats: 1, as one run is enough"
    elif _varies_otherwise(trailers["Vary"], seeds):
        said = f"Seeds: {trailers['Seeds']} and Vary: {trailers['Vary']} disagree"
        hint = _EXAMPLES["Vary"]
    return [Finding("T4", said, hint)] if said else []


def _varies_otherwise(vary: str, seeds: tuple[int, int] | None) -> bool:
    return (vary == "none") > (seeds is None) or (vary == "seed") > bool(seeds)


@functools.lru_cache(maxsize=1024)  # a log's messages have the same few values
def _read(token: str, text: str) -> Any:  # noqa: ANN401 - each trailer has its own kind of value
    return _READERS[token](text)


def _read_repeats(text: str) -> tuple[int, ...]:
    looks = tuple(int(part) for part in text.split())
    if not looks or looks[0] < 1 or list(looks) != sorted(set(looks)) or looks[-1] > MOST_REPEATS:
        raise ValueError(text)
    return looks


def _read_seeds(text: str) -> tuple[int, int] | None:
    if text == "none":
        return None
    first, _, last = text.partition("-")
    seeds = int(first), int(last)
    if seeds[0] < 0 or seeds[1] < seeds[0]:
        raise ValueError(text)
    return seeds


def _read_vary(text: str) -> float:
    if text in {"seed", "none"}:
        return 0.0
    word, _, ratio = text.partition(" ")
    widening = float(ratio)
    if word != "split" or not (0 <= widening < math.inf):
        raise ValueError(text)
    return widening


def _read_campaign(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _read_level(text: str) -> float:
    if not 0 < float(text) < 0.5:
        raise ValueError(text)
    return float(text)


def _read_test(text: str) -> tuple[bool, int]:
    """Whether examples are asked for, and how many runs lend their spread to a single one."""
    start, _, number = text.rpartition(" ")
    if start == _BORROWED:
        if int(number) not in LENDERS:
            raise ValueError(text)
        return True, int(number)
    if text not in {"", "scores", "examples"}:
        raise ValueError(text)
    return text == "examples", 0


def _against_borrowing(values: Mapping[str, Any]) -> str:
    """The trailer that does not go with a single run; empty if all do."""
    if values["Repeats"] != (1,):
        return "Repeats"
    if values["Seeds"] is None:
        return "Seeds: none"
    if values["Vary"]:
        return "Vary"
    if values["Guards"]:
        return "Guards"
    if values["Criterion"].scale is Scale.CONSTANT:
        return f"Criterion: {values['Criterion']}"
    return "" if values["Rules"] > 1 else "Rules: 1"


def _read_pairing(text: str) -> bool:
    if text not in {"", INTERLEAVED}:
        raise ValueError(text)
    return bool(text)


def _against_interleaving(values: Mapping[str, Any]) -> str:
    """The trailer that does not go with interleaved pairs; empty if all do."""
    if values["Seeds"] is None:
        return "Seeds: none"
    if values["Criterion"].scale is Scale.CONSTANT:
        return f"Criterion: {values['Criterion']}"
    if values["Test"][1]:
        return "a Test of a single run"
    return "" if values["Rules"] > 1 else "Rules: 1"


def _read_rules(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and 2 <= int(text) <= RULES):
        raise ValueError(text)
    return int(text or 1)


_READERS: dict[str, Callable[[str], Any]] = {
    "Change": parse_change,
    "Criterion": Criterion.parse,
    "Guards": parse_guards,
    "Repeats": _read_repeats,
    "Seeds": _read_seeds,
    "Vary": _read_vary,
    "Campaign": _read_campaign,
    "Level": _read_level,
    "Test": _read_test,
    "Rules": _read_rules,
    "Pairing": _read_pairing,
}
_READ = {*REQUIRED, *_READERS}
_EXAMPLES = {
    "Change": "such as: Change: config.toml: model.C = 1.0 -> 10",
    "Criterion": "such as: Criterion: accuracy +0.005",
    "Guards": "such as: Guards: latency_ms +5%, recall -0.01",
    "Repeats": "growing numbers, such as: Repeats: 5 10 20",
    "Seeds": "first and last, such as: Seeds: 1-20; or none, for a deterministic trainer",
    "Vary": "seed, or split with n_test/n_train, such as: Vary: split 0.25; none with Seeds: none",
    "Campaign": "a number from 1, such as: Campaign: 1",
    "Level": "between 0 and 0.5, such as: Level: 0.005",
    "Test": "scores, examples, or examples, seed spread borrowed from 5",
    "Rules": f"Rules: {RULES}; a higher number needs a newer gitexp",
    "Pairing": f"Pairing: {INTERLEAVED}, or no such trailer",
}
