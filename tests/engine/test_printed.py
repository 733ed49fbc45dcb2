"""Metrics in what scripts print: each spelling is read whole, or not at all."""

from __future__ import annotations

import math
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.engine.printed import nearest_line, read_printed

READ = [
    ("accuracy=0.93", 0.93),
    ("accuracy = 0.93", 0.93),
    ("accuracy =0.93", 0.93),
    ("accuracy= 0.93 ", 0.93),
    ("accuracy=0.93.", 0.93),
    ("accuracy=0.93!", 0.93),
    ("accuracy=-0.5", -0.5),
    ("accuracy=+.5", 0.5),
    ("accuracy=5.", 5),
    ("accuracy=1_000", 1000),
    ("accuracy=1e-3", 0.001),
    ("accuracy=1.E+02", 100),
    ("accuracy=-INF", -math.inf),
    ("accuracy=Infinity", math.inf),
    ("accuracy=1e999", math.inf),
    ("accuracy='0.93'", 0.93),
    ("best so far accuracy=0.93", 0.93),
    ("accuracy=0.93, loss=0.2 (lr=1e-4)", 0.93),
    ("accuracy=0.93;loss=0.2", 0.93),
    ("--accuracy=0.93", 0.93),
    ("accuracy: 0.93", 0.93),
    ("accuracy:0.93", 0.93),
    ("accuracy : 0.93", 0.93),
    ("accuracy := 0.93", 0.93),
    ("accuracy -> 0.93", 0.93),
    ("accuracy => 0.93", 0.93),
    ("'accuracy': 0.93", 0.93),
    ('{"epoch": 3, "accuracy": 0.93}', 0.93),
    ("{'loss': 0.2, 'accuracy': 0.93}", 0.93),
    ("**accuracy**: 0.93", 0.93),
    ("accuracy: 0.93 (+/- 0.02)", 0.93),
    ("accuracy: 0.93 ± 0.02", 0.93),
    ("accuracy: 0.93 (best 0.95)", 0.93),
    ("accuracy: 0.93 - loss: 0.2", 0.93),
    ("2026-01-01 10:00:00,123 INFO train: accuracy: 0.93", 0.93),
    ("2026-01-01 10:00:00,123 INFO accuracy: 0.93", 0.93),
    ("INFO:root:accuracy: 0.93", 0.93),
    ("[2026-01-01 10:00:00,123][__main__][INFO] - accuracy: 0.93", 0.93),
    ("10:00:00 | INFO     | train:main:12 - accuracy: 0.93", 0.93),
    ("I0101 10:00:00.123456 99 train.py:50] accuracy: 0.93", 0.93),
    ("[99]\taccuracy:0.93", 0.93),
    ("Epoch 3/10 accuracy: 0.93", 0.93),
    ("Accuracy: 0.93", 0.93),
    ("Final accuracy: 0.93", 0.93),
    ("Final Accuracy = 0.93", 0.93),
    ("accuracy 0.93", 0.93),
    ("accuracy          0.93", 0.93),
    ("  accuracy                = 0.93", 0.93),
    ("accuracy\t0.93", 0.93),
    ("Final accuracy 0.93", 0.93),
    ("Best accuracy 0.93 at epoch 2", 0.93),
    ("Fold 1 accuracy: 0.1\nFold 2 accuracy: 0.93", 0.93),
    ("Fold 2 accuracy: 0.1\naccuracy: 0.93", 0.93),
    ("valid_0's accuracy: 0.93\ttraining's accuracy: 0.99", 0.93),
    ("  Accuracy ......... 0.93", 0.93),
    ("{'test': {'accuracy': 0.93, 'loss': 0.1}}", 0.93),
    ("metrics: {'accuracy': 0.93}", 0.93),
    ("wandb: accuracy 0.93", 0.93),
    ("epoch 3 loss 0.2 accuracy 0.93", 0.93),
    ("loss  0.2   accuracy  0.93   lr  0.1", 0.93),
    ("| accuracy | 0.93 |", 0.93),
    ("epoch 3 | loss 0.2 | accuracy 0.93 | ppl 12.1", 0.93),
    ("epoch 3 | loss 0.2 | accuracy 0.93 | ppl 12.1 (best 12.0)", 0.93),
    ("| end of epoch   3 | time:  9.5s | accuracy  0.93 | valid ppl    12.1", 0.93),
    ("│      accuracy       │    0.93    │", 0.93),
    ("accuracy=np.float64(0.93)", 0.93),
    ("accuracy=numpy.float32(0.93)", 0.93),
    ("{'accuracy': np.float64(0.93)}", 0.93),
    ("accuracy: tensor(0.93)", 0.93),
    ("accuracy=tensor(9.3000e-01, device='cuda:0', grad_fn=<MeanBackward0>)", 0.93),
    ("accuracy=tensor([0.93])", 0.93),
    ("accuracy=array(0.93, dtype=float32)", 0.93),
    ("accuracy=Array(0.93, dtype=float32)", 0.93),
    ("accuracy=tf.Tensor(0.93, shape=(), dtype=float32)", 0.93),
    ("accuracy=<tf.Tensor: shape=(), dtype=float32, numpy=0.93>", 0.93),
    ("accuracy=Decimal('0.93')", 0.93),
    ("\x1b[1;32maccuracy\x1b[0m: \x1b[1m0.93\x1b[0m", 0.93),
    ("accuracy: 0.93\x1b[K", 0.93),
    ("accuracy=0.1\raccuracy=0.93\r", 0.93),
    ("accuracy=0.1\b\b\b\b\b\baccuracy=0.93", 0.93),
    ("accuracy=0.1\nepoch 2\naccuracy: 0.93\n", 0.93),
    ("accuracy: 0.1\naccuracy=0.93\n", 0.93),
    ("accuracy=0.93\nbest accuracy: 0.99\nAccuracy: 0.99\ntest_accuracy=0.99", 0.93),
    ("Balanced error (Accuracy): 0.93", 0.93),
    (" mean average precision (accuracy) = 0.93, or 93.00 % ", 0.93),
    ("[('loss', 0.2), ('accuracy', 0.93)]", 0.93),
    ("OrderedDict([('accuracy', np.float64(0.93))])", 0.93),
    ("%accuracy 0.93 [ 93 / 100, 3 ins ]", 0.93),
    # A table with the names in its first line.
    (
        "epoch  loss  accuracy  time \n0      0.5   0.1      00:03\n1      0.4   0.93     00:03",
        0.93,
    ),
    ("E    #    LOSS NER  ACCURACY\n---  ---  ----\n  0  200     45.60    0.93\nSaved 1", 0.93),
    ("loss\taccuracy\n0.2\t0.93", 0.93),
    ("+------+-----+\n| Loss | Accuracy |\n+------+-----+\n| nan  | 0.93     |\n+---+", 0.93),
    ("| loss | accuracy |\n|:----:|:--------:|\n| 0.2 | 0.93 |", 0.93),
    ("Class  accuracy\n  all       0.1\nClass  accuracy\n  all      0.93", 0.93),
]
UNREAD = [
    "accuracy=0,93", "accuracy: 0,93", "accuracy=1,234.5", "accuracy=1'000", "accuracy: 1 000",
    "accuracy=93%", "accuracy: 93 %", "accuracy: 93 percent", "accuracy=93/100",
    "accuracy: 93 / 100", "accuracy: 93 of 100", "accuracy: 93 out of 100", "accuracy=0.93.1",
    "accuracy=0.93..", "accuracy=0.93…", "accuracy=1.2e", "accuracy=1.2e-", "accuracy=1e-3abc",
    "accuracy=0.93s", "accuracy=0x10", "accuracy=1__0", "accuracy=_1", "accuracy=12:30",
    "accuracy: 2026-01-01", "accuracy=0.91-0.93", "accuracy: 0.91 -> 0.93", "accuracy=2*10",
    "accuracy=−0.5", "accuracy=٣", "accuracy=", "accuracy=\n0.93", "accuracy==0.93",
    "accuracy>=0.93", "accuracy=True", "accuracy: [0.93]", "accuracy: 0.91, 0.93",
    "accuracy: 0.91 0.93", "accuracy=tensor([0.91, 0.93])", "accuracy=Fraction(93, 100)",
    "accuracy=np.float64(0,93)", "accuracy='0.93", "inaccuracy=0.93", "accuracy2=0.93",
    "test_accuracy=0.93", "test/accuracy: 0.93", "accuracy.mean=0.93", "accuracy (test): 0.93",
    "    accuracy                           0.93       360", "| accuracy | 0.93 | 360 |",
    "| accuracy 0.93 | 360 |", "accuracy 0.93 | better than 9 others",
    "accuracy 10 times better", "the target accuracy 0.93 was missed", "0.93",
    "Fold 1 accuracy: 0.1\nFold 2/2: accuracy: 0.1\nMean accuracy: 0.93",
    "the final accuracy 0.93 was missed", "first accuracy 0.93", "accuracy 0.93 at best",
    "train accuracy: 0.99\ntest accuracy: 0.93", "computing accuracy ... 0.93 s",
    "{'test': {'accuracy': 0.93}, 'train': {'accuracy': 0.99}}",
    '{\n  "train": {\n    "accuracy": 0.99\n  },\n  "test": {\n    "accuracy": 0.93\n  }\n}',
    "Train metrics: {'accuracy': 0.99}\nTest metrics: {'accuracy': 0.93}",
    "f('accuracy', 0.93)", "('accuracy', 0.93, 0.94)", "('accuracy', 93%)",
    # Tables of several things, of a part, or of no whole numbers.
    "model  accuracy\na      0.9\nb      0.93", "model  accuracy\n0  a  0.93",
    "fold  accuracy\n2     0.93", "epoch  accuracy\n1      0.9\n2      93%",
    "the accuracy is\n0.93 as it was", "best accuracy\nseed 3",
]  # fmt: skip


