"""The topic of a change: data, features, training, model, or other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.rules.documents.change import Change

# Parts of words by which people name what a key is about; the first topic that matches counts.
_TOPICS = (
    ("data", ("data", "augment", "split", "sampl", "balance", "class_weight")),
    ("features", ("feature", "input", "preprocess", "token", "vocab", "scal", "encod")),
    ("training", ("train", "optim", "lr", "learning", "sched", "batch", "epoch", "loss", "warm")),
    ("model", ("model", "net", "arch", "layer", "hidden", "kernel", "head", "dropout", "preset")),
)


def topic_of(change: Change) -> str:
    """Return the topic of a change, judged by the names in its key."""
    # The last name says most: `model.class_weight` is about the data.
    for name in reversed(change.spelled_key.lower().split(".")):
        for topic, parts in _TOPICS:
            if any(part in name for part in parts):
                return topic
    return "other"
