"""Read tree models into flat arrays: scikit-learn here, LightGBM and XGBoost in `tree_boosters`.

Several attributes are private to their libraries (`design/tree-shap.md` lists them), so whoever
uses an ensemble first compares `trees.output` with the model's own raw prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from audit.explanation.ensemble import Ensemble, Flags, Floats, Ints

Encode = Callable[[Any], Floats]
"""From the caller's frame or array to the matrix that the trees compare with."""

TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor")
FORESTS = (
    "RandomForestClassifier",
    "RandomForestRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
)
BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
BY_HISTOGRAM = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


def read_ensemble(model: Any) -> tuple[Ensemble, Encode] | None:
    """A fitted model's trees and the encoder of its rows; None where it is none we read.

    Reads scikit-learn's decision trees, random forests, extra trees, gradient boosting and
    histogram gradient boosting (native categories included), LightGBM and XGBoost: classifiers of
    two classes and regressors of one output on its own scale. Not read: several classes or
    outputs, losses with another link, linear leaves. A library is recognised by where the model's
    class comes from and never imported for it.

    >>> read_ensemble(lambda rows: rows) is None
    True
    """
    kinds = {(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__}
    libraries = {library for library, _ in kinds}
    if "sklearn" in libraries:
        names = {name for library, name in kinds if library == "sklearn"}
        for group, read in (
            (TREES, _forest),
            (FORESTS, _forest),
            (BOOSTED, _boosted),
            (BY_HISTOGRAM, _by_histogram),
        ):
            if names & set(group):
                return read(model)
    if "lightgbm" in libraries:
        from audit.explanation.tree_boosters import read_lightgbm

        return read_lightgbm(model)
    if "xgboost" in libraries:
        from audit.explanation.tree_boosters import read_xgboost

        return read_xgboost(model)
    return None


def flatten(trees: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join trees whose child numbers start at 0 in each; keys are `Ensemble`'s fields.

    >>> leaf = {"left": np.array([-1]), "right": np.array([-1])}
    >>> flatten([leaf, leaf])["roots"].tolist()
    [0, 1]
    """
    sizes = [len(tree["left"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)[:-1]
    joined: dict[str, Any] = {"roots": roots}
    for name in trees[0] if trees else ("left", "right"):
        parts = [np.asarray(tree[name]) for tree in trees]
        if name in ("left", "right"):
            parts = [
                np.where(p < 0, -1, p.astype(np.int64) + root)
                for p, root in zip(parts, roots, strict=True)
            ]
        joined[name] = np.concatenate(parts)
    return joined


def plain(rows: Any) -> Floats:
    """Numbers of a frame or array as float64, missing ones as nan.

    >>> plain([[1, None]]).tolist()
    [[1.0, nan]]
    """
    if hasattr(rows, "columns"):
        import narwhals as nw

        frame = nw.from_native(rows, eager_only=True)
        return np.column_stack([_numbers(frame[name]) for name in frame.columns])
    return np.asarray(rows, np.float64)


def _numbers(series: Any) -> Floats:
    found = series.to_numpy()
    if found.dtype == object:
        found = np.array([np.nan if v is None or v != v else v for v in series.to_list()], float)
    return np.asarray(found, np.float64)


def _forest(model: Any) -> tuple[Ensemble, Encode] | None:
    """A scikit-learn tree or forest: P(classes_[1]) or the mean output, averaged over trees."""
    if getattr(model, "n_outputs_", 1) != 1:
        return None
    classifies = hasattr(model, "classes_")
    if classifies and len(model.classes_) != 2:
        return None
    estimators = getattr(model, "estimators_", [model])
    trees = []
    for estimator in estimators:
        tree = estimator.tree_
        value = tree.value[:, 0, :]
        value = value[:, 1] / value.sum(axis=1) if classifies else value[:, 0]
        trees.append(_arrays(tree, value / len(estimators)))
    ensemble = Ensemble(
        **flatten(trees),
        base=0.0,
        scale="probability" if classifies else "output",
        columns=int(model.n_features_in_),
        single=True,
    )
    return ensemble, plain


def _boosted(model: Any) -> tuple[Ensemble, Encode] | None:
    """Gradient boosting whose start is a constant; log-odds need the log loss."""
    classifies = hasattr(model, "classes_")
    if classifies and (len(model.classes_) != 2 or model.loss != "log_loss"):
        return None
    constant = model.init_ == "zero" or type(model.init_).__name__.startswith("Dummy")
    if not constant:
        return None
    width = int(model.n_features_in_)
    start = model._raw_predict_init(np.zeros((1, width), np.float32))
    trees = [
        _arrays(stage[0].tree_, stage[0].tree_.value[:, 0, 0] * model.learning_rate)
        for stage in model.estimators_
    ]
    ensemble = Ensemble(
        **flatten(trees),
        base=float(np.ravel(start)[0]),
        scale="log-odds" if classifies else "output",
        columns=width,
        single=True,
    )
    return ensemble, plain


def _arrays(tree: Any, value: Floats) -> dict[str, Any]:
    """scikit-learn's `tree_` in our words."""
    leaf = tree.children_left < 0
    return {
        "left": tree.children_left,
        "right": tree.children_right,
        "column": np.where(leaf, -1, tree.feature).astype(np.int64),
        "threshold": np.where(leaf, np.nan, tree.threshold),
        "missing_left": tree.missing_go_to_left.astype(np.bool_),
        "value": np.where(leaf, value, 0.0),
        "cover": tree.weighted_n_node_samples.astype(np.float64),
    }


def _by_histogram(model: Any) -> tuple[Ensemble, Encode] | None:
    """Histogram gradient boosting, with the category sets its own predictors use."""
    classifies = hasattr(model, "classes_")
    if model.n_trees_per_iteration_ != 1:
        return None
    if not classifies and model.loss not in ("squared_error", "absolute_error", "quantile"):
        return None
    # the model's own encoder puts categorical columns first; ours keeps the caller's order
    place = _places(model)
    source = np.argsort(place)
    known, known_row = model._bin_mapper.make_known_categories_bitsets()
    trees: list[dict[str, Any]] = []
    sets: list[Flags] = []
    other_left: list[bool] = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(np.bool_)
        categorical = nodes["is_categorical"].astype(np.bool_) & ~leaf
        feature = nodes["feature_idx"].astype(np.int64)
        category = np.full(len(nodes), -1)
        for node in np.flatnonzero(categorical):
            missing = bool(nodes["missing_go_to_left"][node])
            chosen = _members(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
            # a category never seen goes where missing ones go
            seen = _members(known[known_row[feature[node]]])
            category[node] = len(sets)
            sets.append(chosen | (~seen & missing))
            other_left.append(missing)
        trees.append(
            {
                "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
                "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
                "column": np.where(leaf, -1, source[feature]),
                "threshold": np.where(leaf | categorical, np.nan, nodes["num_threshold"]),
                "missing_left": nodes["missing_go_to_left"].astype(np.bool_),
                "value": np.where(leaf, nodes["value"], 0.0),
                "cover": nodes["count"].astype(np.float64),
                "category": category,
            }
        )
    ensemble = Ensemble(
        **flatten(trees),
        base=float(np.ravel(model._baseline_prediction)[0]),
        scale="log-odds" if classifies else "output",
        columns=int(model.n_features_in_),
        sets=tuple(sets),
        other_left=np.array(other_left, np.bool_),
    )

    def encode(rows: Any) -> Floats:
        return np.asarray(model._preprocess_X(rows, reset=False), np.float64)[:, place]

    return ensemble, encode


def _places(model: Any) -> Ints:
    """Where each of the caller's columns stands in the matrix of the model's own encoder."""
    categorical = model.is_categorical_
    if categorical is None:
        return np.arange(model.n_features_in_)
    order = np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])
    return np.argsort(order)


def _members(words: Any) -> Flags:
    """A bit set of 32-bit words as flags."""
    return (np.asarray(words)[:, None] >> np.arange(32, dtype=np.uint32) & 1).ravel().astype(bool)
