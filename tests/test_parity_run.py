"""Every rate and contrast of an audit against fairlearn and AIF360, to 1e-12."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import audit
from audit import datasets

EXACT = 1e-12


WANTED = [
    "matthews_correlation",
    "average_absolute_odds_difference",
    *(f"{rate}_difference" for rate in ("false_discovery_rate", "false_omission_rate")),
    *(
        f"{rate}_ratio"
        for rate in ("false_negative_rate", "false_discovery_rate", "false_omission_rate")
    ),
    "error_rate_difference",
    "error_rate_ratio",
    "predictive_equality_ratio",
]
"""Beyond the standard set, which every audit has."""


def random_loans(seed: int, size: int = 700, weighted: bool = False) -> Any:
    import pandas as pd

    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], size, p=[0.35, 0.65]),
            "race": rng.choice(["a", "b", "c", "d"], size, p=[0.5, 0.3, 0.15, 0.05]),
            "paid": rng.integers(0, 2, size),
        }
    )
    lean = frame.race.map({"a": 0.7, "b": 0.55, "c": 0.5, "d": 0.35})
    frame["ok"] = (rng.random(size) < lean - 0.1 * (frame.sex == "f")).astype(int)
    if weighted:
        frame["w"] = rng.uniform(0.2, 5, size)
    return frame


def data_sets() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Frames with a binary decision and outcome, 1 favourable, and the roles to audit them."""
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    told = {"decision": "ok", "outcome": "paid", "favorable": 1}
    for seed in (0, 1):
        both = {"protected": ["sex", "race"], "reference": {"sex": "m", "race": "a"}, **told}
        found[f"random {seed}"] = (random_loans(seed), both)
        weighted = {**both, "weight": "w"}
        found[f"random {seed}, weighted"] = (random_loans(seed, weighted=True), weighted)
    compas = datasets.load("compas")
    frame = compas.frame[["race", "sex"]].copy()
    frame["ok"] = (compas.frame["flagged"] == 0).astype(int)
    frame["paid"] = (compas.frame["two_year_recid"] == 0).astype(int)
    told_compas = {"protected": ["race", "sex"], "reference": compas.roles["reference"], **told}
    found["compas"] = (frame, told_compas)
    taiwan = datasets.load("taiwan_credit")
    frame = taiwan.frame[["sex", "education"]].copy()
    frame["paid"] = (taiwan.frame["default"] == 0).astype(int)
    # a rule of thumb stands in for a lender: the data hold no decision
    frame["ok"] = (taiwan.frame["limit_bal"] > 100_000).astype(int)
    found["taiwan"] = (frame, {"protected": ["sex"], "reference": {"sex": "male"}, **told})
    german = datasets.load("german_credit")
    frame = german.frame[["age"]].copy()
    frame["age"] = np.where(frame.age < 26, "young", "old")
    frame["paid"] = (german.frame["class"] == "good").astype(int)
    frame["ok"] = (german.frame["duration"] <= 24).astype(int)
    found["german"] = (frame, {"protected": ["age"], "reference": {"age": "old"}, **told})
    return found


@pytest.fixture(scope="module")
def audited() -> dict[str, tuple[Any, dict[str, Any], Any]]:
    """Each data set, its roles, and the frame of its audit."""
    found = {}
    for name, (frame, roles) in data_sets().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", audit.DataWarning)
            found[name] = (frame, roles, audit.run(frame, metrics=WANTED, **roles).to_frame())
    return found


NAMES = ["random 0", "random 0, weighted", "random 1", "random 1, weighted", "compas", "taiwan",
         "german"]  # fmt: skip


def rates() -> dict[str, Callable[..., float]]:
    """Our key and how fairlearn or scikit-learn computes it on one group."""
    from fairlearn import metrics as f
    from sklearn import metrics as sk

    def plain(function: Any, **told: Any) -> Callable[..., float]:
        return lambda y, d, **kw: float(function(y, d, **told, **kw))

    return {
        "selection_rate": plain(f.selection_rate),
        "true_positive_rate": plain(f.true_positive_rate),
        "false_positive_rate": plain(f.false_positive_rate),
        "true_negative_rate": plain(f.true_negative_rate),
        "false_negative_rate": plain(f.false_negative_rate),
        "accuracy": plain(sk.accuracy_score),
        "balanced_accuracy": plain(sk.balanced_accuracy_score),
        "precision": plain(sk.precision_score, zero_division=np.nan),
        "negative_predictive_value": plain(sk.precision_score, pos_label=0, zero_division=np.nan),
        "f1": plain(sk.f1_score, zero_division=np.nan),
        "base_rate": lambda y, d, **kw: float(np.average(y, weights=kw.get("sample_weight"))),
        "matthews_correlation": plain(sk.matthews_corrcoef),
    }


def pick(frame: Any, **wanted: Any) -> Any:
    kept = frame[frame.stratum.isna() & frame.stage.isna()]
    for name, value in wanted.items():
        kept = kept[np.array([v == value for v in kept[name]], dtype=bool)]
    assert len(kept) == 1, wanted
    return kept.iloc[0]


