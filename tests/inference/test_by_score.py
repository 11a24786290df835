"""Score metrics and their gaps, against scikit-learn, scipy and statsmodels."""

from typing import Any

import numpy as np
import pytest

import audit
from audit.metrics.catalogue import CATALOGUE

RNG = np.random.default_rng(11)
SIZE = 600
SEX = RNG.choice(["f", "m"], SIZE)
PAID = RNG.integers(0, 2, SIZE)
SCORE = np.clip(np.round(0.35 * PAID + RNG.uniform(0.02, 0.6, SIZE), 3), 0.01, 0.99)
WEIGHT = RNG.uniform(0.5, 2, SIZE)
WOMEN = SEX == "f"


@pytest.fixture(scope="module")
def result() -> Any:
    keys = [k for k, m in CATALOGUE.items() if m.contrast in (None, "difference", "ratio", "smd")
            and m.rates and m.rates[0].form == "score"]  # fmt: skip
    rows = {"sex": SEX, "paid": PAID, "s": SCORE}
    return audit.run(
        rows, protected="sex", outcome="paid", favorable=1, score="s", reference={"sex": "m"},
        metrics=[*keys, "auc_worst_difference", "auc_worst_ratio"],
    )  # fmt: skip


def one(result: Any, key: str, group: str = "f") -> Any:
    found = [e for e in result.estimates if e.metric == key and e.group == (group,)]
    (estimate,) = found
    return estimate


def test_auc_is_scikit_learns(result: Any) -> None:
    """In each group, inside DeLong's limits."""
    from sklearn.metrics import roc_auc_score

    for group, rows in (("f", WOMEN), ("m", ~WOMEN)):
        e = one(result, "auc", group)
        assert e.value == pytest.approx(roc_auc_score(PAID[rows], SCORE[rows]), abs=1e-12)
        assert e.low < e.value < e.high
        assert e.column == "s"


def test_brier_and_log_loss_are_scikit_learns(result: Any) -> None:
    """P(favourable) is the score itself."""
    from sklearn.metrics import brier_score_loss, log_loss

    brier = one(result, "brier")
    assert brier.value == pytest.approx(brier_score_loss(PAID[WOMEN], SCORE[WOMEN]), abs=1e-12)
    loss = one(result, "log_loss")
    assert loss.value == pytest.approx(log_loss(PAID[WOMEN], SCORE[WOMEN]), abs=1e-12)


def test_ks_is_scipys(result: Any) -> None:
    """Between those who repaid and those who did not."""
    from scipy.stats import ks_2samp

    own, paid = SCORE[WOMEN], PAID[WOMEN] == 1
    assert one(result, "ks").value == pytest.approx(ks_2samp(own[paid], own[~paid]).statistic)


def test_the_mean_has_students_interval(result: Any) -> None:
    """scipy's t."""
    from scipy.stats import sem, t

    own = SCORE[WOMEN]
    e = one(result, "mean_score")
    low, high = t.interval(0.95, len(own) - 1, own.mean(), sem(own))
    assert (e.value, e.low, e.high) == pytest.approx((own.mean(), low, high), abs=1e-12)


def test_brier_is_a_mean_of_losses(result: Any) -> None:
    """Its interval is Student's too."""
    from scipy.stats import sem, t

    losses = (SCORE[WOMEN] - PAID[WOMEN]) ** 2
    e = one(result, "brier")
    low, high = t.interval(0.95, len(losses) - 1, losses.mean(), sem(losses))
    assert (e.low, e.high) == pytest.approx((low, high), abs=1e-12)


def test_the_standardized_difference_is_cohens_d(result: Any) -> None:
    """Pooled standard deviation; d ± z·√((n + m)/(nm) + d²/(2(n + m)))."""
    a, b = SCORE[WOMEN], SCORE[~WOMEN]
    n, m = len(a), len(b)
    pooled = np.sqrt(((n - 1) * a.var(ddof=1) + (m - 1) * b.var(ddof=1)) / (n + m - 2))
    d = (a.mean() - b.mean()) / pooled
    half = 1.959963984540054 * np.sqrt((n + m) / (n * m) + d**2 / (2 * (n + m)))
    e = one(result, "standardized_mean_difference")
    assert (e.value, e.low, e.high) == pytest.approx((d, d - half, d + half), abs=1e-9)


