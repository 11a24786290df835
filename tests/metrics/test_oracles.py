"""Every metric agrees with a value from outside: tests/oracles.toml says whose."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from metric_cases import (
    COMPLETE,
    PARTIAL,
    aif360_metric,
    aif360_scored,
    distribution,
    quiet,
    rows,
    scored_rows,
    worked,
)

from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare, compare_scores, over_groups, over_score_groups, worst

ORACLES = tomllib.loads((Path(__file__).parents[1] / "oracles.toml").read_text("utf-8"))
LIBRARIES = {"hand", "fairlearn", "aif360", "sklearn", "scipy", "numpy", "statsmodels"}
TOLERANCE = {"statsmodels": 1e-9}


def ours(key: str, cells: np.ndarray) -> list[float]:
    """Our value: of a rate one a group, of a contrast one in all."""
    metric = CATALOGUE[key]
    if metric.rates and metric.rates[0].form == "score":
        made = [distribution(y, x) for x, y in (scored_rows(0), scored_rows(1))]
        values = [float(metric.rates[0].of_scores(d)) for d in made]  # type: ignore[misc]
        if metric.contrast is None:
            return values
        if metric.contrast.startswith("worst"):
            return [float(worst(metric, [values]))]
        return [compare_scores(metric, made[1], made[0])]
    if metric.contrast in ("score_pair", "score_groups"):
        made = [distribution(y, x) for x, y in (scored_rows(0), scored_rows(1))]
        if metric.contrast == "score_groups":
            return [over_score_groups(metric, made)]
        return [compare_scores(metric, made[1], made[0])]
    if metric.contrast in ("groups", "spread"):
        return [float(over_groups(metric, cells))]
    if metric.contrast == "everyone":
        return [float(compare(metric, cells[1], cells.sum(axis=0)))]
    if metric.contrast is None:
        return [float(v) for v in metric.rates[0].value(cells)]
    if metric.contrast.startswith("worst"):
        return [float(worst(metric, [rate.value(cells) for rate in metric.rates]))]
    if metric.contrast == "strata":
        strata = np.stack([PARTIAL, COMPLETE])
        return [float(compare(metric, strata[:, 1], strata.sum(axis=1)))]
    return [float(compare(metric, cells[1], cells[0]))]


def scored_frame() -> pd.DataFrame:
    """The scored rows of both groups."""
    parts = []
    for which, group in enumerate("ab"):
        outcome, score = scored_rows(which)
        parts.append(pd.DataFrame({"group": group, "outcome": outcome, "score": score}))
    return pd.concat(parts, ignore_index=True)


def of_fairlearn(name: str, scores: bool) -> list[float]:
    frame = scored_frame() if scores else rows(COMPLETE)
    frame["decision"] = frame["score"] if scores else frame["decision"]
    with quiet():
        import fairlearn.metrics

        if name.startswith("MetricFrame."):
            method, _, rate = name.removeprefix("MetricFrame.").partition(" of ")
            made = fairlearn.metrics.MetricFrame(
                metrics=getattr(fairlearn.metrics, rate),
                y_true=frame["outcome"],
                y_pred=frame["decision"],
                sensitive_features=frame["group"],
            )
            return [float(getattr(made, method)())]
        call = getattr(fairlearn.metrics, name)
        return [float(call(frame["outcome"], frame["decision"], sensitive_features=frame["group"]))]


def of_aif360(name: str, rate: bool) -> list[float]:
    frame = rows(COMPLETE)
    if name == "kl_divergence":
        with quiet():
            from aif360.sklearn.metrics import kl_divergence

            truth = frame.set_index("group")["outcome"]
            return [float(kl_divergence(truth, prot_attr="group", priv_group="a"))]
    if name in ("kl_divergence of y_pred", "smoothed_edf"):
        with quiet():
            from aif360.sklearn import metrics as theirs

            truth, said = frame.set_index("group")["outcome"], frame["decision"].to_numpy()
            if name == "smoothed_edf":
                return [float(theirs.smoothed_edf(truth, said, prot_attr="group", concentration=0))]
            return [float(theirs.kl_divergence(truth, said, prot_attr="group", priv_group="a"))]
    if name == "generalized_equalized_odds_difference":
        return [float(aif360_scored(scored_frame()).generalized_equalized_odds_difference())]
    made = aif360_metric(frame)
    if " - " in name:
        whole, part = name.split(" - ")
        return [float(getattr(made, whole)() - getattr(made, part)())]
    call = getattr(made, name)
    if "differential_fairness" in name:
        return [float(call(concentration=0))]
    return [float(call(privileged=p)) for p in (True, False)] if rate else [float(call())]


def of_aif360_sklearn(name: str) -> Callable[[Any, Any], float]:
    """AIF360's functions of arrays, called once a group."""
    with quiet():
        from aif360.sklearn import metrics as theirs
    return {
        "generalized_entropy_error": lambda y, x: float(theirs.generalized_entropy_error(y, x)),
        "theil_error": lambda y, x: float(theirs.theil_index(1.0 + x - y)),
        "coefficient_of_variation_error": lambda y, x: float(
            theirs.coefficient_of_variation(1.0 + x - y)
        ),
        "generalized_fpr": lambda y, x: float(theirs.generalized_fpr(y, x)),
        "generalized_fnr": lambda y, x: float(theirs.generalized_fnr(y, x)),
    }[name]


