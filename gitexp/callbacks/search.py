"""For the searches of scikit-learn (GridSearchCV and its like), which take no callbacks."""

from __future__ import annotations

from typing import Any

import gitexp
from gitexp.callbacks.report import report


def log_search(search: Any) -> None:  # noqa: ANN401 - any search with cv_results_
    """Log the mean score of each candidate of a fitted search as a step, and `best_score`.

    With several scores, each has its name: `mean_test_f1`. There is no best score where the search
    was not told which one decides.
    """
    means = {n: v for n, v in search.cv_results_.items() if n.startswith("mean_test_")}
    for step, values in enumerate(zip(*means.values(), strict=True), start=1):
        report(step, dict(zip(means, values, strict=True)))
    if hasattr(search, "best_score_"):
        gitexp.log(best_score=search.best_score_)
