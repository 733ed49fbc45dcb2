"""Fingerprints of the data that runs read."""

from __future__ import annotations

import json
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
    first = fingerprint(place, patterns, cache)
    assert first["nothing/*"] == "absent"
    assert first["data"] != first["data/*.csv"]
    assert len(json.loads(cache.read_text())) == 2
    assert fingerprint(place, patterns, cache) == first
    (place / "data" / "deep" / "b.csv").write_text("3\n")
    second = fingerprint(place, patterns, cache)
    assert second["data"] != first["data"]
    assert second["data/*.csv"] == first["data/*.csv"]


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
