"""The English words by which the linter knows verbs, comparisons and metrics."""

from __future__ import annotations

import re

from gitexp.rules.gate.hypothesis.reading import FOLDING, words_of

MOVES = words_of("""
    raise lift lower improve reduce increase decrease boost hurt cut drop shrink grow rise fall
    gain lose beat outperform speed slow halve double degrade harm worsen narrow widen push lessen
    diminish enhance elevate minimise minimize maximise maximize tighten exceed surpass fell rose
    grew lost shrank
""")
ACTS = words_of("""
    help matter work make give learn need keep let lead cause generalise generalize converge
    transfer scale overfit underfit use try add remove replace show see find know
    get go allow prevent stop start stay become carry hold miss lack suffer depend explain predict
    separate stabilise stabilize regularise regularize smooth act mean think expect believe fit
    win leak saturate dominate encode capture share ignore confuse discard preserve bring take
    vanish explode contain differ vary agree benefit match solve fix avoid hide cost last run
    happen memorise memorize forget recover restore exist remain seem appear come tend fail
""")
BASE_VERBS = MOVES | ACTS
FINITE = words_of("""
    is are was were be been has have had does do did will would can could may might must should
    cannot isn aren doesn don won it they we i you he she there got
    went led made gave took found saw knew kept held won
""")
COMPARED = words_of("better worse faster slower fewer")
METRICS = words_of("""
    accuracy acc error errors loss losses precision recall specificity sensitivity ap f1 auc auroc
    auprc roc perplexity ppl bleu rouge chrf meteor wer cer mse rmse mae mape r2 ndcg map mrr iou
    miou dice fid psnr ssim lpips latency throughput reward return returns regret likelihood nll
    elbo ece brier kappa mcc logloss bpc bpb correlation spearman pearson score scores hits
    coverage ctr lddt rmsd pesq stoi mos eer gap variance bias calibration memory runtime flops
    seconds crps pinball
""")


def _base_forms(word: str) -> tuple[str, ...]:
    """Return what a verb may be a form of: `raises` raise, `dropped` drop, `carries` carry."""
    return (
        word,
        word.removesuffix("s"),
        word.removesuffix("es"),
        word.removesuffix("d"),
        word.removesuffix("ed"),
        re.sub(r"(?:(.)\1ed)$", r"\1", word),
        re.sub(r"ie[sd]$", "y", word),
    )


def is_move(word: str) -> bool:
    """Whether a word is a form of a verb that says in which direction a number moves."""
    return not MOVES.isdisjoint(_base_forms(word))


def is_act(word: str) -> bool:
    """Whether a word is a form of another verb that a hypothesis may be about."""
    return not ACTS.isdisjoint(_base_forms(word))


def names_metric(text: str, metric: str) -> bool:
    """Whether a text names a well-known metric, or the project's own."""
    words, own = (re.findall(r"[^\W_]+", said) for said in (text, metric.translate(FOLDING)))
    if not METRICS.isdisjoint(words):
        return True
    return bool(own) and f" {' '.join(own)} " in f" {' '.join(words)} "
