"""Commands to type, for the help of each command; tests parse every one with the real parser."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "status": ("gitexp", "gitexp status --json"),
    "audit": ("gitexp audit runs.csv --metric val_loss --lower", "gitexp audit mlruns/1"),
    "demo": ("gitexp demo", "gitexp demo my-first-project"),
    "init": (
        'gitexp init --command "python train.py" --metric accuracy',
        "gitexp init --try",
        "gitexp init --undo",
    ),
    "trust": ("gitexp trust", "gitexp trust brave-otter"),
    "gaps": ("gitexp gaps", "gitexp gaps --curve"),
    "next": ("gitexp next", "gitexp next --hours 8 --run"),
    "known": (
        "gitexp known",
        'gitexp known add "rbf fits best" --key model.kernel --source "Li 2024"',
        "gitexp known add --from brave-otter",
    ),
    "goal": ("gitexp goal", 'gitexp goal "accuracy >= 0.95 by 2027-06-30"'),
    "start": (
        'gitexp start --set model.C=10 "C=10 lifts accuracy because it underfits"',
        'gitexp start --sweep model.C=1,3,10 "C={value} helps because it underfits"',
        'gitexp start --code --set model.gate=true "a gate helps because ..."',
    ),
    "try": ("gitexp try", "gitexp try --json"),
    "run": (
        "gitexp run",
        "gitexp run brave-otter calm-heron --jobs 2",
        "gitexp run --all --detach",
    ),
    "retest": ("gitexp retest brave-otter", "gitexp retest --planned"),
    "stop": ("gitexp stop brave-otter", "gitexp stop --all"),
    "log": (
        "gitexp log dropout --since '2 weeks ago'",
        "gitexp log --sort effect --filter 'verdict=confirmed and effect>0.01'",
        "gitexp log 'brave-*' --csv > brave.csv",
    ),
    "show": (
        "gitexp show brave-otter",
        "gitexp show brave-otter calm-heron",
        "gitexp show brave-otter --curves",
    ),
    "note": ('gitexp note brave-otter "seed 7 ran beside a backup"', "gitexp note brave-otter"),
    "blame": ("gitexp blame", "gitexp blame config.toml --untested"),
    "report": (
        "gitexp report --output report.html --open",
        "gitexp report --output report.md",
        "gitexp report --output forest.svg --only forest",
    ),
    "export": (
        "gitexp export > experiments.csv",
        "gitexp export --runs --to jsonl -o runs.jsonl",
        "gitexp export --to mlflow -o mlflow.db && mlflow ui",
    ),
    "accept": ("gitexp accept brave-otter", "gitexp accept brave-otter --pr"),
    "archive": (
        "gitexp archive brave-otter --why 'the data changed'",
        "gitexp archive --ruled-out --older 30d",
        "gitexp archive --restore brave-otter",
    ),
    "sync": ("gitexp sync", "gitexp sync origin --dry-run"),
    "check": ("gitexp check", "gitexp check --all", "gitexp check main..HEAD"),
    "verify": ("gitexp verify", "gitexp verify --fix"),
    "holdout": ('gitexp holdout brave-otter --why "the paper\'s last table"',),
    "redact": ("gitexp redact --key api_token", "gitexp redact hunter2 --dry-run"),
    "doctor": ("gitexp doctor", "gitexp doctor --fix", "gitexp doctor --gc --older 30d"),
    "help": ("gitexp help start", "gitexp help C2"),
}


def as_text(name: str) -> str:
    """The examples of a command as the end of its help, each on a line of its own; "" if none."""
    lines = [f"  {example}" for example in EXAMPLES.get(name, ())]
    # Without the \b, the parser would fill them into a paragraph.
    return "\n".join(["\b", "Examples:", *lines, "", ""]) if lines else ""
