"""Gaps inside strata, by hand and against statsmodels."""

from typing import Any

import numpy as np
import pytest

import audit
from audit.inference.stratified import conditional_demographic_disparity
from audit.inference.within_strata import strata_estimates
from audit.metrics.catalogue import CATALOGUE

ROWS = [  # stratum, sex, approved, denied
    ("car", "f", 30, 20), ("car", "m", 60, 20), ("house", "f", 10, 40), ("house", "m", 15, 25),
]  # fmt: skip


def _rows(times: int = 1) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"st": [], "sex": [], "ok": [], "w": []}
    for stratum, sex, approved, denied in ROWS:
        size = (approved + denied) * times
        rows["st"] += [stratum] * size
        rows["sex"] += [sex] * size
        rows["ok"] += [1] * (approved * times) + [0] * (denied * times)
        rows["w"] += [2.0] * size
    return rows


def _one(key: str, **told: object) -> object:
    result = audit.run(_rows(), protected="sex", decision="ok", favorable=1, strata="st", **told)  # type: ignore[arg-type]
    (found,) = result.record.estimates.where(metric=key, group=("f",))
    return found


def test_the_common_difference_is_mantel_haenszels() -> None:
    """Weights nm/(n + m): (50·80/130)·(.6 − .75) + (50·40/90)·(.2 − .375), over their sum."""
    e = _one("conditional_statistical_parity_difference")
    w = np.array([50 * 80 / 130, 50 * 40 / 90])
    value = (w @ [0.6 - 0.75, 0.2 - 0.375]) / w.sum()
    assert e.value == pytest.approx(value, abs=1e-12)  # type: ignore[attr-defined]
    assert e.low < value < e.high  # type: ignore[attr-defined]


def test_its_p_value_is_cochran_mantel_haenszels() -> None:
    """statsmodels, without continuity correction."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = [np.array([[30, 20], [60, 20]]), np.array([[10, 40], [15, 25]])]
    theirs = StratifiedTable(tables).test_null_odds(correction=False).pvalue
    e = _one("conditional_statistical_parity_difference")
    assert e.p_value == pytest.approx(theirs, rel=1e-9)  # type: ignore[attr-defined]


def test_conditional_disparity_by_hand() -> None:
    """Σ n·(share of the denied − share of the approved) / Σ n."""
    e = _one("conditional_demographic_disparity")
    value = (130 * (20 / 40 - 30 / 90) + 90 * (40 / 65 - 10 / 25)) / 220
    assert e.value == pytest.approx(value, abs=1e-12)  # type: ignore[attr-defined]


def test_equal_weights_change_nothing_and_unequal_ones_widen() -> None:
    """(Σw)²/Σw² rows carry the information."""
    key = "conditional_statistical_parity_difference"
    plain, same = _one(key), _one(key, weight="w")
    for name in ("value", "low", "high", "p_value"):
        assert getattr(same, name) == pytest.approx(getattr(plain, name), abs=1e-12)
    rows = _rows()
    rows["w"] = [0.2 if i % 2 else 1.8 for i in range(len(rows["w"]))]
    result = audit.run(rows, protected="sex", decision="ok", favorable=1, strata="st", weight="w")
    (uneven,) = result.record.estimates.where(metric=key, group=("f",))
    width = uneven.high - uneven.low
    # half the weights .2, half 1.8: Kish 1/1.64
    assert width / (plain.high - plain.low) == pytest.approx(np.sqrt(1.64), rel=0.05)  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore::audit.DataWarning")
def test_conditional_outcome_disparity_by_hand() -> None:
    """Unfavourable and favourable outcomes take the place of denials and approvals."""
    rows = _rows()
    rows["paid"] = rows.pop("ok")
    rows["paid"] = [None if i % 10 == 9 else v for i, v in enumerate(rows["paid"])]
    rows["ok"] = [1, 0] * (len(rows["sex"]) // 2)
    tally = audit.count(
        rows, protected="sex", decision="ok", outcome="paid", favorable=1, strata="st"
    )
    metric = CATALOGUE["conditional_outcome_disparity"]
    found = strata_estimates(tally, [metric], level=0.9)
    (e,) = found.where(group=("f",))
    own = {s: [0, 0] for s in ("car", "house")}
    everyone = {s: [0, 0] for s in ("car", "house")}
    for st, sex, paid in zip(rows["st"], rows["sex"], rows["paid"], strict=True):
        if paid is not None:
            everyone[st][paid] += 1
            own[st][paid] += sex == "f"
    n = {s: sum(v) for s, v in everyone.items()}
    value = sum(n[s] * (own[s][0] / everyone[s][0] - own[s][1] / everyone[s][1]) for s in n) / sum(
        n.values()
    )
    assert e.value == pytest.approx(value)
    f = np.array([own[s] for s in n])
    m = np.array([everyone[s] for s in n]) - f
    wanted = conditional_demographic_disparity(f[:, 1], f[:, 0], m[:, 1], m[:, 0], 0.9)
    assert (e.low, e.high) == pytest.approx((float(wanted[1]), float(wanted[2])))
    assert (e.rows, e.reason, e.level, e.method) == (100, None, 0.9, "MOVER of Wilson limits")


def test_strata_without_both_sides_say_so() -> None:
    """Each stratum holds one group: nothing is compared."""
    rows = {"st": ["a"] * 9 + ["b"] * 9, "sex": ["f"] * 9 + ["m"] * 9, "ok": [1, 0, 1] * 6}
    tally = audit.count(rows, protected="sex", decision="ok", favorable=1, strata="st")
    metrics = [CATALOGUE["conditional_statistical_parity_difference"]]
    for e in strata_estimates(tally, metrics, level=0.95):
        assert np.isnan([e.value, e.low, e.high, e.p_value]).all()
        assert (e.reason, e.method, e.rows) == ("no stratum holds both sides", "", 9)
