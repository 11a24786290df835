"""Cell bootstrap, block jackknife and effective counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import InputError
from audit.inference import rate_interval
from audit.inference.bootstrap import cell_bootstrap, draw
from audit.inference.clusters import block_effective, block_jackknife, jackknife
from audit.inference.weights import effective, effective_events


def rate(cells: np.ndarray) -> np.ndarray:
    return cells[..., 0] / cells.sum(axis=-1)


def gap(cells: np.ndarray) -> np.ndarray:
    found = rate(cells)
    return found[..., 0] - found[..., 1]


TABLE = np.array([[120, 80], [140, 60]])


def test_the_same_seed_gives_the_same_limits() -> None:
    """Deterministic, and the counts are not written to."""
    kept = TABLE.copy()
    assert cell_bootstrap(TABLE, gap, seed=3) == cell_bootstrap(TABLE, gap, seed=3)
    assert cell_bootstrap(TABLE, gap, seed=3) != cell_bootstrap(TABLE, gap, seed=4)
    assert (kept == TABLE).all()


def test_drawing_cells_is_drawing_rows() -> None:
    """Group sizes stay; means and variances are the multinomial's."""
    drawn = draw(TABLE.astype(float), 20_000, np.random.default_rng(0))
    assert (drawn.sum(axis=-1) == [200, 200]).all()
    np.testing.assert_allclose(drawn.mean(axis=0), TABLE, rtol=0.01)
    np.testing.assert_allclose(drawn[:, :, 0].var(axis=0), [200 * 0.24, 200 * 0.21], rtol=0.05)


def test_weighted_cells_have_the_variance_of_a_row_bootstrap() -> None:
    """Mean Σw and variance Σw² in every cell."""
    weight, squares = np.array([[50.0, 30.0]]), np.array([[90.0, 200.0]])
    drawn = draw(weight, 40_000, np.random.default_rng(0), squares)
    np.testing.assert_allclose(drawn.mean(axis=0), weight, rtol=0.02)
    np.testing.assert_allclose(drawn.var(axis=0), squares, rtol=0.05)


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_a_mean_gets_its_normal_limits(method: str) -> None:
    """For a difference of large-sample rates all methods agree."""
    big = TABLE * 100
    low, high = cell_bootstrap(big, gap, replicates=8000, method=method)
    error = np.sqrt((0.24 + 0.21) / 20_000)
    assert low == pytest.approx(-0.1 - 1.96 * error, abs=6e-4)
    assert high == pytest.approx(-0.1 + 1.96 * error, abs=6e-4)


def test_bca_agrees_with_scipy() -> None:
    """Oracle: scipy.stats.bootstrap with BCa on the rows themselves."""
    import inspect

    from scipy.stats import bootstrap

    # scipy 1.15 renamed the argument
    seed = "rng" if "rng" in inspect.signature(bootstrap).parameters else "random_state"
    values = np.array([0.0, 1.0, 4.0])
    cells = np.array([[30, 14, 6]])
    rows = np.repeat(values, cells[0])
    theirs = bootstrap(
        (rows,),
        lambda r, axis: r.var(axis=axis),
        method="BCa",
        n_resamples=9999,
        **{seed: np.random.default_rng(1)},
    ).confidence_interval

    def spread(c: np.ndarray) -> np.ndarray:
        p = c / c.sum(axis=-1, keepdims=True)
        return (p @ values**2 - (p @ values) ** 2)[..., 0]

    ours = cell_bootstrap(cells, spread, replicates=9999, seed=2)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.06)


def test_outputs_are_separate_and_undefined_ones_are_nan() -> None:
    """A statistic of every group: one pair of limits a group."""
    low, high = cell_bootstrap([[30, 70], [0, 0], [0, 50]], rate)
    assert low.shape == high.shape == (3,)
    assert low[0] < 0.3 < high[0]
    assert np.isnan([low[1], high[1]]).all()
    assert (low[2], high[2]) == (0, 0)
    # undefined in one replicate of four: no limits
    assert np.isnan(
        cell_bootstrap([[1, 3]], lambda c: np.where(c[..., 0, 0] > 0, 1.0, np.nan))
    ).all()


def test_what_cannot_be_resampled_is_refused() -> None:
    """Codes and remedies."""
    for counts in ([1, 2], [[-1, 2]], [[np.nan, 2]]):
        with pytest.raises(InputError, match="INF008"):
            cell_bootstrap(counts, gap)
    with pytest.raises(InputError, match="INF009"):
        cell_bootstrap(TABLE, gap, replicates=0)
    with pytest.raises(InputError, match="INF005"):
        cell_bootstrap(TABLE, gap, method="basic")


