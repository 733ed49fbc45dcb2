"""Slices of the feature space with larger losses than the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from gitexp.rules.plan.gaps import Gap, holm, label
from gitexp.statistics.gaps.features import MOST_CATEGORIES, read_features
from gitexp.statistics.gaps.rows import FEWEST, FEWEST_ROWS, SURE, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


_DEPTH = 3
_LEAF = 0.03  # share of rows in the smallest slice
_PERMUTATIONS = 999  # fine enough for Holm's correction over all nodes of a tree
_MOST_PERMUTED = 20_000  # examples


def find_slices(
    rows: Rows, what: str, losses: NDArray[np.float64], skipped: list[str]
) -> list[Gap]:
    """Regions of the feature space with larger losses: found on one half, tested on the other.

    On its own half, a tree of this depth finds a slice in pure noise every third time; on the other
    half every ninth time; with Holm's correction over its nodes, at the nominal rate.
    """
    features, names, texts = read_features(rows)
    if texts:
        skipped.append(f"slices by {', '.join(texts[:5])}: over {MOST_CATEGORIES} distinct texts")
    if not names:
        skipped.append("slices: no features were saved with the predictions")
        return []
    # Another hash than the one that truncates outcomes, or all rows would be in one half.
    half = np.array([hashlib.blake2b(str(name).encode()).digest()[0] < 128 for name in rows.ids])
    if min(half.sum(), (~half).sum()) < FEWEST_ROWS:
        skipped.append(f"slices: {rows.count} rows are too few to split in half")
        return []
    leaf = max(10, int(_LEAF * half.sum()))
    kind = DecisionTreeClassifier if set(np.unique(losses)) <= {0.0, 1.0} else DecisionTreeRegressor
    tree = kind(max_depth=_DEPTH, min_samples_leaf=leaf, random_state=0)
    tree.fit(features[half], losses[half])
    tested = losses[~half]
    # Rows of the other half by the nodes that they pass; the root holds all rows.
    passed = tree.decision_path(features[~half]).toarray().astype(bool)
    nodes = [n for n in range(1, passed.shape[1]) if FEWEST <= passed[:, n].sum() < len(tested)]
    p = _permutation_p(rows.ids[~half], tested, passed[:, nodes]) if nodes else []
    found: list[tuple[float, int, NDArray[np.bool_], float, float]] = []
    for node, sure in zip(nodes, holm(p), strict=True):
        mine = passed[:, node]
        inside, rest = float(tested[mine].mean()), float(tested[~mine].mean())
        if sure > SURE or inside <= rest:
            continue
        found.append((rest / inside, node, mine, inside, rest))
    gaps: list[Gap] = []
    taken = np.zeros(len(tested), bool)
    # A node and its descendants share rows: the one with the largest excess loss is reported.
    for usual, node, mine, inside, rest in sorted(
        found, key=lambda one: -one[2].sum() * (one[3] - one[4])
    ):
        if (mine & taken).any():
            continue
        taken |= mine
        path = _conditions(tree, node, names)
        whole = np.zeros(rows.count, bool)
        whole[np.flatnonzero(~half)[mine]] = True
        said = f"the {what} is {inside:.3g} where {path}, and {rest:.3g} elsewhere"
        gaps.append(
            rows.gap("slice", said, whole, usual, among=~half, count=int(mine.sum()),
                     rows=len(tested), where=path)
        )  # fmt: skip
    return gaps


def _permutation_p(
    ids: NDArray[np.str_], losses: NDArray[np.float64], inside: NDArray[np.bool_]
) -> list[float]:
    """P-value of each column's mean loss by permutation of the losses among examples.

    Losses are too skewed, and slices too small, for a test that assumes normal means. An example
    of several runs counts once, with its mean loss.
    """
    _, first, example = np.unique(ids, return_index=True, return_inverse=True)
    loss = np.bincount(example, losses) / np.bincount(example)
    rng = np.random.default_rng(0)
    # More examples would take a minute and hardly change the result.
    kept = rng.permutation(len(loss))[:_MOST_PERMUTED]
    loss, members = loss[kept], inside[first][kept].astype(float)
    seen = loss @ members
    above = np.ones(members.shape[1])
    for _ in range(_PERMUTATIONS):
        above += rng.permutation(loss) @ members >= seen - 1e-12
    return [float(count) for count in above / (_PERMUTATIONS + 1)]


def _conditions(tree: Any, node: int, names: Sequence[str]) -> str:  # noqa: ANN401 - either tree
    """Conditions on the path from the root to a node, in words."""
    structure = tree.tree_
    parents: dict[int, tuple[int, bool]] = {}
    for above in range(structure.node_count):
        if structure.children_left[above] != structure.children_right[above]:
            parents[int(structure.children_left[above])] = (above, True)
            parents[int(structure.children_right[above])] = (above, False)
    conditions: dict[tuple[str, bool], str] = {}
    while node in parents:
        node, below = parents[node]
        name = names[structure.feature[node]]
        if " = " in name:
            said = label(name).replace(" = ", " is not " if below else " is ")
        else:
            said = f"{label(name)} {'<=' if below else '>'} {float(structure.threshold[node]):.4g}"
        # Of two conditions in the same direction, the one nearest to the node is narrower.
        conditions.setdefault((name, below), said)
    return " and ".join([*conditions.values()][::-1])