def test_the_recalibration_line_is_statsmodels(result: Any) -> None:
    """Intercept and slope of the logistic regression on the logit, with Wald's limits."""
    import statsmodels.api as sm

    logit = np.log(SCORE[WOMEN] / (1 - SCORE[WOMEN]))
    fit = sm.Logit(PAID[WOMEN], sm.add_constant(logit)).fit(disp=0)
    limits = fit.conf_int()
    for place, key in enumerate(("calibration_intercept", "calibration_slope")):
        e = one(result, key)
        assert e.value == pytest.approx(fit.params[place], abs=1e-6)
        assert (e.low, e.high) == pytest.approx(tuple(limits[place]), abs=1e-5)


def test_every_score_contrast_has_an_interval(result: Any) -> None:
    """Differences and ratios: made of the two values, inside their limits."""
    checked = 0
    for e in result.estimates:
        entry = CATALOGUE[e.metric]
        if e.reference is None or not entry.rates or entry.rates[0].form != "score":
            continue
        if entry.contrast not in ("difference", "ratio"):
            continue
        own = one(result, entry.rates[0].key).value
        other = one(result, entry.rates[0].key, "m").value
        value = own - other if entry.contrast == "difference" else own / other
        assert e.value == pytest.approx(value, abs=1e-12)
        if not e.method.startswith("no interval"):
            assert e.low <= e.value <= e.high, e
        checked += 1
    assert checked >= 19


def test_the_worst_auc_is_the_gap_of_the_extremes(result: Any) -> None:
    """Two groups: the plain gap, with MOVER of DeLong's limits, floored at 0."""
    gap = [e for e in result.estimates if e.metric == "auc_worst_difference"]
    pair = one(result, "auc_difference")
    assert len(gap) == 1
    assert gap[0].value == pytest.approx(abs(pair.value))
    widest = max(abs(pair.low), abs(pair.high))
    assert gap[0].high == pytest.approx(widest, abs=1e-9)
    ratio = [e for e in result.estimates if e.metric == "auc_worst_ratio"]
    aucs = [one(result, "auc", g).value for g in "fm"]
    assert ratio[0].value == pytest.approx(min(aucs) / max(aucs))


def test_weighted_means_are_numpys() -> None:
    """Values are weighted, limits wider than without weights (Kish)."""
    rows = {"sex": SEX, "paid": PAID, "s": SCORE, "w": WEIGHT}
    told = {"protected": "sex", "outcome": "paid", "favorable": 1, "score": "s"}
    weighted, plain = audit.run(rows, **told, weight="w"), audit.run(rows, **told)
    e, f = one(weighted, "mean_score"), one(plain, "mean_score")
    assert e.value == pytest.approx(np.average(SCORE[WOMEN], weights=WEIGHT[WOMEN]), abs=1e-12)
    assert e.high - e.low > f.high - f.low
    assert e.rows == f.rows == WOMEN.sum()


def test_too_few_of_a_class_are_not_judged() -> None:
    """Fewer than 20 defaults: the AUC is shown, unjudged, and so is every comparison with it."""
    paid = PAID.copy()
    paid[np.flatnonzero(WOMEN & (paid == 0))[10:]] = 1
    result = audit.run(
        {"sex": SEX, "paid": paid, "s": SCORE}, protected="sex", outcome="paid", favorable=1,
        score="s", reference={"sex": "m"}, metrics=["auc_ratio", "auc_worst_difference"],
    )  # fmt: skip
    for key in ("auc", "auc_difference", "auc_ratio"):
        e = one(result, key)
        assert e.value == e.value
        assert np.isnan([e.low, e.high]).all()
        assert e.reason.startswith("fewer than 20 rows")
