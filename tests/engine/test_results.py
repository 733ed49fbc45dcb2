from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gitexp.engine.results import keep_files, remove_results
from gitexp.errors import NotReady
from gitexp.rules.documents.settings import Settings

SETTINGS = Settings(
    config=("c.toml",), command="true", metric="accuracy",
    metrics="out/metrics.json", predictions="p.csv",
)  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A checkout, a run's folder, and somebody's folder with a file in it."""
    for name in ("checkout", "run", "mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine" / "metrics.json").write_text("last year's")
    return tmp_path / "checkout", tmp_path / "run", tmp_path / "mine"


def test_old_results_are_removed(places: tuple[Path, Path, Path]) -> None:
    checkout, _, mine = places
    (checkout / "out").mkdir()
    (checkout / "out" / "metrics.json").symlink_to(mine / "metrics.json")
    (checkout / "p.csv").write_text("old")
    remove_results(checkout, checkout, SETTINGS)
    assert not os.path.lexists(checkout / "out" / "metrics.json")
    assert not (checkout / "p.csv").exists()
    assert (mine / "metrics.json").read_text() == "last year's"


def test_no_result_is_removed_behind_a_link_that_leads_out(
    places: tuple[Path, Path, Path],
) -> None:
    checkout, _, mine = places
    (checkout / "out").symlink_to(mine)
    with pytest.raises(
        NotReady, match=r"out/metrics\.json \(metrics in the settings\) lies behind"
    ):
        remove_results(checkout, checkout, SETTINGS)
    assert (mine / "metrics.json").exists()


def test_what_is_kept_moves_as_it_lies(places: tuple[Path, Path, Path]) -> None:
    checkout, run, _ = places
    (checkout / "out" / "deep").mkdir(parents=True)
    (checkout / "out" / "deep" / "a.pt").write_text("a")
    (checkout / "latest").symlink_to("out/deep/a.pt")
    (run / "out").mkdir()
    (run / "out" / "b.pt").write_text("the script's own copy")
    assert keep_files(checkout, checkout, run, ("out", "out/**/*.pt", "latest", "gone")) == ""
    assert (run / "out" / "deep" / "a.pt").read_text() == "a"
    assert (run / "out" / "b.pt").exists()
    assert (run / "latest").is_symlink()
    assert not (checkout / "out").exists()


def test_what_is_yours_is_never_kept(places: tuple[Path, Path, Path]) -> None:
    checkout, run, mine = places
    (checkout / "out").symlink_to(mine)
    said = keep_files(checkout, checkout, run, ("out/*.json",))
    assert said == "not kept: out/metrics.json lies outside the checkout, and stays there"
    assert (mine / "metrics.json").read_text() == "last year's"
    assert list(run.iterdir()) == []


def test_nothing_is_kept_behind_a_link_in_the_runs_folder(places: tuple[Path, Path, Path]) -> None:
    checkout, run, mine = places
    (checkout / "out").mkdir()
    (checkout / "out" / "metrics.json").write_text("new")
    (run / "out").symlink_to(mine)
    assert "a link in the run's folder leads out of it" in keep_files(
        checkout, checkout, run, ("out/*.json",)
    )
    assert (mine / "metrics.json").read_text() == "last year's"


def test_what_is_kept_on_another_disk_is_copied_whole(places: tuple[Path, Path, Path]) -> None:
    _, run, _ = places
    disks = [
        folder
        for folder in map(Path, ("/dev/shm", "/var/tmp"))
        if folder.is_dir() and folder.stat().st_dev != run.stat().st_dev
    ]
    if not disks:
        pytest.skip("needs a second disk")
    with TemporaryDirectory(dir=disks[0]) as other:
        checkout = Path(other)
        (checkout / "out" / "deep").mkdir(parents=True)
        (checkout / "out" / "deep" / "a.pt").write_text("a")
        (checkout / "out" / "deep").chmod(0o555)
        (checkout / "b.pt").write_text("b")
        assert keep_files(checkout, checkout, run, ("out", "*.pt")) == ""
        assert list(checkout.iterdir()) == []
    assert (run / "out" / "deep" / "a.pt").read_text() == "a"
    assert (run / "b.pt").read_text() == "b"
