from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitexp.rules.gate.hypothesis import lint
from gitexp.rules.gate.hypothesis.pointing import TEMPLATE, point_at
from gitexp.rules.gate.hypothesis.reading import read

if TYPE_CHECKING:
    from gitexp.rules.finding import Finding

STATEMENTS = (
    # the example everyone sees first, and its reason words
    "C=10 lifts accuracy because the model underfits: train accuracy is 0.93",
    "C=10 lifts accuracy since the last layer saturates",
    "C=10 lifts accuracy, as the model underfits",
    "As training accuracy is only 0.93, so C=10 lifts accuracy",
    "As the classes are imbalanced, class weights raise recall",
    "C=10 lifts accuracy owing to underfitting",
    "C=10 lifts accuracy on account of underfitting",
    "C=10 lifts accuracy for the reason that it underfits",
    "The reason C=10 lifts accuracy is that the model underfits",
    "C=10 lifts accuracy. The reason is the training accuracy of only 0.93.",
    "The model underfits, so C=10 lifts accuracy",
    "The model underfits. Therefore C=10 lifts accuracy.",
    "C=10 lifts accuracy because often the margin is tiny",
    "C=10 lifts accuracy because of `dropout`",
    "C=10 lifts accuracy because... the model underfits",
    "C=10 lifts accuracy because <5% of the weights leave their initial value",
    "Since v2 lacks dropout, weight decay raises accuracy",
    # vision
    "Label smoothing 0.1 lowers ECE because logits saturate at 0.99 confidence",
    "Freezing BatchNorm raises mIoU because batches of 2 give noisy statistics",
    "RandAugment 9 lifts top-1 since train accuracy hits 99 % by epoch 30",
    "RGB-D raises IoU because see-through objects need depth",
    # language
    "A 32k vocabulary lowers perplexity because 12% of tokens are single characters",
    "Why-questions need longer answers, so max_len=128 raises ROUGE",
    'Adding "why does it help?" to prompts raises accuracy because the model then reasons',
    "`x ? y : z` as one token lowers loss because the branch is rare",
    "Matching colou?r raises recall because British spelling is missed",
    "Is-a features help recall because WordNet paths disambiguate rare nouns",
    # tabular
    "n_estimators=500 raises AUC because the learning curve still rises at 100",
    "Missing values coded as ? in adult.csv lower accuracy because they are read as text",
    "Log target lowers MAPE due to the long tail of prices",
    "Given that the classes are imbalanced 1:50, class weights raise F1",
    "May data lowers RMSE because of the holiday",
    "Will Smith photos lower precision because they repeat",
    # speech, sensors, recommenders
    "SpecAugment lowers WER because the acoustic model memorises speakers",
    "Who speaks matters: speaker embeddings lower WER because accents differ",
    "CAN bus features raise recall because they carry brake pressure",
    "Can images reduce precision because they reflect light",
    "Popularity weighting raises nDCG because popular items dominate the clicks",
    "Session length 50 lifts hit rate since 40% of sessions are cut at 20",
    # biology, chemistry, control
    "DO (dissolved oxygen) lowers RMSE because algae follow it",
    "MSA depth 512 lowers RMSD because orphan proteins have thin alignments",
    "IS lifts FID because samples are reweighted",
    "Dropout in the readout raises ROC-AUC because scaffolds repeat",
    "Clipping gradients at 1.0 raises return because value loss explodes after 2M steps",
    # statements that open like questions
    "What matters is the learning rate because loss diverges above 0.1",
    "What is missing is depth, because train loss stays at 0.6",
    "How we split matters because patients repeat across folds, so accuracy drops",
    "Why attention heads die matters for loss because gradients vanish",
    "Which tokens we mask matters for loss because rare tokens dominate it",
    "Whether we shuffle changes accuracy because the file is sorted",
    "Whether one shuffles lifts accuracy because the file is sorted",
    "Should the model underfit, C=10 lifts accuracy because it has more room",
    "Should probably lift accuracy because the model underfits",
    "Does not overfit because weights are decayed, so accuracy holds",
    "Is better with C=10 because train accuracy is 0.93",
    "Don't augment because flips change the label, which lowers accuracy",
    "Do the warm-up first because the early loss spikes",
    "See https://example.org/a?b=c and why C=10 lifts accuracy because it underfits",
    "C=10 (?) lifts accuracy because it underfits",
    # other languages
    "C=10 erhöht die Genauigkeit, weil das Modell unterfittet",
    "C=10 erhöht die Genauigkeit, da das Modell unterfittet",
    "C=10 mejora la exactitud porque el modelo subajusta",
    "C=10 melhora a acurácia, já que o modelo subajusta",
    "C=10 améliore la précision parce qu’il sous-apprend",
    "C=10 améliore la précision, car le modèle sous-apprend",
    "C=10 migliora l'accuratezza perche' il modello sottoadatta",
    unicodedata.normalize("NFD", "C=10 migliora l'accuratezza perché il modello sottoadatta"),
    "C=10 verhoogt de nauwkeurigheid omdat het model onderfit",
    "C=10 podnosi dokładność, bo model jest niedouczony",
    "C=10 повышает точность, потому что модель недообучена",
    "C=10 能提高准确率，因为模型欠拟合",
    "モデルが学習不足なので、Cを10に上げると精度が上がる",
    "학습이 부족하기 때문에 C=10은 정확도를 높인다",
    "C=10 يرفع الدقة لأن النموذج ضعيف",
    # spelling and layout
    "C=10 LIFTS ACCURACY BECAUSE THE MODEL UNDERFITS",
    "Ｃ=10 lifts accuracy ｂｅｃａｕｓｅ the model underfits",
    "C=10\r\nlifts accuracy\r\nbecause\r\nthe model underfits",
    "C=10 lifts accuracy due\n  to underfitting",
    "C=10 lifts accuracy because it underfits\n\nSeen on 3 of 3 seeds.",
    "🚀 C=10 lifts accuracy because the model underfits 🚀",
)

