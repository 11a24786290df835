"""Read LightGBM and XGBoost models into flat arrays, through the text they can be saved as."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from audit.explanation.ensemble import Ensemble, Flags, Floats
from audit.explanation.tree_models import Encode, flatten, plain

LIGHTGBM_OUTPUT = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
XGBOOST_OUTPUT = (
    "reg:squarederror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
)
XGBOOST_LOG_ODDS = ("binary:logistic", "reg:logistic")


def read_lightgbm(model: Any) -> tuple[Ensemble, Encode] | None:
    """A LightGBM booster or its scikit-learn wrapper; None for several classes, linear leaves."""
    booster = getattr(model, "booster_", model)
    if not hasattr(booster, "dump_model"):
        return None
    dump = booster.dump_model()
    objective = str(dump.get("objective", "")).split()
    if dump["num_tree_per_iteration"] != 1 or not objective:
        return None
    log_odds = objective[0] == "binary"
    if log_odds and "sigmoid:1" not in objective:
        return None
    if not log_odds and (objective[0] not in LIGHTGBM_OUTPUT or "sqrt" in objective):
        return None
    scale = 1 / len(dump["tree_info"]) if dump.get("average_output") else 1.0
    sets: list[Flags] = []
    trees = []
    for info in dump["tree_info"]:
        tree = _lightgbm_tree(info["tree_structure"], scale, sets)
        if tree is None:
            return None
        trees.append(tree)
    ensemble = Ensemble(
        **flatten(trees),
        base=0.0,
        scale="log-odds" if log_odds else "output",
        columns=int(dump["max_feature_idx"]) + 1,
        sets=tuple(sets),
        other_left=np.zeros(len(sets), np.bool_),
    )
    levels = dump.get("pandas_categorical") or []
    return ensemble, lambda rows: _with_levels(rows, levels)


def _lightgbm_tree(
    root: Mapping[str, Any], scale: float, sets: list[Flags]
) -> dict[str, Any] | None:
    """One tree, nodes numbered as met; None where its leaves are linear."""
    names = ("left", "right", "column", "threshold", "missing_left", "value", "cover")
    found: dict[str, list[Any]] = {name: [] for name in (*names, "category", "zero_left")}
    waiting: list[tuple[Mapping[str, Any], str, int]] = [(root, "", -1)]
    while waiting:
        node, side, parent = waiting.pop()
        number = len(found["left"])
        if parent >= 0:
            found[side][parent] = number
        if "leaf_coeff" in node:
            return None
        leaf = "leaf_value" in node
        categorical = not leaf and node["decision_type"] == "=="
        zero = not leaf and not categorical and node["missing_type"] == "Zero"
        found["left"].append(-1)
        found["right"].append(-1)
        found["column"].append(-1 if leaf else node["split_feature"])
        found["threshold"].append(np.nan if leaf or categorical else float(node["threshold"]))
        found["missing_left"].append(not leaf and not categorical and _lightgbm_missing(node))
        found["value"].append(node["leaf_value"] * scale if leaf else 0.0)
        found["cover"].append(float(node.get("leaf_count" if leaf else "internal_count", 1)))
        found["category"].append(len(sets) if categorical else -1)
        found["zero_left"].append(int(node["default_left"]) if zero else -1)
        if categorical:
            members = [int(code) for code in str(node["threshold"]).split("||")]
            sets.append(np.isin(np.arange(max(members) + 1), members))
        if not leaf:
            waiting.append((node["right_child"], "right", number))
            waiting.append((node["left_child"], "left", number))
    kinds = {"missing_left": np.bool_, "value": np.float64, "cover": np.float64}
    kinds |= {"threshold": np.float64, "zero_left": np.int8}
    return {name: np.array(v, kinds.get(name, np.int64)) for name, v in found.items()}


def _lightgbm_missing(node: Mapping[str, Any]) -> bool:
    # without a direction for missing values LightGBM reads nan as 0
    if node["missing_type"] == "None":
        return float(node["threshold"]) >= 0.0
    return bool(node["default_left"])


def _with_levels(rows: Any, levels: Sequence[Sequence[Any]]) -> Floats:
    """Numbers of rows, categorical columns as positions among their training levels, in order."""
    if not levels or not hasattr(rows, "columns"):
        return plain(rows)
    import narwhals as nw

    frame = nw.from_native(rows, eager_only=True)
    left = iter(levels)
    columns = []
    for name in frame.columns:
        series = frame[name]
        own = next(left, None) if series.dtype in (nw.Categorical, nw.Enum) else None
        columns.append(plain(series.to_frame())[:, 0] if own is None else _places(series, own))
    return np.column_stack(columns)


def _places(series: Any, levels: Sequence[Any]) -> Floats:
    place = {level: float(k) for k, level in enumerate(levels)}
    return np.array([place.get(value, np.nan) for value in series.to_list()], np.float64)


def read_xgboost(model: Any) -> tuple[Ensemble, Encode] | None:
    """An XGBoost booster or its scikit-learn wrapper; None for several classes or outputs.

    A wrapper that stopped early uses the trees up to its best round, as its `predict` does.
    """
    wrapped = hasattr(model, "get_booster")
    booster = model.get_booster() if wrapped else model
    if not hasattr(booster, "save_raw"):
        return None
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    log_odds = objective in XGBOOST_LOG_ODDS
    boost = learner["gradient_booster"]
    dropped = boost.get("weight_drop")
    boost = boost.get("gbtree", boost)
    shape = learner["learner_model_param"]
    one = int(shape.get("num_class", 0)) <= 1 and int(shape.get("num_target", 1)) <= 1
    if not (log_odds or objective in XGBOOST_OUTPUT) or not one or "model" not in boost:
        return None
    start = _xgboost_base(str(shape["base_score"]))
    stored = boost["model"]["trees"]
    if wrapped:
        stored = stored[: _xgboost_used(model, boost["model"])]
    weights = [1.0] * len(stored) if dropped is None else [float(w) for w in dropped]
    if start is None or any(int(t["tree_param"]["size_leaf_vector"]) > 1 for t in stored):
        return None
    sets: list[Flags] = []
    ensemble = Ensemble(
        **flatten([_xgboost_tree(t, w, sets) for t, w in zip(stored, weights, strict=False)]),
        base=float(np.log(start / (1 - start))) if log_odds else start,
        scale="log-odds" if log_odds else "output",
        columns=int(shape["num_feature"]),
        single=True,
        sets=tuple(sets),
        # a category beyond the set was not chosen, and the chosen go right
        other_left=np.ones(len(sets), np.bool_),
    )
    levels = _xgboost_levels(boost["model"].get("cats"))
    missing = getattr(model, "missing", np.nan) if wrapped else np.nan

    def encode(rows: Any) -> Floats:
        found = _xgboost_codes(rows, levels)
        return (
            found
            if missing is None or missing != missing
            else np.where(found == missing, np.nan, found)
        )

    return ensemble, encode


def _xgboost_base(text: str) -> float | None:
    """`base_score`: a number, from 3.1 on a list with one."""
    value = json.loads(text)
    if isinstance(value, list):
        return float(value[0]) if len(value) == 1 else None
    return float(value)


def _xgboost_used(model: Any, stored: Mapping[str, Any]) -> int:
    """How many trees the scikit-learn wrapper predicts with."""
    try:
        rounds = int(model.best_iteration) + 1
    except AttributeError:
        return len(stored["trees"])
    bounds = stored.get("iteration_indptr")
    if bounds is not None:
        return int(bounds[min(rounds, len(bounds) - 1)])
    return rounds * int(stored["gbtree_model_param"].get("num_parallel_tree", 1))


def _xgboost_tree(tree: Mapping[str, Any], weight: float, sets: list[Flags]) -> dict[str, Any]:
    left = np.array(tree["left_children"], np.int64)
    leaf = left < 0
    kind = np.array(tree.get("split_type") or np.zeros(len(left)), np.int64)
    categorical = (kind == 1) & ~leaf
    condition = np.array(tree["split_conditions"], np.float32)
    category = np.full(len(left), -1)
    spans = zip(tree["categories_segments"], tree["categories_sizes"], strict=True)
    for node, (start, size) in zip(tree["categories_nodes"], spans, strict=True):
        members = tree["categories"][start : start + size]
        category[node] = len(sets)
        sets.append(~np.isin(np.arange(max(members, default=0) + 1), members))
    # XGBoost goes left below the threshold, we at most at it
    below = np.nextafter(condition, np.float32(-np.inf)).astype(np.float64)
    return {
        "left": left,
        "right": np.array(tree["right_children"], np.int64),
        "column": np.where(leaf, -1, np.array(tree["split_indices"], np.int64)),
        "threshold": np.where(leaf | categorical, np.nan, below),
        "missing_left": np.array(tree["default_left"]).astype(np.bool_),
        "value": np.where(leaf, condition.astype(np.float64) * weight, 0.0),
        "cover": np.array(tree["sum_hessian"], np.float64),
        "category": category,
    }


def _xgboost_levels(cats: Mapping[str, Any] | None) -> list[list[Any] | None]:
    """Training levels by column, which models from 3.1 on carry; empty before."""
    found: list[list[Any] | None] = []
    for one in (cats or {}).get("enc", []):
        values, bounds = one.get("values", []), one.get("offsets")
        if bounds is None:
            found.append(list(values) or None)
        else:
            text = bytes(value % 256 for value in values)
            pairs = pairwise(bounds)
            found.append([text[a:b].decode() for a, b in pairs] or None)
    return found


def _xgboost_codes(rows: Any, levels: Sequence[Sequence[Any] | None]) -> Floats:
    """Numbers of rows; categorical columns as positions among the model's levels, or their own."""
    if not hasattr(rows, "columns"):
        return plain(rows)
    import narwhals as nw

    frame = nw.from_native(rows, eager_only=True)
    columns = []
    for number, name in enumerate(frame.columns):
        series = frame[name]
        if series.dtype not in (nw.Categorical, nw.Enum):
            columns.append(plain(series.to_frame())[:, 0])
            continue
        known = levels[number] if number < len(levels) else None
        columns.append(_places(series, known or series.cat.get_categories().to_list()))
    return np.column_stack(columns)
