"""Which direction is better, by a metric's name."""

from __future__ import annotations

import pytest

from gitexp.rules.documents.metric_name import direction_of, is_training_score


@pytest.mark.parametrize(
    ("direction", "names"),
    [
        ("lower", ("loss eval_loss val/loss evalLoss Loss test_accuracy_loss log_loss logloss"
         " merror rmse nrmse mae perplexity ppl error error_rate false_positive_rate wer CER fid"
         " latency latency_ms time_seconds inference_time cross_entropy loss_epoch loss_mean nll"
         " brier eval-loss mse_1 top1_error peak_memory regret bpc mean_absolute_error kl_div"
         " neg_log_likelihood negative_log_likelihood")),
        ("higher", ("accuracy loss_accuracy eval_accuracy Accuracy acc Acc@1 val_acc top5 f1"
         " roc_auc auc r2 bleu mAP mAP50 map mIoU ndcg psnr ssim reward episode_return"
         " neg_log_loss neg_mean_squared_error samples_per_second accuracy_epoch recall f1_macro")),
        ("", "score x metric lr epoch step seed"),
    ],
)  # fmt: skip
def test_the_last_word_says_which_direction_is_better(direction: str, names: str) -> None:
    assert {name: direction_of(name) for name in names.split()} == dict.fromkeys(
        names.split(), direction
    )


def test_a_score_on_the_training_data_is_told_by_its_name() -> None:
    assert is_training_score("train_loss")
    assert is_training_score("Training/acc")
    assert not is_training_score("constrained_loss")
