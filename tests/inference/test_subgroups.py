"""Bounds of many found subgroups at once: laws, an oracle, coverage, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from audit.errors import InputError
from audit.inference import difference_interval, subgroup_bounds
from audit.inference.score_tests import equality_p_value

SHAPE = (2, 3, 4)


def collection() -> np.ndarray:
    """All subgroups that fix one or two of three attributes."""
    at = np.indices(SHAPE).reshape(3, -1)
    one = [at[a] == v for a in range(3) for v in range(SHAPE[a])]
    two = [m & k for i, m in enumerate(one) for k in one[i + 1 :] if (m & k).any()]
    return np.array(one + two)


def sample(seed: int, rows: int = 1500, lower: bool = False) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    members = collection()
    rate = np.full(24, 0.4) - 0.2 * lower * members[0]
    n = rng.multinomial(rows, np.full(24, 1 / 24))
    return rng.binomial(n, rate), n, members


def test_one_subgroup_is_an_ordinary_interval() -> None:
    """With one subgroup the critical value is near 1.96 and the bounds are Miettinen-Nurminen's."""
    x, n = [120, 150], [400, 420]
    found = subgroup_bounds(x, n, [[1, 0]], replicates=20_000, seed=1)
    assert found.critical == pytest.approx(1.96, abs=0.06)
    low, high = difference_interval(120, 400, 150, 420, 2 * norm.cdf(found.critical) - 1)
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))
    assert found.p_value[0] == pytest.approx(equality_p_value(120, 400, 150, 420), abs=0.01)


def test_laws() -> None:
    """Value inside bounds, wider than alone, nested in the level, the same for the same seed."""
    x, n, members = sample(1)
    found = subgroup_bounds(x, n, members, seed=4)
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert 1.96 < found.critical < norm.isf(0.025 / len(members))
    again = subgroup_bounds(x, n, members, seed=4)
    assert found.low.tolist() == again.low.tolist()
    inner = subgroup_bounds(x, n, members, 0.8, seed=4)
    assert (inner.low >= found.low).all()
    side = subgroup_bounds(x, n, members, seed=4, side="lower")
    assert side.critical < found.critical
    assert (side.low >= found.low).all()
    assert (side.high == 1).all()
    outside = (found.low > 0) | (found.high < 0)
    assert (found.p_value[outside] <= 0.05).all()
    assert (found.p_value[~outside] > 0.05).all()


def test_overlap_needs_less_than_many_apart() -> None:
    """The same subgroup a hundred times costs no more than once."""
    x, n, members = sample(2)
    once = subgroup_bounds(x, n, members[:1], seed=3)
    often = subgroup_bounds(x, n, np.repeat(members[:1], 100, axis=0), seed=3)
    assert often.critical == pytest.approx(once.critical)


def test_against_everyone_the_gap_is_the_rest_s_share_of_it() -> None:
    """rate - overall rate = (gap to the rest) × the rest's share of rows, bounds too."""
    x, n, members = sample(3)
    rest, everyone = (
        subgroup_bounds(x, n, members, against=word, seed=2) for word in ("rest", "everyone")
    )
    overall = x.sum() / n.sum()
    assert everyone.value == pytest.approx(everyone.rate - overall)
    part = 1 - rest.rows / n.sum()
    assert everyone.low == pytest.approx(rest.low * part)


def test_bounds_hold_together_at_parity_and_find_a_harmed_group() -> None:
    """In 120 samples all 35 bounds hold in at least 94 % less 3 s.e.; a real gap is found."""
    held = 0
    for seed in range(120):
        found = subgroup_bounds(*sample(seed), replicates=300, seed=seed)
        held += bool(((found.low <= 0) & (found.high >= 0)).all())
    assert held / 120 >= 0.94 - 3 * np.sqrt(0.94 * 0.06 / 120)
    harmed = subgroup_bounds(*sample(9, lower=True), side="upper", seed=1)
    assert harmed.high[0] < 0
    assert harmed.p_value[0] < 0.01


def test_small_subgroups_are_undefined_and_take_no_part() -> None:
    """Fewer than 30 rows inside or outside: nan with a reason; the others do not pay for it."""
    x, n = [8, 60, 70], [20, 150, 160]
    found = subgroup_bounds(x, n, [[1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1], [0, 0, 0]])
    assert np.isnan(found.value).tolist() == [True, False, True, True, True]
    assert "fewer than 30 rows" in found.reason
    assert found.rows.tolist() == [20, 150, 310, 330, 0]
    alone = subgroup_bounds(x, n, [[0, 1, 0]])
    assert alone.critical == found.critical
    none = subgroup_bounds([1], [5], [[1]])
    assert np.isnan(none.critical)
    assert np.isnan(none.low).all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"side": "left"}, "INF005"),
        ({"against": "men"}, "INF005"),
        ({"level": 1.0}, "INF001"),
        ({"members": [[1, 2, 0]]}, "INF008"),
        ({"members": [[1, 0]]}, "INF008"),
        ({"members": [1, 0, 0]}, "INF008"),
        ({"n": [9.5, 9, 9]}, "INF008"),
        ({"x": [10, 1, 1]}, "INF004"),
        ({"replicates": 0}, "INF009"),
    ],
)
def test_refusals(change: dict[str, Any], code: str) -> None:
    """What cannot be counted is refused by code."""
    given = {"x": [1, 2, 3], "n": [9, 9, 9], "members": [[1, 0, 1]], **change}
    with pytest.raises(InputError, match=code):
        subgroup_bounds(given.pop("x"), given.pop("n"), given.pop("members"), **given)
