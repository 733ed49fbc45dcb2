from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.inputs import write_seed
from gitexp.rules.documents.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_reads_the_configs_that_the_gate_judges_and_no_others(tmp_path: Path) -> None:
    outside, place = tmp_path / "outside", tmp_path / "checkout"
    for name in ("conf/a.yaml", "conf/deep/er/b.yaml", "conf/.c.yaml", "other/a.yaml"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("lr: 0.1\n")
    outside.mkdir()
    (outside / "mine.yaml").write_text("seed: 1\n")
    (place / "conf" / "linked").symlink_to(outside)
    (place / "conf" / "0.yaml").symlink_to(outside / "mine.yaml")
    (place / "conf" / "deep" / "z.yaml").write_text("seed: 1\n")
    settings = Settings(("conf/**/*.yaml",), "python train.py", "accuracy", seed_key="seed")
    values = write_seed(place, settings, 7)
    assert list(values) == [
        "conf/.c.yaml", "conf/a.yaml", "conf/deep/er/b.yaml", "conf/deep/z.yaml"
    ]  # fmt: skip
    assert (place / "conf" / "deep" / "z.yaml").read_text() == "seed: 7\n"
    assert (outside / "mine.yaml").read_text() == "seed: 1\n"


def test_the_seed_is_written_to_the_file_that_the_command_uses(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("seed: 1\n")
    (tmp_path / "b.yaml").write_text("_BASE_: c.yaml\nepochs: 3\n")
    (tmp_path / "c.yaml").write_text("seed: 1\n")
    settings = Settings(("*.yaml",), "train --config b.yaml", "accuracy", seed_key="seed")
    assert list(write_seed(tmp_path, settings, 7)) == ["a.yaml", "b.yaml", "c.yaml"]
    assert (tmp_path / "a.yaml").read_text() == "seed: 1\n"
    assert (tmp_path / "c.yaml").read_text() == "seed: 7\n"
