"""What a metric's name tells: which direction is better, and what the name is short for."""

from __future__ import annotations

import re

# Words at the end of a name that say how or when it was measured, not what.
_HOW = {
    "avg", "average", "best", "epoch", "final", "last", "mean", "median", "macro", "micro", "score",
    "step", "test", "total", "train", "val", "value", "weighted",
}  # fmt: skip
_WHERE = {"on", "of", "for", "over"}
_LOWER = {
    "abs", "ade", "bpb", "bpc", "bpd", "brier", "cer", "chamfer", "cost", "crps", "deviance",
    "distance", "div", "divergence", "ece", "eer", "emd", "energy", "err", "fad", "fde", "fid",
    "fnr", "fpr", "kid", "kl", "latency", "lpips", "mb", "memory", "ms", "niqe", "nll", "per",
    "perplexity", "ppl", "quantile", "regret", "runtime", "sec", "seconds", "smape",
    "ter", "time", "violations", "wer",
}  # fmt: skip
# Also where they end a word: logloss, merror, nrmse.
_LOWER_ENDS = ("deviation", "entropy", "error", "errors", "loss", "losses", "mae", "mape", "mase",
               "mse", "msle", "rmse", "rmsle")  # fmt: skip
_HIGHER = {
    "acc", "accuracy", "ap", "auc", "auroc", "bleu", "correct", "correlation", "dice", "f1", "hits",
    "iou", "jaccard", "kappa", "likelihood", "map", "mcc", "miou", "mrr", "ndcg", "pearson",
    "precision", "psnr", "r2", "recall", "return", "reward", "rouge", "sensitivity", "spearman",
    "specificity", "ssim", "success", "throughput", "top1", "top5", "variance",
}  # fmt: skip


def direction_of(name: str) -> str:
    """Which way is better, "higher" or "lower", by the name's last word; "" if that is unknown.

    `eval_loss` and `neg_log_likelihood` are lower, `loss_accuracy` and scikit-learn's
    `neg_log_loss` higher.
    """
    # evalLoss is two words, mIoU is one.
    return _direction(_words(name)) or _direction(_words(name.lower()))


def _direction(words: list[str]) -> str:
    # accuracy_on_test_set: what follows says where it was measured.
    words = words[: next((i for i, w in enumerate(words) if i and w in _WHERE), len(words))]
    if words[:1] in (["neg"], ["negative"]):
        return "lower" if _direction(words[1:]) == "higher" else "higher"
    if "per" in words[1:-1] and words[-1] in {"s", "sec", "second", "seconds", "minute"}:
        return "higher"  # samples_per_second
    if words[-2:] in (["error", "rate"], ["miss", "rate"]) or "false" in words:
        return "lower"
    while len(words) > 1 and (words[-1] in _HOW or words[-1].isdigit()):
        words.pop()
    last = words[-1] if words else ""
    if last in _LOWER or last.endswith(_LOWER_ENDS):
        return "lower"
    return "higher" if last.rstrip("0123456789") in _HIGHER or last in _HIGHER else ""


def is_training_score(name: str) -> bool:
    """Whether a metric is measured on the training data by its name."""
    return bool({"train", "training"} & set(_words(name)))


def _words(name: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W_]+", parted)]
