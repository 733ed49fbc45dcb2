"""The metric of a project: the best of what its script prints, writes or mentions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitexp.rules.documents.metric_name import direction_of, is_training_score

if TYPE_CHECKING:
    from gitexp.lab.guess.script import Script

# The best first: of what a script prints, and else mentions, the first one is proposed.
_METRICS = (
    "accuracy", "val_accuracy", "test_accuracy", "acc", "f1", "roc_auc", "auc", "r2", "bleu",
    "rmse", "mae", "mse", "perplexity", "ppl", "val_loss", "test_loss", "loss", "nll", "log_loss",
    "logloss", "bpb", "bpc", "wer", "cer", "fid", "mape", "smape", "rmsle", "brier", "eer",
    "error_rate",
)  # fmt: skip
_HOW = {"avg", "average", "best", "final", "last", "mean", "score"}
_SPEEDS = {"throughput", "second", "sec", "s", "minute"}  # last words; more is better, too
_EFFECTS = {"bleu": 0.5, "perplexity": 0.1, "ppl": 0.1}  # smallest gain worth having, by last word
_MEASURED_ON = {"test", "eval", "val", "valid", "validation", "dev", "holdout"}
_WHERE = {"on", "of", "for", "over"}  # after a metric: what it was measured on


def find_metric(script: Script) -> str:
    """The best of the names that are printed before a number, else of those mentioned."""
    reported = ["accuracy"] if re.search(r"\bclassification_report\(", script.text) else []
    for labels in (script.printed, script.partly, reported, script.named):
        names = [name for label in labels if (name := _metric_name(label))]
        honest = [name for name in names if not is_training_score(name)] or names
        if honest:
            return min(honest, key=_rank)
    return next((n for n in _METRICS if re.search(rf"\b{n}\b", script.text)), "")


def is_partly_read(script: Script, metric: str) -> bool:
    """Whether a script prints this metric only as a part of a number: `93 %` or `93/100`."""
    whole = {_metric_name(label) for label in script.printed}
    return metric not in whole and metric in {_metric_name(label) for label in script.partly}


def _metric_name(label: str) -> str:
    """The metric that a printed label is or ends with, "": none. `Final test accuracy` is one.

    A name of several words is written with underscores; that is how it is looked for in the output.
    """
    words = label.split()
    if [word.lower() for word in words[-2:]] == ["error", "rate"]:
        words[-2:] = ["_".join(words[-2:])]
    name = words[-1] if words else ""
    if _WHERE & set(words[1:]) and direction_of("_".join(words)):
        return "_".join(words)
    if not direction_of(name) or (direction_of(name) == "lower" and _rank(name) == len(_METRICS)):
        return ""
    if len(words) > 1 and words[-2].lower() in {*_MEASURED_ON, "train", "training"}:
        return f"{words[-2]}_{name}".lower()
    return name


def _rank(name: str) -> float:
    """Place of a metric in the order of preference, by its whole name or its last words.

    Any score goes before a loss.
    """
    words = re.split(r"[_./@-]", name.lower())
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _HOW):  # acc@1, rmse_mean
        words.pop()
    ends = {"_".join(words[start:]) for start in range(len(words))}
    places = [place for place, one in enumerate(_METRICS) if one in ends]
    if not places and words[-1] not in _SPEEDS and direction_of(name) == "higher":
        return _METRICS.index("val_loss") - 0.5
    return min(places, default=len(_METRICS))


def usual_effect(metric: str) -> float:
    """The smallest gain worth having that is usual for a metric."""
    last = re.split(r"[_./-]", metric.lower())[-1]
    return _EFFECTS.get(last, 0.01 if direction_of(metric) == "lower" else 0.005)
