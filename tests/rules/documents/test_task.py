"""Tasks come from anywhere: nothing in one may be an option, a program or a path out of a place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gitexp.errors import UsageError
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.task import Task, join_tasks, parse_task, parse_tasks

TASK = Task(
    url="ssh://git@example.org/team/project.git",
    baseline="release/v2",
    commit="a" * 40,
    seed=7,
    metric="val_loss",
    settings="b" * 64,
)


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        Task(
            "git@example.org:project.git", "main", "c" * 64, 0, "accuracy", "d" * 64, "models/a",
            attempt=3, threads=4, purpose=Purpose.SAMPLE, share=0.1, code="e" * 40,
            conditions=("0a1b2c3d4e5f", "0a1b2c3d4e5f.2"), beside=("f" * 12,), tree="/home/ada/x y",
        ),
        Task(r"C:\hubs\project", "m", "a" * 40, 1, "r²", "b" * 64),
        TASK.followed_by("c" * 40, 2),
        replace(TASK, pair="c" * 40),
        replace(TASK, pair="c" * 40).followed_by("c" * 40, 1),
    ],
)  # fmt: skip
def test_a_task_is_read_as_it_was_written(task: Task) -> None:
    assert parse_task(f"{task.line()}\n") == task


def test_a_line_has_one_task_or_several_of_one_remote() -> None:
    both = (TASK, replace(TASK, commit="c" * 40, seed=8))
    for tasks in (both[:1], both):
        assert parse_tasks(f"{join_tasks([task.line() for task in tasks])}\n") == tasks


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", "not a list of tasks"),
        ("[1]", "not a JSON object"),
        ("[[]]", "not a JSON object"),
        (f"[{TASK.line()}", "not a list of tasks"),
        ('[{"seed": NaN}]', "not a list of tasks"),
        ("[" * 9000, "not a list of tasks"),
        (join_tasks([TASK.line(), replace(TASK, baseline="main").line()]), "same remote"),
        (join_tasks([TASK.line(), replace(TASK, url="other").line()]), "same remote"),
        (join_tasks([TASK.line()] * 1001), "at most 1000"),
    ],
)
def test_a_list_that_no_worker_can_serve_is_refused(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_tasks(line)


def test_a_task_has_a_few_hundred_bytes() -> None:
    assert len(TASK.line()) < 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "--upload-pack=touch /tmp/owned"),
        ("url", "ext::sh -c touch% /tmp/owned"),
        ("url", "fd::17"),
        ("url", "https://example.org/a\nb"),
        ("url", ""),
        ("url", "x" * 2001),
        ("baseline", "-f"),
        ("baseline", "main:refs/heads/other"),
        ("baseline", "*"),
        ("baseline", "a..b"),
        ("baseline", "main.lock"),
        ("baseline", ""),
        ("commit", "HEAD"),
        ("commit", "a" * 39),
        ("commit", "A" * 40),
        ("seed", -1),
        ("seed", True),
        ("seed", 1.5),
        ("seed", 1 << 64),
        ("metric", "two words"),
        ("settings", "b" * 63),
        ("project", "../other"),
        ("project", "/etc"),
        ("project", "a/.git"),
        ("attempt", 0),
        ("threads", -1),
        ("purpose", "fun"),
        ("share", 0),
        ("share", 2),
        ("code", "main"),
        ("conditions", "abc"),
        ("conditions", ["a b"]),
        ("tree", "relative"),
        ("tree", "/a\x1b"),
        ("pair", "main"),
        ("then", []),
        ("then", {"commit": "c" * 40}),
        ("then", {"commit": "c" * 40, "attempt": 1, "url": "https://example.org/other"}),
    ],
)
def test_a_field_that_could_mean_something_else_is_refused_by_name(field: str, value: Any) -> None:  # noqa: ANN401
    with pytest.raises(UsageError, match=f"{field} cannot be"):
        parse_task(json.dumps(json.loads(TASK.line()) | {field: value}))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("{}", "lacks url, baseline"),
        (TASK.followed_by(TASK.commit, 1).line(), "a pair has one run of an experiment"),
        (replace(TASK, pair=TASK.commit).line(), "a pair has one run of an experiment"),
        (
            replace(TASK, pair="c" * 40).followed_by("d" * 40, 1).line(),
            "a pair has one run of an experiment",
        ),
        ('{"url":1,"url":2}', "not a JSON object"),
        (TASK.line() + " " * 9000 + "{}", "not a JSON object"),
        (TASK.line()[:-1] + ',"shell":"rm"}', "shell is not part of a task"),
    ],
)
def test_what_is_no_task_is_refused(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_task(line)
