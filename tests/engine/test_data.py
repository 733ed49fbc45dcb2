"""Fingerprints of the data that runs read."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from gitexp.engine.data import fingerprint

if TYPE_CHECKING:
    from pathlib import Path


def test_data_is_fingerprinted_by_content_and_hashed_once(tmp_path: Path) -> None:
    place, cache = tmp_path / "place", tmp_path / "cache.json"
    (place / "data" / "deep").mkdir(parents=True)
    (place / "data" / "a.csv").write_text("1\n")
    (place / "data" / "deep" / "b.csv").write_text("2\n")
    patterns = ["data", "data/*.csv", "nothing/*"]
    time.sleep(0.06)  # what has only just been written is not remembered
    first = fingerprint(place, patterns, cache)
    assert first["nothing/*"] == "absent"
    assert first["data"] != first["data/*.csv"]
    assert len(json.loads(cache.read_text())) == 2
    assert fingerprint(place, patterns, cache) == first
    (place / "data" / "deep" / "b.csv").write_text("3\n")
    second = fingerprint(place, patterns, cache)
    assert second["data"] != first["data"]
    assert second["data/*.csv"] == first["data/*.csv"]


def test_an_edit_in_place_is_noticed_though_size_and_mtime_are_as_before(tmp_path: Path) -> None:
    file, cache = tmp_path / "a.csv", tmp_path / "cache.json"
    file.write_text("1\n")
    before = file.stat()
    time.sleep(0.06)
    first = fingerprint(tmp_path, ["a.csv"], cache)
    assert len(json.loads(cache.read_text())) == 1
    file.write_text("2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert fingerprint(tmp_path, ["a.csv"], cache) != first


def test_a_second_edit_within_one_tick_of_the_clock_is_noticed(tmp_path: Path) -> None:
    file, cache = tmp_path / "a.csv", tmp_path / "cache.json"
    seen = set()
    for digit in "123456789":
        file.write_text(digit)
        seen.add(fingerprint(tmp_path, ["a.csv"], cache)["a.csv"])
    assert len(seen) == 9


def test_the_same_content_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "a.bin").write_bytes(b"\0" * 100_000)
        digests.append(fingerprint(tmp_path / name, ["data"], tmp_path / f"{name}.json"))
    assert digests[0] == digests[1]


def test_a_linked_folder_is_entered(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("1")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "data").symlink_to(tmp_path / "real")
    before = fingerprint(tmp_path / "place", ["data"], tmp_path / "c.json")
    (tmp_path / "real" / "a.csv").write_text("22")
    assert fingerprint(tmp_path / "place", ["data"], tmp_path / "c.json") != before