def test_jackknife_of_a_mean_is_its_standard_error() -> None:
    """Leaving out one of b equal blocks: the error is s/√b, t with b-1 degrees of freedom."""
    from scipy.stats import t

    values = np.array([0.2, 0.5, 0.3, 0.4, 0.9])
    left = (values.sum() - values) / 4
    found = jackknife(left, values.mean())
    half = t.ppf(0.975, 4) * values.std(ddof=1) / np.sqrt(5)
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))
    expected = 2 * t.sf(values.mean() / (values.std(ddof=1) / np.sqrt(5)), 4)
    assert found.p_value == pytest.approx(expected)
    assert found.df == 4


def test_jackknife_without_variation_has_no_limits() -> None:
    """One block, or a contrast that never moves: nan, not a point."""
    assert np.isnan(jackknife([[0.2]], [0.2]).low).all()
    assert np.isnan(jackknife([[0.2], [0.2]], [0.2]).low).all()
    assert np.isnan(jackknife([[0.2], [np.nan], [0.1]], [0.2]).low).all()


def test_empty_blocks_change_nothing_and_scales_invert() -> None:
    """Degrees of freedom count non-empty blocks; a log ratio's limits invert when swapped."""
    blocks = np.random.default_rng(0).poisson(6, size=(40, 2, 2)) + 1

    def ratio(cells: np.ndarray) -> np.ndarray:
        found = rate(cells)
        return found[..., 0] / found[..., 1]

    one = block_jackknife(blocks, ratio, scale="log", null=1.0)
    padded = np.concatenate([blocks, np.zeros((24, 2, 2))])
    assert block_jackknife(padded, ratio, scale="log", null=1.0) == pytest.approx(one)
    swapped = block_jackknife(blocks[:, ::-1], ratio, scale="log", null=1.0)
    assert (1 / swapped[1], 1 / swapped[0], swapped[2]) == pytest.approx(one)
    with pytest.raises(InputError, match="INF010"):
        block_jackknife([1.0, 2.0], ratio)
    low, high, _ = block_jackknife(blocks, lambda c: rate(c)[..., 0], scale="logit")
    assert 0 < low < high < 1


def test_block_effective_is_the_rows_where_blocks_agree() -> None:
    """No more than the rows; fewer where blocks differ more than chance."""
    n = np.full((10, 1), 20.0)
    assert block_effective(np.full((10, 1), 6.0), n) == (pytest.approx(60.0), pytest.approx(200.0))
    x = np.where(np.arange(10)[:, None] < 3, 20.0, 0.0)
    part, whole = block_effective(x, n)
    assert whole < 20
    assert part / whole == pytest.approx(0.3)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 50), st.booleans()), min_size=1, max_size=60),
       st.floats(0.001, 1000))  # fmt: skip
def test_effective_counts_are_scale_free_and_keep_the_rate(
    rows: list[tuple[float, bool]], factor: float
) -> None:
    """Scaling weights changes nothing; n_eff is at most the rows; x/n is the weighted rate."""
    w, y = (np.array(v) for v in zip(*rows, strict=True))

    def found(w: np.ndarray) -> tuple[float, float]:
        return effective(w[y].sum(), w.sum(), (w[y] ** 2).sum(), (w**2).sum(), rows=len(w))

    x, n = found(w)
    assert (x, n) == pytest.approx(found(factor * w), rel=1e-9)
    assert 0 < n <= len(w) * (1 + 1e-12)
    assert x / n == pytest.approx(w[y].sum() / w.sum(), rel=1e-9, abs=1e-12)
    rate_interval(x, n)


def test_equal_weights_are_plain_counts_and_v_is_the_linearised_variance() -> None:
    """Ten rows of weight 2 are ten rows; unequal ones follow the formula by hand."""
    assert effective(6.0, 20.0, 12.0, 40.0) == pytest.approx((3.0, 10.0))
    # weights 3, 1 (favourable) and 2, 2 (not): p = 1/2, V = (10 + 8)/4/64, Kish = 64/18
    _, n = effective(4.0, 8.0, 10.0, 18.0)
    assert n == pytest.approx(min(0.25 * 4 * 64 / 18, 64 / 18))
    # a rate of 1 has V = 0: Kish
    assert effective(8.0, 8.0, 18.0, 18.0) == pytest.approx((64 / 18, 64 / 18))
    assert effective(0.0, 0.0, 0.0, 0.0) == (0, 0)
    assert effective_events([3.0, 9.0], [10.0, 10.0]).tolist() == [3.0, 1.0]
