"""Gaps inside strata, by hand and against statsmodels."""

import numpy as np
import pytest

import audit

ROWS = [  # stratum, sex, approved, denied
    ("car", "f", 30, 20), ("car", "m", 60, 20), ("house", "f", 10, 40), ("house", "m", 15, 25),
]  # fmt: skip


def _rows(times: int = 1) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {"st": [], "sex": [], "ok": [], "w": []}
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
