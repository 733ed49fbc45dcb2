"""A mistyped name or key is answered with the one that may have been meant."""

from __future__ import annotations

import pytest

from tests.project import BECAUSE, World


@pytest.mark.parametrize(
    "words",
    [
        ("show", "brave-oter"),
        ("run", "brave-oter"),
        ("run", "--screen", "brave-oter"),
        ("run", "--wait", "brave-oter"),
        ("retest", "brave-oter"),
        ("accept", "brave-oter"),
        ("archive", "brave-oter"),
        ("archive", "--restore", "brave-oter"),
        ("stop", "brave-oter"),
        ("check", "brave-oter"),
        ("trust", "brave-oter"),
        ("export", "brave-oter"),
        ("holdout", "brave-oter", "--why", "the last table"),
        ("note", "brave-oter", "a remark"),
        ("start", BECAUSE, "--on", "brave-oter", "--set", "model.C=3"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_mistyped_experiment_is_answered_with_its_name(
    ready: World, words: tuple[str, ...]
) -> None:
    ready.git("branch", "exp/brave-otter", "main")
    assert "did you mean: brave-otter" in ready.gitexp(*words, code=2).err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("start", BECAUSE, "--set", "modl.C=3"), "did you mean model.C?"),
        (("start", BECAUSE, "--sweep", "modl.C=3,4"), "did you mean model.C?"),
        (("start", BECAUSE, "--set", "C2=3"), 'gitexp start "HYPOTHESIS"'),
        (("blame", "confg.toml"), "gitexp blame config.toml"),
        (("strat",), "did you mean: gitexp start"),
        (("help", "strat"), "did you mean: gitexp help start"),
        (("start", "--expct", "x"), "--expect"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[::2]),
)
def test_a_mistyped_key_file_or_command_is_answered_with_the_right_one(
    ready: World, words: tuple[str, ...], meant: str
) -> None:
    assert meant in ready.gitexp(*words, code=2).err