REMARKS = (
    ("", "H0"),
    (" \r\n\t\u200b\u3000", "H0"),
    # questions, marked
    ("Does C=10 lift accuracy?", "H1 H2"),
    ("Is accuracy limited by the tokenizer?!", "H1 H2"),
    ("C=10 lifts accuracy because the model underfits, right?", "H1"),
    ("C=10 lifts accuracy because it underfits. Or is it the scaler? We will see.", "H1"),
    ("C=10 lifts accuracy (or does it?) because it underfits", "H1"),
    ("Does\r\nC=10 lift accuracy\r\nbecause it underfits?\r\n", "H1"),
    ('"Does C=10 lift accuracy because it underfits?"', "H1"),
    ("精度は上がるか？はい、学習不足なので", "H1"),
    ("هل يرفع الدقة؟", "H1 H2"),
    ("Բարձրացնո՞ւմ է C=10 ճշգրտությունը", "H1 H2"),
    ("¿Mejora C=10 la exactitud porque el modelo subajusta", "H1"),
    # questions, unmarked
    ("does C=10 lift accuracy because the model underfits", "H1"),
    ("DOES C=10 LIFT ACCURACY", "H1 H2"),
    ("🚀 does C=10 lift accuracy", "H1 H2"),
    ("Hypothesis: do larger batches lower the loss", "H1 H2"),
    ("Will training longer help because loss still falls", "H1"),
    ("Can dropout reduce overfitting because it averages", "H1"),
    ("Could a deeper tree lift recall because stumps miss interactions", "H1"),
    ("Are larger crops better", "H1 H2"),
    ("Should we lower the learning rate because loss spikes", "H1"),
    ("What if we lower the learning rate", "H1 H2"),
    ("What learning rate should we use to lower loss", "H1 H2"),
    ("Whether C=10 lifts accuracy because the model underfits", "H1"),
    ("Hypothesis: whether C=10 lifts accuracy because it grows", "H1"),
    ("How about a lower learning rate", "H1 H2"),
    ("How much does C improve accuracy", "H1 H2"),
    ("Why does dropout hurt recall", "H1 H2"),
    ("Why not lower the learning rate", "H1 H2"),
    ("Let's see if C=10 lifts accuracy because it underfits", "H1"),
    ("Don't we need a lower loss", "H1 H2"),
    ("Est-ce que C=10 améliore la précision", "H1 H2"),
    ("C=10 能提高准确率吗", "H1 H2"),
    ("C=10にすると精度が上がりますか", "H1 H2"),
    # no reason
    ("C=10 lifts accuracy", "H2"),
    ("C=10 lifts accuracy because", "H2"),
    ("C=10 lifts accuracy because.", "H2"),
    ("C=10 lifts accuracy because …", "H2"),
    ("C=10 lifts accuracy because TODO", "H2"),
    ("C=10 lifts accuracy because\n\nCriterion: accuracy +0.005", "H2"),
    (TEMPLATE, "H2 H3"),
    (f"C=10 lifts accuracy {TEMPLATE[TEMPLATE.index('because') :]}", "H2"),
    ('C=10 lifts accuracy, the "because" of it comes later', "H2"),
    ("C=10 lifts accuracy, see `because the model underfits`", "H2"),
    ("becausexyz lifts accuracy on every seed", "H2"),
    ("Dance data sincerely lifts the accuracy of poses", "H2"),
    ("Accuracy has dropped ever since the merge of main", "H2"),
    ("Accuracy has dropped since 2020", "H2"),
    ("Accuracy has risen in every run since v2", "H2"),
    ("With few trials, BO lifts accuracy", "H2"),
    ("Random crops lift recall for bus, car and bike", "H2"),
    ("Using age as a feature lifts accuracy", "H2"),
    ("So C=10 lifts accuracy", "H2"),
    ("C=10 erhöht die Genauigkeit", "H2"),
    ("C=1から10に上げると精度が上がる", "H2"),
    ("C=10 повышает точность", "H2"),
    ("C=10 提高准确率", "H2"),
    # labels, and what names no number
    ("bigger model", "H2 H3 H4"),
    ("try C=10", "H2 H3 H4"),
    ("lr sweep", "H2 H3 H4"),
    ("🤷", "H2 H3 H4"),
    ("hidden=512 because 256 saturates", "H3 H4"),
    ("Bigger model with more layers and wider heads because overfitting", "H3 H4"),
    ("Whether a token is masked predicts the label because sites differ", "H4"),
    ("A wide kernel works on strokes because they are thick", "H4"),
    # fashion
    ("A transformer lifts accuracy because it is state of the art", "H5"),
    ("AdamW lowers loss because it is the latest optimizer.", "H5"),
    ("Mixup raises accuracy because a recent paper says it works well", "H5"),
    ("Because it's SOTA, a transformer lifts accuracy", "H5"),
    ("Use attention because everyone uses attention", "H4 H5"),
    ("AdamW lowers loss because a new paper measured 2.1 points on our data", ""),
    ("A transformer lifts accuracy because SOTA models see the context that ours cuts off", ""),
    # what is not shown but obeyed
    ("C=10 lifts \x1b[31maccuracy\x1b[0m because it underfits", "H6"),
    ("C=10 lifts accuracy\x9b2K because it underfits", "H6"),
    ("C=10 lifts accuracy because it \u202estifrednu", "H6"),
    ("C=10 lifts accuracy because it underfits\u200f", "H6"),
    ("C=10 lifts accuracy\tbecause it\r\nunderfits, \u200dand 数据\u3000too", ""),
)


