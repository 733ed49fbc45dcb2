"""What a script says about itself without being run: paths, names, splits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gitexp.lab.guess.script import Script, read_script

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, text: str) -> Script:
    (folder / "train.py").write_text(text)
    return read_script(folder, "train.py")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("json.dump(m, open('out/metrics.json', 'w'))", ["out/metrics.json"]),
        ("with open('./m.json', mode='wb') as f: pass", ["m.json"]),
        ("OUT = 'out'\nopen(os.path.join(OUT, 'm.json'), 'w')", ["out/m.json"]),
        ("OUT = Path('out')\n(OUT / 'm.json').write_text('')", ["out/m.json"]),
        ("f = Path('out') / f'{1}.json'\nf.write_text('')", []),
        ("OUT: str = 'a'\nopen(f'{OUT}/m.json', 'w')", ["a/m.json"]),
        ("p.add_argument('--out-dir', default='res')\nopen(args.out_dir + '/m.json', 'w')",
         ["res/m.json"]),
        ("def main(out='res'):\n    Path(out, 'm.json').open('w')", ["res/m.json"]),
        ("C.system.work_dir = 'out/adder'\nopen(join(config.system.work_dir, 'm.json'), 'w')", []),
        ("C.work_dir = 'out'\nopen(os.path.join(config.work_dir, 'm.json'), 'w')", ["out/m.json"]),
        ("open(Path(__file__).parent / 'm.json', 'w')", ["m.json"]),
        ("table.to_csv('p.csv')", ["p.csv"]),
        ("OUT = 'a'\nOUT = 'b'\nopen(OUT + '/m.json', 'w')", []),
        ("open('m.json')", []),
        ("open('/tmp/m.json', 'w'), open('../m.json', 'w'), open(name, 'w')", []),
    ],
)  # fmt: skip
def test_written_paths_are_whole_or_left_out(tmp_path: Path, text: str, written: list[str]) -> None:
    assert read(tmp_path, text).written == written


def test_the_end_of_a_path_is_not_a_path(tmp_path: Path) -> None:
    found = read(tmp_path, "open(args.out / 'metrics.json', 'w')\nopen('data/' + 'x.csv')")
    assert found.mentioned == ["w", "data/x.csv"]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("print(f'accuracy={a:.3f}')", ["accuracy"]),
        ("print(f'{accuracy=}')", ["accuracy"]),
        (
            "print(f'step {n}: train loss {a}, Test accuracy: {b}')",
            ["step", "train loss", "Test accuracy"],
        ),
        ("print('val_loss: %.3f' % x)", ["val_loss"]),
        ("print('loss = {}, f1 = {:.2f}'.format(a, b))", ["loss", "f1"]),
        ("print('accuracy', a)", ["accuracy"]),
        ("json.dump({'accuracy': a, 'model': 'x'}, f)", ["accuracy"]),
        ("gitexp.log(rmse=x)", ["rmse"]),
        ("print('accuracy')", []),
    ],
)
def test_names_before_a_number_are_found(tmp_path: Path, text: str, printed: list[str]) -> None:
    assert read(tmp_path, text).printed == printed


@pytest.mark.parametrize(
    ("text", "split", "ratio"),
    [
        ("train_test_split(x, y, test_size=0.2, random_state=seed)", "split", 0.25),
        ("train_test_split(x, y, test_size=0.5)", "split", 1),
        ("train_test_split(x, y, random_state=42)", "seed", None),
        ("SEED = 1\ntrain_test_split(x, y, random_state=SEED)", "split", None),
        ("random_split(d, [1, 2], generator=torch.Generator().manual_seed(0))", "seed", None),
        ("random_split(d, [1, 2])", "split", None),
        ("KFold(5, shuffle=False)", "seed", None),
        ("KFold(5, random_state=1)\ntrain_test_split(x)", "split", None),
        ("train(x)", "", None),
    ],
)  # fmt: skip
def test_a_split_with_a_literal_seed_stays_the_same(
    tmp_path: Path, text: str, split: str, ratio: float | None
) -> None:
    found = read(tmp_path, text)
    assert (found.split, found.test_ratio) == (split, ratio)


def test_modules_of_the_project_are_read_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "src" / "net").mkdir(parents=True)
    (tmp_path / "src" / "net" / "__init__.py").write_text("from .model import Model\n")
    (tmp_path / "config.py").write_text("import train\nOUT = 'out'\n")
    text = "import json, config\nfrom net import x\nopen(config.OUT + '/m.json', 'w')\n"
    found = read(tmp_path, text)
    assert found.imported == ["config.py", "src/net/__init__.py"]
    assert found.written == ["out/m.json"]
    assert found.text.startswith("import json")


@pytest.mark.parametrize("piece", ["a", "a ", "a.", " ", "a: ", "="])
def test_a_long_text_is_read_in_a_moment(tmp_path: Path, piece: str) -> None:
    began = time.process_time()
    read(tmp_path, f"x = '{piece * (100_000 // len(piece))}'")
    assert time.process_time() - began < 3


@pytest.mark.parametrize("text", ["def f(:", "\0", "x = " + "(" * 300 + ")" * 300, ""])
def test_a_script_that_does_not_parse_says_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).written == []
    assert read_script(tmp_path, "no.py") == Script()