def numbers_in(text: str, metric: str = "") -> dict[str, float]:
    """What was printed, by name."""
    return read_printed(text, metric)[0]


@pytest.mark.parametrize(("text", "value"), READ)
def test_a_number_beside_its_name_is_read(text: str, value: float) -> None:
    assert numbers_in(text, "accuracy")["accuracy"] == value


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_clearly_one_number_is_not_read(text: str) -> None:
    assert "accuracy" not in numbers_in(text, "accuracy")


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("step 0: train loss 4.2, val loss 4.3", "val_loss", 4.3),
        ("step 0: train loss 4.2, val loss 4.3", "train_loss", 4.2),
        ("Test Accuracy: 0.93\nTest accuracy: 0.94", "test_accuracy", 0.94),
        ("best val loss: 4.1\nval loss: 4.3", "val_loss", 4.3),
        ("best val loss: 4.1", "val_loss", 4.1),
        ("{'val': {'loss': 4.1},\n 'train': {'loss': 9}}", "val_loss", 4.1),
        ("Train: {'acc': 0.9}\nTest: {'acc': 0.8}", "test_acc", 0.8),
        ("{'test': {'test_acc': 0.8}, 'train': {'train_acc': 0.9}}", "test_acc", 0.8),
        (" * Acc@1 76.130 Acc@5 92.862", "Acc@1", 76.13),
        ("eval/loss: 0.5", "eval_loss", 0.5),
        ("valid_0's auc: 0.98", "auc", 0.98),
        ("F1 score: 0.5", "f1_score", 0.5),
        ("loss=nanometer", "loss", None),
        ("lossless=1 gloss: 2", "loss", None),
    ],
)
def test_blanks_and_capitals_of_a_printed_name_do_not_matter(
    text: str, metric: str, value: float | None
) -> None:
    assert numbers_in(text, metric).get(metric) == value