PER_GROUP = (
    "generalized_entropy_error",
    "theil_error",
    "coefficient_of_variation_error",
    "generalized_fpr",
    "generalized_fnr",
)
"""AIF360's names that are called once a group."""


def informed(name: str) -> list[float]:
    """Mutual information of sklearn, as a share of the group's entropy, given a condition."""
    from sklearn.metrics import mutual_info_score

    frame = rows(COMPLETE)
    answer, given = {
        "mutual_info_score": ("decision", None),
        "mutual_info_score given outcome": ("decision", "outcome"),
        "mutual_info_score given decision": ("outcome", "decision"),
    }[name]
    parts = [frame] if given is None else [p for _, p in frame.groupby(given)]
    told = sum(len(p) * mutual_info_score(p["group"], p[answer]) for p in parts)
    there_is = sum(len(p) * mutual_info_score(p["group"], p["group"]) for p in parts)
    return [float(told / there_is)]


def of_sklearn(name: str) -> Callable[[Any, Any], float]:
    import sklearn.metrics

    if name == "gini":
        return lambda y, x: 2 * float(sklearn.metrics.roc_auc_score(y, x)) - 1
    return lambda y, x: float(getattr(sklearn.metrics, name)(y, x))


def of_scipy(name: str) -> Callable[[Any, Any], float]:
    import scipy.stats

    return lambda y, x: float(getattr(scipy.stats, name)(x[y == 1], x[y == 0]).statistic)


def of_numpy(name: str) -> Callable[[Any, Any], float]:
    if name.startswith("quantile "):
        q = float(name.removeprefix("quantile "))
        return lambda y, x: float(np.quantile(x, q, method="averaged_inverted_cdf"))
    return {
        "mean": lambda y, x: float(np.mean(x)),
        "std": lambda y, x: float(np.std(x, ddof=1)),
        "calibration_in_the_large": lambda y, x: float(np.mean(x) - np.mean(y)),
        "mean of good": lambda y, x: float(np.mean(x[y == 1])),
        "one minus mean of bad": lambda y, x: float(1 - np.mean(x[y == 0])),
    }[name]


def of_statsmodels(name: str) -> Callable[[Any, Any], float]:
    import statsmodels.api as sm

    def fitted(y: Any, x: Any) -> float:
        line = sm.GLM(y, sm.add_constant(np.log(x / (1 - x))), family=sm.families.Binomial())
        return float(line.fit(tol=1e-14, maxiter=200).params[0 if "intercept" in name else 1])

    return fitted