def ids(text: str, metric: str = "") -> str:
    return " ".join(finding.id for finding in lint(text, metric))


def hint(text: str, rule: str, metric: str = "") -> str:
    """What a finding shows below its first line: the sentence, the carets and the way on."""
    found = next(finding for finding in lint(text, metric) if finding.id == rule)
    return "\n".join([*found.message.split("\n")[1:], found.hint])


def width(text: str) -> int:
    return sum(
        (unicodedata.category(c) not in {"Mn", "Me", "Cf"})
        * (2 if unicodedata.east_asian_width(c) in "WF" else 1)
        for c in text
    )


def marked(finding: Finding) -> str:
    """The characters of the shown sentence that stand above the carets."""
    sentence, carets = finding.message.split("\n")[1:]
    start, end = carets.index("^"), len(carets)
    return "".join(c for i, c in enumerate(sentence) if start <= width(sentence[:i]) < end)


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_with_its_reason_passes_without_a_word(text: str) -> None:
    assert ids(text) == ""


@pytest.mark.parametrize(("text", "expected"), REMARKS)
def test_each_text_gets_the_remarks_it_deserves(text: str, expected: str) -> None:
    assert ids(text) == expected


def test_only_what_is_empty_asks_has_no_reason_or_cannot_be_shown_is_refused() -> None:
    findings = [finding for text, _ in REMARKS for finding in lint(text)]
    assert {finding.id for finding in findings if not finding.advice} == {"H0", "H1", "H2", "H6"}
    assert {finding.id for finding in findings if finding.advice} == {"H3", "H4", "H5"}


