"""What machines of a cluster have, and what is said where they differ."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from gitexp.engine.clusters.hosts import (
    Host,
    describe_here,
    lack,
    parse_host,
    parse_hosts,
    say_differences,
    say_unlike,
)
from gitexp.engine.clusters.slurm import nodes_by_kind
from gitexp.rules.documents.elsewhere import Slurm

A = Host(("A100", "A100"), {"python": "3.11.7", "numpy": "1.26", "rich": "13"})
V = Host(("V100",), {"python": "3.11.7", "numpy": "2.0", "rich": "14"})
NONE = Host((), {"python": "3.12.1", "numpy": "1.26", "rich": "13"})
MANY = [Host((), dict.fromkeys("vwxyz", version)) for version in "12"]
ONE = "; ".join(f"{name} 1 (a), 2 (b)" for name in "vwx")


@pytest.mark.parametrize(
    ("hosts", "packages", "said"),
    [
        ([], (), []),
        ([A, A], (), []),
        ([A, Host(A.accelerators[:1], A.versions)], (), []),
        ([A, Host(A.accelerators)], (), []),  # no Python there, or a shell
        ([A, V], ("x",), ["accelerators differ: A100 (a), V100 (b)"]),
        (
            [A, V, NONE],
            ("numpy",),
            [
                "accelerators differ: A100 (a), V100 (b), none (c)",
                "environments differ: python 3.11.7 (a, b), 3.12.1 (c); numpy 1.26 (a, c), 2.0 (b)",
            ],
        ),
        (
            [A, Host(A.accelerators, {"python": "3.11.7", "rich": "13"})],
            (),
            ["environments differ: numpy 1.26 (a), not installed (b)"],
        ),
        (MANY, (), [f"environments differ: {ONE}; and 2 more"]),
    ],
)  # fmt: skip
def test_what_differs_between_hosts_is_said(
    hosts: list[Host], packages: tuple[str, ...], said: list[str]
) -> None:
    found = say_differences(dict(zip("abc", hosts, strict=False)), packages)
    assert [one.partition(". Both runs of a pair need the same, so ")[0] for one in found] == said


THEN = {"python": "3.11.7", "packages": {"numpy": "1.26 a1b2", "torch": "2.1 ff"}}


@pytest.mark.parametrize(
    ("hosts", "environments", "said"),
    [
        ([NONE], [], []),  # nothing is on record
        ([], [THEN], []),
        ([Host()], [THEN], []),  # nobody knows
        ([A], [THEN], []),  # a package that the host does not list may be a module by another name
        ([NONE, A], [THEN], []),
        ([NONE], [THEN, {"python": "3.12.1"}], []),
        ([NONE], [THEN], ["python 3.11.7 -> 3.12.1"]),
        ([NONE, V], [THEN], ["python 3.11.7 -> 3.12.1"]),
        (
            [Host((), {"python": "3.12.1", "numpy": "2.0"})],
            [THEN],
            ["python 3.11.7 -> 3.12.1; numpy 1.26 -> 2.0"],
        ),
    ],
)
def test_machines_that_cannot_repeat_what_is_on_record_are_said(
    hosts: list[Host], environments: list[dict[str, object]], said: list[str]
) -> None:
    found = say_unlike(dict(zip("abc", hosts, strict=False)), environments)
    shown = [one.partition("environment: ")[2].partition(". Both")[0] for one in found]
    assert shown == said


@pytest.mark.parametrize(
    ("hosts", "models", "lacks"),
    [
        ({}, ["A100"], False),
        ({"a": A, "b": V}, ["V100"], False),
        ({"a": A, "b": V}, ["H100"], True),
        ({"a": A, "b": V}, [], False),
        ({"a": Host(("a100",), sure=False)}, ["H100"], False),
    ],
)
def test_accelerators_that_no_host_has_are_missed(
    hosts: dict[str, Host], models: list[str], *, lacks: bool
) -> None:
    assert lack(hosts, models) is lacks


def test_a_machine_describes_itself_and_is_read_below_other_output(tmp_path: Path) -> None:
    described = describe_here(sys.executable, tmp_path)
    host = parse_host(f"Welcome to gpu1!\n{json.dumps(described)}\n")
    assert host is not None
    assert host.versions["python"] == sys.version.split()[0]
    assert "pytest" in host.versions
    assert "pip" not in host.versions
    assert parse_host("gitexp: command not found\n{}") is None
    told = json.dumps(described)
    assert parse_hosts({"a": told}, sure=True)["a"].sure
    assert not parse_hosts({"a": told, "b": ""}, sure=True)["a"].sure  # the other may have more


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        (
            Slurm(gpus="2", partition="gpu"),
            [f'to choose: gpus = "{kind}:2"' for kind in ("a100", "v100")],
        ),
        (Slurm(gpus="a100:2"), []),
        (Slurm(), []),
        (Slurm(gpus="1", options=("--constraint=a100",)), []),
    ],
)
def test_slurm_is_asked_for_kinds_of_accelerators_unless_one_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Slurm, kinds: list[str]
) -> None:
    program = tmp_path / "sinfo"
    program.write_text("#!/bin/sh\nprintf '(null)\\ngpu:a100:4(S:0-1)\\ngpu:v100:2,shard:4\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert [*nodes_by_kind(settings)] == kinds
