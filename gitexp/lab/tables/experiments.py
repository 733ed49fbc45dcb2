"""A row for each experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.plan.evidence import kind_of
from gitexp.rules.plan.prediction import read_prediction

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row


def experiment_row(row: Row) -> dict[str, Any]:
    """The cells of an experiment, a cell for each of columns.EXPERIMENTS."""
    # Not the registration: its message would be parsed again for each of thousands.
    shown, summary = row.as_json(), row.result.summary
    judgement = summary.judgement
    change, criterion, trailers = shown["change"], shown["criterion"], shown["trailers"]
    predicted, single = read_prediction(trailers), shown["single_runs"]
    evidence = trailers.get("Evidence")
    return {
        "name": shown["name"],
        "branch": shown["branch"],
        "commit": shown["commit"],
        "baseline": shown["baseline"],
        "code": shown["code"],
        "author": shown["author"],
        "registered": shown["time"],
        "hypothesis": shown["hypothesis"],
        "file": change["file"] if change else None,
        "key": change["key"] if change else None,
        "before": change["before"] if change else None,
        "after": change["after"] if change else None,
        "metric": criterion["metric"] if criterion else None,
        "direction": criterion["direction"] if criterion else None,
        "criterion": trailers.get("Criterion") if criterion else None,
        "evidence": evidence,
        "evidence_kind": kind_of(evidence).value if evidence else None,
        "gain": predicted.gain,
        "chance": predicted.chance,
        "campaign": shown["campaign"],
        "state": shown["state"],
        "verdict": shown["verdict"],
        "reason": shown["reason"],
        "effect": shown["effect"],
        "lower": shown["lower"],
        "upper": shown["upper"],
        "p": shown["p"],
        "level": shown["level"],
        "pairs": shown["pairs"],
        "seeds_better": single["better"] if single else None,
        "seeds_not_better": single["not_better"] if single else None,
        "seeds_opposite": single["opposite"] if single else None,
        "baseline_mean": judgement.baseline_mean if judgement else None,
        "experiment_mean": judgement.candidate_mean if judgement else None,
        "runs": summary.ran,
        "seconds": round(sum(summary.seconds), 3),
        "finished": shown["finished"],
    }