@pytest.mark.parametrize("metric", ["pose_quality", "pose-quality", "Pose Quality"])
@pytest.mark.parametrize("spelled", ["pose_quality", "pose-quality", "pose quality"])
def test_the_projects_own_metric_counts_however_it_is_spelled(metric: str, spelled: str) -> None:
    text = f"A wide kernel is good for {spelled} because strokes are thick"
    assert ids(text) == "H4"
    assert ids(text, metric) == ""


def test_a_missing_reason_is_marked_where_it_belongs() -> None:
    assert hint("C=10 lifts accuracy.", "H2") == (
        "    C=10 lifts accuracy ‹because …›\n"
        "                        ^^^^^^^^^^^\n"
        'say why: "<change> raises|lowers <metric> because <what you saw or know>"'
    )


def test_a_reason_word_with_nothing_behind_it_is_named() -> None:
    (finding,) = lint("C=10 lifts accuracy due  to")
    assert finding.message.startswith('nothing follows "due to": the reason itself is missing\n')
    assert marked(finding) == "‹…›"


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Does C=10 lift accuracy?", "C=10 lifts accuracy because …"),
        ("does the bigger batch carry?", "the bigger batch carries because …"),
        ("Does label smoothing push accuracy?", "label smoothing pushes accuracy because …"),
        ("Do larger batches help recall", "larger batches help recall because …"),
        ("Will larger batches lower loss?", "larger batches will lower loss because …"),
        ("Is more data better than depth?", "more data is better than depth because …"),
        ("Does C=10 lift F1 because it underfits?", "C=10 lifts F1 because it underfits"),
        ("Does C=10 lift F1? Because it underfits.", "C=10 lifts F1 because …"),
    ],
)
def test_a_plain_question_comes_back_as_its_statement(question: str, statement: str) -> None:
    assert hint(question, "H1").endswith(f'state it: "{statement}"')


@pytest.mark.parametrize(
    "question",
    [
        "Did C=10 lift accuracy?",
        "Does C=10 or C=100 lift accuracy?",
        "Is batch norm necessarily what lifts accuracy?",
        "C=10 lifts accuracy?",
        f"Does {'a very ' * 20}large batch lift accuracy?",
    ],
)
def test_a_question_that_would_need_guessing_gets_the_template(question: str) -> None:
    assert hint(question, "H1").endswith(f'"{TEMPLATE}"')


@pytest.mark.parametrize(
    ("text", "rule", "passage"),
    [
        ("C=10 lifts accuracy because it underfits. Right?! I think so.", "H1", "?!"),
        ("Which is better, depth or width", "H1", "Which is"),
        ("C=10 能提高准确率吗。", "H1", "吗。"),
        ("精度は上がるか？はい", "H1", "？"),
        ("a\u0301\u0323e\u0301 🚀 lifts 精度", "H2", "‹because …›"),
        ("Use it because\nit is state\nof the art", "H5", "state of the art"),
        ("A kernel works because strokes are thick", "H4", "‹raises|lowers <metric>›"),
        ("bigger model", "H3", "‹raises|lowers <metric> because …›"),
        ("word " * 5000 + "does it? " + "word " * 5000, "H1", "?"),
        ("字" * 5000 + "？" + "字" * 5000, "H1", "？"),
        ("\x1b[31m\u202e" * 50 + "\x9b lifts accuracy", "H2", "‹because …›"),
    ],
)
def test_carets_stand_below_the_passage_meant(text: str, rule: str, passage: str) -> None:
    (finding,) = (finding for finding in lint(text) if finding.id == rule)
    assert marked(finding) == passage


@pytest.mark.parametrize("words", [(1, 1), (1, 40), (40, 1), (40, 40), (14, 40), (40, 14)])
@pytest.mark.parametrize("missing", ["", "‹because …›"])
def test_a_line_that_points_fits_a_terminal(words: tuple[int, int], missing: str) -> None:
    before, after = ("word " * count for count in words)
    start = len(before) - bool(missing)  # what is missing belongs before the blank
    end = start if missing else start + len("here")
    reading = read(f"{before}here {after}")
    shown, carets = point_at(reading, start, end, missing).split("\n")
    assert len(shown) <= 76
    assert len(shown) > 60 or words == (1, 1)
    assert "  " not in shown.strip()
    mark = missing or "here"
    assert shown[carets.index("^") : len(carets)] == mark
    assert set(carets.strip()) == {"^"}