def of_both(name: str) -> list[float]:
    """Outside values of two groups at once, by scipy."""
    import scipy.spatial.distance
    import scipy.stats

    if name == "jensenshannon":
        p, q = np.array([28, 16]) / 44, np.array([17, 19]) / 36
        return [float(scipy.spatial.distance.jensenshannon(p, q) ** 2)]
    if name == "jensenshannon of decisions":
        p, q = np.array([27, 17]) / 44, np.array([13, 23]) / 36
        return [float(scipy.spatial.distance.jensenshannon(p, q) ** 2)]
    if name == "linalg.norm":
        return [float(np.linalg.norm(np.array([28, 16]) / 44 - np.array([17, 19]) / 36))]
    (_, a), (_, b) = scored_rows(0), scored_rows(1)
    if name == "ks_2samp of groups":
        return [float(scipy.stats.ks_2samp(a, b).statistic)]
    if name == "wasserstein_distance":
        return [float(scipy.stats.wasserstein_distance(a, b))]
    t = scipy.stats.ttest_ind(b, a).statistic
    return [float(t * math.sqrt(1 / len(a) + 1 / len(b)))]


OF_BOTH = (
    "jensenshannon",
    "jensenshannon of decisions",
    "ks_2samp of groups",
    "linalg.norm",
    "ttest_ind",
    "wasserstein_distance",
)


def theirs(key: str, entry: dict[str, Any]) -> list[float]:
    library, name = entry["from"], entry.get("name", "")
    scores = "score" in CATALOGUE[key].needs
    if library == "fairlearn":
        return of_fairlearn(name, scores)
    if library == "aif360" and name not in PER_GROUP:
        return of_aif360(name, CATALOGUE[key].contrast is None)
    if name in OF_BOTH:
        return of_both(name)
    if name.startswith("mutual_info_score"):
        return informed(name)
    call = {
        "aif360": of_aif360_sklearn,
        "sklearn": of_sklearn,
        "scipy": of_scipy,
        "numpy": of_numpy,
        "statsmodels": of_statsmodels,
    }[library](name)
    if scores:
        pairs = [scored_rows(0), scored_rows(1)]
    else:
        frame = rows(COMPLETE)
        pairs = [
            (part["outcome"].to_numpy(), part["decision"].to_numpy())
            for _, part in frame.groupby("group")
        ]
    a, b = (call(y, x) for y, x in pairs)
    if "contrast" not in entry:
        return [a, b]
    return [
        {
            "difference": lambda: b - a,
            "ratio": lambda: b / a,
            "worst_difference": lambda: max(a, b) - min(a, b),
            "worst_ratio": lambda: min(a, b) / max(a, b),
            "group_min": lambda: min(a, b),
            "group_max": lambda: max(a, b),
        }[entry["contrast"]]()
    ]


def test_every_metric_has_an_oracle() -> None:
    """The catalogue and the list of outside values name the same metrics, from known places."""
    assert set(ORACLES) == set(CATALOGUE)
    assert {entry["from"] for entry in ORACLES.values()} <= LIBRARIES


@pytest.mark.parametrize("key", ORACLES)
def test_value_from_outside(key: str) -> None:
    """Ours equals the outside value to 1e-12."""
    entry = ORACLES[key]
    if entry["from"] == "hand":
        value = entry["value"]
        wanted = [worked(v) for v in ([value] if isinstance(value, str) else value)]
        found = ours(key, PARTIAL * entry.get("times", 1))
    else:
        wanted, found = theirs(key, entry), ours(key, COMPLETE)
    assert len(found) == len(wanted)
    limit = TOLERANCE.get(entry["from"], 1e-12)
    np.testing.assert_allclose(found, wanted, rtol=limit, atol=limit)