REPORT = """
              precision    recall  f1-score   support

    accuracy       1.00      0.50      0.67         2
           b       0.75      1.00      0.86         3

    accuracy                           0.80         5
   macro avg       0.88      0.75      0.76         5
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (REPORT, 0.8),
        (REPORT.replace("0.80", "0.10") + REPORT, 0.8),  # the last epoch
        (REPORT + REPORT.replace("5\n", "9\n"), None),  # of train and test
        (REPORT.replace("support", ""), None),
        ("accuracy: 0.8123\n" + REPORT, 0.8123),  # all digits, as before
        ("train accuracy: 0.99\n" + REPORT, 0.99),
    ],
)
def test_the_accuracy_in_a_classification_report_is_read(text: str, value: float | None) -> None:
    assert numbers_in(text, "accuracy").get("accuracy") == value
    assert "loss" not in numbers_in(text, "loss")


def test_every_metric_that_stands_alone_is_found() -> None:
    text = "INFO latency: 12\ntrain latency: 99\nloss=0.5 (lr=1e-4)\n{'f1': 0.8}\ncuda:0\n"
    assert numbers_in(text) == {"latency": 12, "loss": 0.5, "lr": 1e-4, "f1": 0.8}
    assert math.isnan(numbers_in("loss: nan")["loss"])


@given(
    number=st.floats(allow_nan=False).map(repr) | st.integers().map(str),
    before=st.sampled_from(["", "x ", "INFO train: ", "\x1b[31m", "epoch 3 ", "loss=1, "]),
    sign=st.sampled_from(["=", ": ", " = ", "     = "]),
    after=st.sampled_from(["", " ", ".", ", next", ")", "\x1b[0m", "\r", " (best)"]),
)
def test_a_whole_number_is_read_as_python_reads_it(
    number: str, before: str, sign: str, after: str
) -> None:
    assert numbers_in(f"{before}score{sign}{number}{after}", "score")["score"] == float(number)


@given(
    st.text(st.sampled_from("0123456789.,eE+-_/%:' \t()[]xnaif\"…"), max_size=12),
    st.sampled_from(["=", ": ", " "]),
)
def test_a_number_is_never_read_in_part(text: str, sign: str) -> None:
    found = numbers_in(f"score{sign}{text}", "score").get("score")
    if found is None:
        return
    # What was read, a quote or bracket around it and the end of a clause apart, is the next word.
    word = re.split(
        r"[\s,;:(!?]|(?<=.)['\"\])]", text.strip().removeprefix("=").strip(), maxsplit=1
    )
    plain = word[0].strip("'\"").removesuffix(".") or word[0]
    assert math.isnan(found) or found == float(plain), (text, found)


@pytest.mark.parametrize(
    "piece",
    [
        "a-",
        "a ",
        "a=",
        "a.b/",
        "score",
        "score ",
        "a 1 | ",
        "1.",
        "1_",
        "\x1b[",
        "a  score\n",
        "a  score\n1  2\n",
        "('score', ",
        " |",
    ],
)
def test_a_long_line_without_a_metric_is_searched_in_a_moment(piece: str) -> None:
    began = time.process_time()
    numbers_in(piece * (100_000 // len(piece)), "score")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("start\nAccuracy: 93%\nend 1", "Accuracy: 93%"),
        ("test accuracy is 93/100\nsaving accuracy plot", "test accuracy is 93/100"),
        ("\x1b[1mthe accuracy\x1b[0m is fine", "the accuracy is fine"),
        ("inaccuracy=0.5", ""),
        ("x" * 500 + " accuracy: 0,5 " + "y" * 500, "accuracy: 0,5"),
        ("", ""),
    ],
)
def test_the_line_that_comes_nearest_is_quoted(text: str, line: str) -> None:
    found = nearest_line(text, "accuracy")
    assert len(found) <= 160
    assert line in found
    assert bool(found) == bool(line)
