"""The registration: an experiment's commit message, which freezes what success means.

The first paragraph is the hypothesis, free text may follow, and the last paragraph holds trailers
that `git interpret-trailers` parses. Editing any of it makes another commit, without results.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.rules.finding import Finding
from gitexp.rules.settings import MOST_REPEATS

_NUMBER = r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_CRITERION = re.compile(rf"([^\s=,:+<>%]+)\s+([+\-−])\s*{_NUMBER}")
_TRAILER = re.compile(r"([A-Za-z0-9-]+)\s*:\s?(.*)")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_BLANK_LINES = r"\n(?:[ \t\r]*+\n)++"
# What git itself passes over among trailers.
_NO_TRAILERS = ("#", "(cherry picked from commit ")
REQUIRED = (
    "Experiment", "Change", "Criterion", "Repeats", "Seeds", "Vary", "Campaign", "Level",
)  # fmt: skip
_WIDTH = 72  # columns; git log indents messages by four


@dataclass(frozen=True, slots=True)
class Criterion:
    """What success means: `metric` must move by `bar` (0 or more, its own unit) the right way."""

    metric: str
    bar: float
    higher_is_better: bool

    def __str__(self) -> str:
        return f"{self.metric} {'+' if self.higher_is_better else '-'}{_number(self.bar)}"

    @classmethod
    def parse(cls, text: str) -> Criterion:
        """Read `accuracy +0.005` or `rmse -0.5`.

        Raises:
            UsageError: anything else.
        """
        found = _CRITERION.fullmatch(text.strip())
        bar = float(found[3]) if found else math.nan
        if found is None or not math.isfinite(bar) or not found[1].isprintable():
            raise UsageError(
                f"{text!r} is not a criterion",
                'write a metric, a sign and the smallest effect worth having: "accuracy +0.005"',
            )
        return cls(found[1], bar, found[2] == "+")


@dataclass(frozen=True, slots=True)
class Registration:
    """Everything that is fixed before the first run.

    `repeats` are the looks, `seeds` the first and last registered seed, `widening` n_test/n_train
    where a seed redraws the split (else 0), `level` the one-sided error that the campaign allows.
    `extra` holds further trailers in order: Evidence, Gain, Chance, Cost, Retest, Project.
    """

    hypothesis: str
    name: str
    change: str
    criterion: Criterion
    repeats: tuple[int, ...]
    seeds: tuple[int, int]
    widening: float
    campaign: int
    level: float
    extra: tuple[tuple[str, str], ...] = ()

    def trailers(self) -> tuple[tuple[str, str], ...]:
        """Return the trailers in the order in which they are written."""
        vary = f"split {_number(self.widening)}" if self.widening else "seed"
        return (
            ("Experiment", self.name),
            ("Change", self.change),
            ("Criterion", str(self.criterion)),
            ("Repeats", " ".join(map(str, self.repeats))),
            ("Seeds", f"{self.seeds[0]}-{self.seeds[1]}"),
            ("Vary", vary),
            ("Campaign", str(self.campaign)),
            ("Level", f"{self.level:.6g}"),
            *self.extra,
        )

    def message(self) -> str:
        """Write the commit message."""
        lines = [f"{token}: {_joined(value)}" for token, value in self.trailers()]
        return f"{_wrapped(self.hypothesis)}\n\n" + "\n".join(lines) + "\n"

    @property
    def project(self) -> str:
        """Folder of the project that it belongs to, empty at the top of the repository."""
        return dict(self.extra).get("Project", "")

    def registered_seeds(self) -> range:
        """Return the seeds in the order in which looks use them."""
        return range(self.seeds[0], self.seeds[1] + 1)


def is_name(text: str) -> bool:
    """Say whether a text can name an experiment: it becomes a branch, a file and a word to type."""
    return _NAME.fullmatch(text) is not None


def _number(value: float) -> str:
    """Write a number as people do, and with every digit that it has."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _joined(text: str) -> str:
    """Put lines into one; spaces inside a line stay, as they may belong to a changed value."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _wrapped(hypothesis: str) -> str:
    text = hypothesis.strip()
    if "\n" in text:
        return text
    import textwrap

    # git takes a line that begins with # for a comment, and one with --- for the start of a patch.
    held = re.sub(r"[ \t](?=#|---(?!\S))", "\0", text)
    wrapped = textwrap.fill(held, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return wrapped.replace("\0", " ")


def split_message(message: str) -> tuple[str, dict[str, str]]:
    """Split a commit message into its text and its trailers (the last paragraph, if all of it is).

    A trailer that stands twice counts with its first value, so that nothing appended later wins.
    """
    text = message.replace("\r\n", "\n").strip()
    *_, last = re.split(_BLANK_LINES, text)
    body = text[: len(text) - len(last)].rstrip()
    if not body:
        return text, {}
    written: list[tuple[str, str]] = []
    for line in last.split("\n"):
        if matched := _TRAILER.fullmatch(line):
            written.append((_canonical(matched[1]), matched[2].strip()))
        elif line[:1].isspace() and written:
            token, value = written[-1]
            written[-1] = token, f"{value} {line.strip()}".strip()
        elif not line.startswith(_NO_TRAILERS):
            return text, {}
    found: dict[str, str] = {}
    for token, value in written:
        found.setdefault(token, value)
    return body, found


@functools.lru_cache(maxsize=256)
def _canonical(token: str) -> str:
    return "-".join(part.capitalize() for part in token.split("-"))


def hypothesis_of(message: str) -> str:
    """Return the first paragraph of a message on one line."""
    return _one_line(re.split(_BLANK_LINES, split_message(message)[0], maxsplit=1)[0])


def parse_message(message: str) -> tuple[Registration | None, tuple[Finding, ...]]:
    """Read a registration; findings name what is missing or cannot be read."""
    text, trailers = split_message(message)
    missing = [token for token in REQUIRED if not trailers.get(token)]
    if missing:
        return None, (
            Finding(
                "T1",
                f"the commit message lacks {', '.join(missing)}",
                "git commit --amend --no-edit fills them in where gitexp's hooks are installed"
                " (gitexp init)",
            ),
        )
    findings = []
    values: dict[str, object] = {}
    for token, read in _READERS.items():
        try:
            values[token] = read(trailers[token])
        except (ValueError, UsageError):
            findings.append(
                Finding("T4", f"{token}: {trailers[token]!r} cannot be read", _EXAMPLES[token])
            )
    if findings:
        return None, tuple(findings)
    repeats, seeds = values["Repeats"], values["Seeds"]
    if seeds[1] - seeds[0] + 1 != repeats[-1]:  # type: ignore[index]
        return None, (
            Finding("T4", "Seeds and Repeats disagree: one seed for each repeat", "Seeds: 1-20"),
        )
    return Registration(
        hypothesis=text,
        name=trailers["Experiment"],
        change=trailers["Change"],
        criterion=values["Criterion"],  # type: ignore[arg-type]
        repeats=repeats,  # type: ignore[arg-type]
        seeds=seeds,  # type: ignore[arg-type]
        widening=values["Vary"],  # type: ignore[arg-type]
        campaign=values["Campaign"],  # type: ignore[arg-type]
        level=values["Level"],  # type: ignore[arg-type]
        extra=tuple((t, v) for t, v in trailers.items() if t not in REQUIRED),
    ), ()


def _read_repeats(text: str) -> tuple[int, ...]:
    looks = tuple(int(part) for part in text.split())
    if not looks or looks[0] < 1 or list(looks) != sorted(set(looks)) or looks[-1] > MOST_REPEATS:
        raise ValueError(text)
    return looks


def _read_seeds(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    seeds = int(first), int(last)
    if seeds[0] < 0 or seeds[1] < seeds[0]:
        raise ValueError(text)
    return seeds


def _read_vary(text: str) -> float:
    if text == "seed":
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


_READERS = {
    "Criterion": Criterion.parse,
    "Repeats": _read_repeats,
    "Seeds": _read_seeds,
    "Vary": _read_vary,
    "Campaign": _read_campaign,
    "Level": _read_level,
}
_EXAMPLES = {
    "Criterion": "such as: Criterion: accuracy +0.005",
    "Repeats": "growing numbers, such as: Repeats: 5 10 20",
    "Seeds": "first and last, such as: Seeds: 1-20",
    "Vary": "seed, or split with n_test/n_train, such as: Vary: split 0.25",
    "Campaign": "a number from 1, such as: Campaign: 1",
    "Level": "between 0 and 0.5, such as: Level: 0.005",
}
