"""What `gitexp --help` prints: every command by topic, with its one line and its exit codes.

A table, so that neither the overview nor the choice of a command has to load what commands do.
Tests compare each line with the docstring of its command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

EXITS = {
    0: "done",
    1: "a rule refused it",
    2: "wrong usage",
    3: "the repository is not ready",
    4: "the training command failed",
    5: "the store was busy",
    70: "a bug in gitexp",
    130: "interrupted",
}
_ALWAYS = (0, 2, 3, 5, 70, 130)
_FAILED = {4: EXITS[4]}
_REFUSED = {1: EXITS[1]}


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the overview; `exits` are the codes that not every command can end with."""

    name: str
    help: str
    exits: Mapping[int, str] = field(default_factory=dict)

    @property
    def epilog(self) -> str:
        """The end of the command's own help: examples, and the exit codes."""
        from gitexp.cli.examples import as_text  # only needed for help

        codes = {code: EXITS[code] for code in _ALWAYS} | dict(self.exits)
        return as_text(self.name) + listed_exits(codes)


def listed_exits(codes: Mapping[int, str]) -> str:
    """Exit codes in one sentence, in their order."""
    return "Exit codes: " + ", ".join(f"{code} {codes[code]}" for code in sorted(codes)) + "."


TOPICS: dict[str, tuple[Command, ...]] = {
    "Set up": (
        Command("audit", "Check which wins recorded by other tools would stand"),
        Command("demo", "Make a small project and run the whole loop in it", _FAILED),
        Command("init", "Set up this repository: settings, hooks, approval", _FAILED),
        Command("trust", "Show what would run and measure here, and approve it"),
    ),
    "Plan": (
        Command("gaps", "Show where the baseline loses most", _FAILED),
        Command("next", "Rank the planned experiments, best first", _REFUSED | _FAILED),
        Command("known", "List what is already settled, or add to it", _REFUSED),
        Command("goal", "Show the progress toward your goals, or set one"),
        Command(
            "start", "Register an experiment: one hypothesis, one changed line",
            _REFUSED | _FAILED,
        ),
    ),
    "Run": (
        Command("try", "Run the work tree as it is, on part of the data", _FAILED),
        Command(
            "run", "Run experiments next to their baseline, and judge them",
            _REFUSED | _FAILED
            | {10: "ruled out (--exit-code)", 11: "inconclusive (--exit-code)"},
        ),
        Command("retest", "Test a change again: new baseline, fresh seeds", _REFUSED),
        Command("stop", "Stop experiments that are running or waiting in a queue"),
    ),
    "Read": (
        Command("log", "List the experiments, newest first, or search them"),
        Command("show", "Show one experiment in full, or several side by side"),
        Command("note", "Add a dated remark to an experiment"),
        Command("blame", "Show who set each config value, and what else was tried"),
        Command("report", "Write up where the project stands: Markdown, page, pictures"),
        Command("export", "Export the log as a table, or into an MLflow store"),
    ),
    "Keep": (
        Command("accept", "Merge a confirmed experiment into the baseline branch", _REFUSED),
        Command("archive", "Archive experiments, or restore them"),
        Command(
            "sync", "Share experiments and results with a remote, both ways",
            _REFUSED | {3: "the repository is not ready, or the remote did not take everything"},
        ),
    ),
    "Trust it": (
        Command("check", "Check experiments against every rule", {1: "an experiment breaks one"}),
        Command(
            "verify", "Recompute every verdict, and report what does not match",
            {1: "something does not match"},
        ),
        Command("holdout", "Open the locked holdout once; every opening is recorded", _FAILED),
        Command("redact", "Remove a value from everything that the notes hold"),
        Command(
            "doctor", "Find and fix what is wrong with gitexp in this clone",
            {1: "something is wrong"},
        ),
    ),
}  # fmt: skip

# Beside the topics: what `gitexp` alone does, and what prints this table.
STATUS = Command("status", "Show where you stand, and the next step")
HELP = Command("help", "Explain a command, or a rule such as C2")
COMMANDS = {
    command.name: command
    for command in (STATUS, *(one for topic in TOPICS.values() for one in topic), HELP)
}

# For programs, not for people to type: unlisted, and described in docs/agents.md and clusters.md.
UNLISTED = {
    "mcp": Command("mcp", "Serve agents over the Model Context Protocol"),
    "worker": Command("worker", "Make one run that another machine asked for", _REFUSED | _FAILED),
}

# Names of 0.1.0, unlisted, each with the words that say the same now.
FORMER = {
    "search": ("log",), "calibration": ("log", "--calibration"), "baseline": ("run", "--baseline"),
    "split": ("start", "--split"), "preset": ("start", "--preset"),
    "restore": ("archive", "--restore"), "gc": ("doctor", "--gc"),
}  # fmt: skip


def as_now(words: Sequence[str]) -> list[str]:
    """What is typed today for words that may begin with a former name."""
    first, *rest = words
    if first == "split":  # its arguments were others: an experiment, and -m TEXT
        left, rest = iter(rest), []
        for word in left:
            if word in {"-m", "--message"}:
                rest.append(next(left, ""))
            else:
                rest += [word] if word.startswith("-") else ["--of", word]
    return [*FORMER.get(first, (first,)), *rest]


_HEAD = """\
Usage: gitexp [COMMAND]

Git as the lab notebook of machine learning: an experiment is a branch with a
hypothesis as its commit message and one changed config line; its results are
git notes. Without a command you see where you stand, and the next step.
"""
_OPTIONS = """\
Options   --version, --json, --install-completion (without a command), --debug
          (before a command: tracebacks), --help (after a command: its options)
"""


def overview() -> str:
    """Return the whole of `gitexp --help`, 80 columns wide."""
    import textwrap  # only needed for help

    rows = [
        f"{topic if not number else '':<10}{command.name:<9} {command.help}"
        for topic, commands in TOPICS.items()
        for number, command in enumerate(commands)
    ]
    rows.append(f"{'Help':<10}{HELP.name:<9} {HELP.help}")
    return "\n".join([_HEAD, *rows, "", _OPTIONS, textwrap.fill(listed_exits(EXITS), 80)])
