"""Every metric agrees with a value from outside: tests/oracles.toml says whose."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metric_cases import (
    COMPLETE,
    PARTIAL,
    aif360_metric,
    distribution,
    quiet,
    rows,
    scored_rows,
    worked,
)

from audit.metrics.catalogue import CATALOGUE
from audit.metrics.contrasts import compare, compare_scores, worst

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
    if metric.contrast is None:
        return [float(v) for v in metric.rates[0].value(cells)]
    if metric.contrast.startswith("worst"):
        return [float(worst(metric, [rate.value(cells) for rate in metric.rates]))]
    if metric.contrast == "strata":
        strata = np.stack([PARTIAL, COMPLETE])
        return [float(compare(metric, strata[:, 1], strata.sum(axis=1)))]
    return [float(compare(metric, cells[1], cells[0]))]


def of_fairlearn(name: str) -> list[float]:
    frame = rows(COMPLETE)
    with quiet():
        import fairlearn.metrics

        call = getattr(fairlearn.metrics, name)
        return [float(call(frame["outcome"], frame["decision"], sensitive_features=frame["group"]))]


def of_aif360(name: str, rate: bool) -> list[float]:
    frame = rows(COMPLETE)
    if name == "kl_divergence":
        with quiet():
            from aif360.sklearn.metrics import kl_divergence

            truth = frame.set_index("group")["outcome"]
            return [float(kl_divergence(truth, prot_attr="group", priv_group="a"))]
    call = getattr(aif360_metric(frame), name)
    return [float(call(privileged=p)) for p in (True, False)] if rate else [float(call())]


def of_sklearn(name: str) -> Callable[[Any, Any], float]:
    import sklearn.metrics

    if name == "gini":
        return lambda y, x: 2 * float(sklearn.metrics.roc_auc_score(y, x)) - 1
    return lambda y, x: float(getattr(sklearn.metrics, name)(y, x))


def of_scipy(name: str) -> Callable[[Any, Any], float]:
    import scipy.stats

    return lambda y, x: float(getattr(scipy.stats, name)(x[y == 1], x[y == 0]).statistic)


def of_numpy(name: str) -> Callable[[Any, Any], float]:
    return {
        "mean": lambda y, x: float(np.mean(x)),
        "std": lambda y, x: float(np.std(x, ddof=1)),
        "calibration_in_the_large": lambda y, x: float(np.mean(x) - np.mean(y)),
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
    (_, a), (_, b) = scored_rows(0), scored_rows(1)
    t = scipy.stats.ttest_ind(b, a).statistic
    return [float(t * math.sqrt(1 / len(a) + 1 / len(b)))]


def theirs(key: str, entry: dict[str, Any]) -> list[float]:
    library, name = entry["from"], entry.get("name", "")
    if library == "fairlearn":
        return of_fairlearn(name)
    if library == "aif360":
        return of_aif360(name, CATALOGUE[key].contrast is None)
    if name in ("jensenshannon", "ttest_ind"):
        return of_both(name)
    call = {
        "sklearn": of_sklearn,
        "scipy": of_scipy,
        "numpy": of_numpy,
        "statsmodels": of_statsmodels,
    }[library](name)
    if "score" in CATALOGUE[key].needs:
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
        found = ours(key, PARTIAL)
    else:
        wanted, found = theirs(key, entry), ours(key, COMPLETE)
    assert len(found) == len(wanted)
    limit = TOLERANCE.get(entry["from"], 1e-12)
    np.testing.assert_allclose(found, wanted, rtol=limit, atol=limit)