def test_only_the_sentence_concerned_is_shown() -> None:
    text = "Seen on 3 seeds, e.g. seed 1. Does it hold? C=10 lifts accuracy because it underfits."
    assert hint(text, "H1").splitlines()[0] == "    Does it hold?"


def test_advice_names_the_projects_metric() -> None:
    assert "‹raises|lowers val_acc because …›" in hint("bigger model", "H3", "val_acc")
    assert "‹raises|lowers a\\x1b[2J because …›" in hint("bigger model", "H3", "a\x1b[2J")


def test_what_steers_a_terminal_is_shown_as_an_escape() -> None:
    shown = hint("C=10 \x1b[2J\u202elifts\x07 \ud800 accuracy", "H2").splitlines()[0]
    assert shown == r"    C=10 \x1b[2J\u202elifts\x07 \ud800 accuracy ‹because …›"


FRAGMENTS = (
    *"?？¿\"'`“”«»‘’.,:;…()<>\n\r\t\0\x1b\x9b\u202e\u2066\u200d\u0301\u2028\ud800あ字🚀",
    *(
        "because",
        "since",
        "as",
        "so",
        "the reason",
        "is",
        "due to",
        "does",
        "will",
        "whether",
        "ので",
    ),
    *(
        "lift",
        "raises",
        "accuracy",
        "state of the art",
        "https://",
        "C=10",
        "because <",
        "\n\n",
        "bo",
    ),
)
texts = st.lists(
    st.one_of(st.sampled_from(FRAGMENTS), st.text(st.characters(), max_size=8)), max_size=40
).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda gap: gap.join(parts)))


@given(text=texts, metric=st.text(st.characters(), max_size=40))
@example(text="\u0301" * 500, metric="")
@example(text="\x00" * 500, metric="\x00" * 500)
@settings(deadline=None, max_examples=200)
def test_nothing_that_is_written_can_break_the_linter_or_steer_the_terminal(
    text: str, metric: str
) -> None:
    for finding in lint(text, metric):
        assert "\n" not in finding.hint
        for line in (*finding.message.split("\n"), finding.hint):
            assert all(c.isprintable() or c in "\u200c\u200d" for c in line)
            assert width(line) <= 76
        if finding.id != "H0":
            sentence, carets = finding.message.split("\n")[1:]
            assert set(carets) <= {" ", "^"}
            assert width(sentence) <= 76
            assert len(carets) <= 76


@given(text=texts)
@settings(deadline=None)
def test_line_ends_and_outer_blanks_never_matter(text: str) -> None:
    unix = text.replace("\r", "")
    assert lint(f" \n{unix}\n") == lint(unix) == lint(unix.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    "piece",
    [
        *("as ", ", as it ", "because ", "because. ", "since 2020 ", "the reason ", "word ", "do "),
        *('"', "“", "‘", " '", "`", "```\n", "<a", "?", " ? ", "(", "[", "\n", " ", "a", "é", "字"),
        *("\u0301\u0323", "🚀\u200d", "るから", "\x1b", "1.", "C=10 lifts accuracy. ", "https://"),
    ],
)
def test_time_is_linear_whatever_is_repeated(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    begun = time.process_time()
    lint(text)
    lint(f"C=10 {text} because")
    # Both take about 0.2 s; sorting such combining marks, the mildest quadratic case, took 15 s.
    assert time.process_time() - begun < 4


def test_a_megabyte_is_read_in_about_a_second() -> None:
    text = "C=10 lifts accuracy, as we see in the table? No: the test set is small. " * 14_000
    begun = time.process_time()
    assert ids(text) == "H1 H2"
    assert time.process_time() - begun < 4


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("dropout generalises better because it regularises the net: train accuracy is 0.99",
         "dropout generalizes better because it regularizes the net: train accuracy is 0.99"),
        ("C=10 RAISES accuracy BECAUSE the model underfits: train accuracy is 0.93",
         "C=10 raises accuracy because the model underfits: train accuracy is 0.93"),
        ("Does C=10 MAXIMISE accuracy?", "Does C=10 maximize accuracy?"),
    ],
)  # fmt: skip
def test_spelling_and_capitals_make_no_difference(text: str, same: str) -> None:
    one, other = ([finding.id for finding in lint(each, "accuracy")] for each in (text, same))
    assert one == other