def attributes(roles: dict[str, Any]) -> list[tuple[str, ...]]:
    names = tuple(roles["protected"])
    return [(n,) for n in names] + ([names] if len(names) > 1 else [])


def groups_of(frame: Any, attribute: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [tuple(r) for r in frame[list(attribute)].drop_duplicates().itertuples(index=False)]


def member(frame: Any, attribute: tuple[str, ...], group: tuple[Any, ...]) -> Any:
    inside = np.ones(len(frame), dtype=bool)
    for name, level in zip(attribute, group, strict=True):
        inside &= (frame[name] == level).to_numpy()
    return inside


@pytest.mark.parametrize("name", NAMES)
def test_rates_are_those_of_fairlearn(name: str, audited: Any) -> None:
    """Twelve rates of every group and intersection, through MetricFrame."""
    from fairlearn.metrics import MetricFrame

    frame, roles, found = audited[name]
    weight = roles.get("weight")
    checked = 0
    for attribute in attributes(roles):
        features = frame[list(attribute)]
        for key, function in rates().items():
            told = {"sample_params": {"sample_weight": frame[weight]}} if weight else {}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = MetricFrame(
                    metrics=function,
                    y_true=frame.paid,
                    y_pred=frame.ok,
                    sensitive_features=features,
                    **told,
                )
            for group, value in theirs.by_group.items():
                at = group if isinstance(group, tuple) else (group,)
                if value != value:
                    continue  # an empty crossing, or 0 / 0
                ours = pick(found, metric=key, attribute=attribute, group=at, reference=None)
                if ours.value != ours.value:
                    # where a peer says 0 for an empty denominator
                    assert ours.reason
                    continue
                assert ours.value == pytest.approx(value, abs=EXACT), (key, at)
                checked += 1
            overall = pick(found, metric=key, attribute=(), group=(), reference=None)
            assert overall.value == pytest.approx(theirs.overall, abs=EXACT), key
    assert checked >= 12 * 2 * len(roles["protected"])


@pytest.mark.parametrize("name", NAMES)
def test_worst_cases_are_those_of_fairlearn(name: str, audited: Any) -> None:
    """Demographic parity, equal opportunity and equalized odds, difference and ratio."""
    from fairlearn import metrics as f

    frame, roles, found = audited[name]
    told = {"sample_weight": frame[roles["weight"]]} if "weight" in roles else {}
    checked = 0
    for attribute in attributes(roles):
        for key in (
            "demographic_parity_difference",
            "demographic_parity_ratio",
            "equal_opportunity_difference",
            "equal_opportunity_ratio",
            "equalized_odds_difference",
            "equalized_odds_ratio",
        ):
            ours = pick(found, metric=key, attribute=attribute)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = getattr(f, key)(
                    frame.paid, frame.ok, sensitive_features=frame[list(attribute)], **told
                )
            if ours.value != ours.value:
                assert ours.reason
                continue
            assert ours.value == pytest.approx(theirs, abs=EXACT), (key, attribute)
            checked += 1
    assert checked >= 6


def aif360_metric(frame: Any, roles: dict[str, Any], attribute: str, group: Any) -> Any:
    """AIF360's comparison of one group with the reference, on their rows alone."""
    from aif360.datasets import BinaryLabelDataset
    from aif360.metrics import ClassificationMetric

    reference = roles["reference"][attribute]
    kept = frame[frame[attribute].isin([group, reference])]
    base = kept[["paid"]].assign(side=(kept[attribute] == reference).astype(float))
    if "weight" in roles:
        base["w"] = kept[roles["weight"]]

    def made(labels: Any) -> Any:
        data = BinaryLabelDataset(
            df=base.assign(paid=labels.astype(float)),
            label_names=["paid"],
            protected_attribute_names=["side"],
            instance_weights_name="w" if "weight" in roles else None,
        )
        data.scores = data.labels.copy()
        return data

    return ClassificationMetric(
        made(kept.paid),
        made(kept.ok),
        unprivileged_groups=[{"side": 0.0}],
        privileged_groups=[{"side": 1.0}],
    )


AIF360: dict[str, Callable[[Any], float]] = {
    "statistical_parity_difference": lambda m: m.statistical_parity_difference(),
    "disparate_impact_ratio": lambda m: m.disparate_impact(),
    "true_positive_rate_difference": lambda m: m.equal_opportunity_difference(),
    "predictive_equality_difference": lambda m: m.false_positive_rate_difference(),
    "false_negative_rate_difference": lambda m: m.false_negative_rate_difference(),
    "average_odds_difference": lambda m: m.average_odds_difference(),
    "average_absolute_odds_difference": lambda m: m.average_abs_odds_difference(),
    "accuracy_difference": lambda m: m.accuracy(privileged=False) - m.accuracy(privileged=True),
    "predictive_parity_difference": lambda m: (
        m.positive_predictive_value(privileged=False) - m.positive_predictive_value(privileged=True)
    ),
    "base_rate_difference": lambda m: m.base_rate(privileged=False) - m.base_rate(privileged=True),
    "false_discovery_rate_difference": lambda m: m.false_discovery_rate_difference(),
    "false_omission_rate_difference": lambda m: m.false_omission_rate_difference(),
    "error_rate_difference": lambda m: m.error_rate_difference(),
    "error_rate_ratio": lambda m: m.error_rate_ratio(),
    "predictive_equality_ratio": lambda m: m.false_positive_rate_ratio(),
    "false_negative_rate_ratio": lambda m: m.false_negative_rate_ratio(),
    "false_discovery_rate_ratio": lambda m: m.false_discovery_rate_ratio(),
    "false_omission_rate_ratio": lambda m: m.false_omission_rate_ratio(),
}


@pytest.mark.parametrize("name", NAMES)
def test_contrasts_are_those_of_aif360(name: str, audited: Any) -> None:
    """Eighteen signed contrasts of every group with its reference."""
    frame, roles, found = audited[name]
    checked = 0
    for attribute in roles["protected"]:
        reference = roles["reference"][attribute]
        for group in frame[attribute].unique():
            if group == reference:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = aif360_metric(frame, roles, attribute, group)
                values = {key: float(function(theirs)) for key, function in AIF360.items()}
            for key, value in values.items():
                ours = pick(
                    found, metric=key, attribute=(attribute,), group=(group,),
                    reference=(reference,),
                )  # fmt: skip
                if ours.value != ours.value:
                    assert ours.reason
                    continue
                assert ours.value == pytest.approx(value, abs=EXACT), (key, group)
                checked += 1
    assert checked >= 15


def test_difference_is_the_difference_and_ratio_the_ratio_of_the_rates(audited: Any) -> None:
    """Every signed contrast of a rate is made of the two rates that the audit itself shows."""
    for _, _, found in audited.values():
        rate = {
            (r.metric, r.attribute, r.group): r.value
            for r in found[found.reference.isna()].itertuples()
        }
        checked = 0
        for row in found[~found.reference.isna()].itertuples():
            entry = audit.metrics.CATALOGUE[row.metric]
            if entry.contrast not in ("difference", "ratio"):
                continue
            if (entry.rates[0].key, row.attribute, row.group) not in rate:
                continue  # a rate that is not itself in the standard set
            own = rate[entry.rates[0].key, row.attribute, row.group]
            other = rate[entry.rates[0].key, row.attribute, row.reference]
            if math.isnan(row.value):
                assert row.reason
                continue
            value = own - other if entry.contrast == "difference" else own / other
            assert row.value == pytest.approx(value, abs=EXACT)
            assert row.reference_value == pytest.approx(other, abs=EXACT)
            checked += 1
        assert checked >= 10


def test_published_values() -> None:
    """German −0.149448; Taiwan .7583 and .7922; Boston .9084, .6751, .7658; COMPAS as ProPublica's.

    Sources: AIF360's credit tutorial; Yeh & Lien 2009's data; Munnell et al. 1996's data;
    Larson et al. 2016.
    """

    def frame_of(name: str) -> Any:
        data = datasets.load(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", audit.DataWarning)
            return audit.run(data.frame, **data.roles).to_frame()

    german = frame_of("german_credit")
    gap = pick(german, metric="base_rate_difference", attribute=("age",))
    assert gap.value == pytest.approx(-0.149448, abs=5e-7)
    taiwan = frame_of("taiwan_credit")
    for sex, rate in (("male", 0.7583), ("female", 0.7922)):
        row = pick(taiwan, metric="base_rate", attribute=("sex",), group=(sex,))
        assert row.value == pytest.approx(rate, abs=5e-5)
    boston = frame_of("boston_mortgages")
    for race, rate in (("White", 0.9084), ("Black", 0.6751), ("Hispanic", 0.7658)):
        row = pick(boston, metric="selection_rate", attribute=("race",), group=(race,))
        assert row.value == pytest.approx(rate, abs=5e-5)
    compas = frame_of("compas")
    for race, missed, wrong in (
        ("African-American", 0.4485, 0.2799),
        ("Caucasian", 0.2345, 0.4772),
    ):
        at = {"attribute": ("race",), "group": (race,)}
        assert pick(compas, metric="false_negative_rate", **at).value == pytest.approx(
            missed, abs=5e-5
        )
        assert pick(compas, metric="false_positive_rate", **at).value == pytest.approx(
            wrong, abs=5e-5
        )


@pytest.mark.parametrize("name", ["compas", "random 1"])
def test_intervals_of_plain_rates_are_those_of_statsmodels(name: str, audited: Any) -> None:
    """Wilson's limits of every rate of form share, to 1e-9."""
    from statsmodels.stats.proportion import proportion_confint

    _, _, found = audited[name]
    rows = found[(found.method == "Wilson") & found.reference.isna()]
    rows = rows[[audit.metrics.CATALOGUE[m].rates[0].form == "share" for m in rows.metric]]
    assert len(rows) > 100
    for row in rows.itertuples():
        if row.rows == 0:
            continue
        low, high = proportion_confint(row.favorable, row.rows, method="wilson")
        assert row.low == pytest.approx(low, abs=1e-9)
        assert row.high == pytest.approx(high, abs=1e-9)
