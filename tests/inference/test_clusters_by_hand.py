"""Jackknifes over blocks, each worked out with fractions, a loop and scipy's t."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from audit.errors import InputError
from audit.inference.clusters import block_effective, block_jackknife, jackknife

BLOCKS = np.array(
    [
        [[7, 3], [5, 9]], [[0, 0], [0, 0]], [[2, 1], [8, 4]], [[6, 8], [1, 1]],
        [[9, 2], [4, 7]], [[3, 3], [0, 0]],
    ]
)  # fmt: skip
"""Six blocks (one empty, one with a group only) × two groups × favourable and not."""


def by_loop(left: list[float], value: float, level: float, null: float) -> tuple[float, ...]:
    """Limits and p-value from estimates with a block left out (Quenouille 1956, Tukey 1958)."""
    b = len(left)
    mean = math.fsum(left) / b
    error = math.sqrt((b - 1) / b * math.fsum((v - mean) ** 2 for v in left))
    half = student.ppf((1 + level) / 2, b - 1) * error
    return value - half, value + half, 2 * student.sf(abs(value - null) / error, b - 1)


@pytest.mark.parametrize("left", [[0.1, 0.4], [0.1, 0.3, 0.2, 0.25], [1.5, -2.0, 0.5]])
@pytest.mark.parametrize(("level", "null"), [(0.95, 0.0), (0.9, 0.5), (0.5, -1.0)])
def test_limits_are_students_of_the_estimates_left(
    left: list[float], level: float, null: float
) -> None:
    """Two blocks are enough, with one degree of freedom; parity may lie anywhere."""
    found = jackknife([[v] for v in left], [0.2], level, null=null)
    low, high, p = by_loop(left, 0.2, level, null)
    assert found.low[0] == pytest.approx(low, rel=1e-12)
    assert found.high[0] == pytest.approx(high, rel=1e-12)
    assert found.p_value[0] == pytest.approx(p, rel=1e-12)
    assert found.df == len(left) - 1


def test_fewer_than_two_blocks_have_no_limits() -> None:
    """Of the shape that was asked for, and never a negative degree of freedom."""
    for left, df in (([[0.2, 0.3]], 0), (np.empty((0, 2)), 0)):
        found = jackknife(left, [0.2, 0.3])
        assert found.df == df
        for part in (found.low, found.high, found.p_value):
            assert part.shape == (2,)
            assert np.isnan(part).all()


def test_what_moves_by_rounding_alone_does_not_move() -> None:
    """0.1 + 0.2 is not 0.3 in binary; a change of one in a thousand million is one."""
    still = jackknife([[0.3], [0.1 + 0.2], [0.3]], [0.3])
    assert np.isnan([still.low[0], still.high[0], still.p_value[0]]).all()
    moving = jackknife([[0.3], [0.3 + 1e-9], [0.3]], [0.3])
    assert moving.low[0] < 0.3 < moving.high[0]
    vast = jackknife([[0.3], [math.inf], [0.3]], [0.3])
    assert np.isnan([vast.low[0], vast.high[0], vast.p_value[0]]).all()


def rates(t: Any) -> Any:
    return t[..., 0] / t.sum(axis=-1)


def shares(blocks: list[Any]) -> list[Fraction]:
    """Each group's rate over these blocks."""
    sums = [[Fraction(int(sum(b[g][c] for b in blocks))) for c in (0, 1)] for g in (0, 1)]
    return [s[0] / sum(s) for s in sums]


SCALES: dict[str, Any] = {
    "identity": (lambda t: rates(t)[..., 0] - rates(t)[..., 1], lambda p, q: float(p - q), 0.0),
    "log": (lambda t: rates(t)[..., 0] / rates(t)[..., 1], lambda p, q: float(p / q), 1.0),
    "logit": (lambda t: rates(t)[..., 0], lambda p, q: float(p), 0.5),
}
TO: dict[str, Any] = {"identity": float, "log": math.log, "logit": lambda p: math.log(p / (1 - p))}
BACK: dict[str, Any] = {
    "identity": float,
    "log": math.exp,
    "logit": lambda v: 1 / (1 + math.exp(-v)),
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_blocks_are_left_out_one_by_one_on_the_scale_told(scale: str, level: float) -> None:
    """Empty ones are none; limits are made on the scale and brought back from it."""
    statistic, exact, null = SCALES[scale]
    filled = [b for b in BLOCKS.tolist() if any(map(any, b))]
    assert len(filled) == 5
    whole = TO[scale](exact(*shares(filled)))
    left = [TO[scale](exact(*shares(filled[:i] + filled[i + 1 :]))) for i in range(5)]
    low, high, p = by_loop(left, whole, level, TO[scale](null))
    found = block_jackknife(BLOCKS, statistic, level, scale=scale, null=null)
    wanted = (BACK[scale](low), BACK[scale](high), p)
    assert [float(v) for v in found] == pytest.approx(wanted, rel=1e-11)


def test_by_default_limits_are_on_the_plain_scale_at_95_percent_against_0() -> None:
    statistic = SCALES["identity"][0]
    given = block_jackknife(BLOCKS, statistic, 0.95, scale="identity", null=0.0)
    assert block_jackknife(BLOCKS, statistic) == given
    left = [[0.1], [0.3], [0.2]]
    assert jackknife(left, [0.2]) == jackknife(left, [0.2], 0.95, null=0.0)


def test_parity_may_lie_elsewhere_and_blocks_may_hold_one_number_a_group() -> None:
    """A gap of sums against 3, from blocks of shape (blocks, groups)."""
    blocks = np.array([[7, 3], [2, 4], [6, 1], [0, 0], [9, 5]])
    left = [float(blocks[:, 0].sum() - a - blocks[:, 1].sum() + b) for a, b in blocks if a or b]
    wanted = by_loop(left, 24 - 13, 0.95, 3.0)
    found = block_jackknife(blocks, lambda t: t[..., 0] - t[..., 1], null=3.0)
    assert [float(v) for v in found] == pytest.approx(wanted, rel=1e-12)


def test_a_contrast_undefined_without_a_block_has_no_limits() -> None:
    """The second group is in one block alone, so nothing is left of it without that."""
    blocks = np.array([[[7, 3], [5, 9]], [[2, 1], [0, 0]], [[6, 8], [0, 0]]])
    assert np.isnan(block_jackknife(blocks, SCALES["identity"][0])).all()


@pytest.mark.parametrize(
    ("given", "code", "argument"),
    [
        (([1.0, 2.0], rates), "INF010", "blocks"),
        ((BLOCKS, rates, 1.0), "INF001", "level"),
    ],
)
def test_what_cannot_be_is_refused(given: Any, code: str, argument: str) -> None:
    with pytest.raises(InputError) as caught:
        block_jackknife(*given)
    assert (caught.value.code, caught.value.argument) == (code, argument)
    with pytest.raises(InputError, match="INF001"):
        jackknife([[0.2]], [0.2], 1.0)


def test_a_scale_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="INF005"):
        block_jackknife(BLOCKS, rates, scale="probit")


def test_effective_rows_are_those_of_the_jackknifes_variance() -> None:
    """p(1-p)/V by fractions: V = (b-1)/b Σ(p₍ᵢ₎ - mean)², at most the rows there are."""
    x = [[3, 8], [0, 0], [1, 8], [4, 9]]
    n = [[5, 10], [0, 0], [6, 10], [5, 11]]
    filled = [i for i in range(4) if any(n[i])]
    sizes = []
    for g in (0, 1):
        part, whole = (sum(a[i][g] for i in filled) for a in (x, n))
        left = [Fraction(part - x[i][g], whole - n[i][g]) for i in filled]
        mean = sum(left) / 3
        spread = Fraction(2, 3) * sum((v - mean) ** 2 for v in left)
        p = Fraction(part, whole)
        sizes.append(float(min(p * (1 - p) / spread, Fraction(whole))))
    found, size = block_effective(x, n)
    assert sizes[0] < 16
    assert sizes[1] == 31
    assert size.tolist() == pytest.approx(sizes, rel=1e-12)
    assert found.tolist() == pytest.approx([sizes[0] * 8 / 16, sizes[1] * 25 / 31], rel=1e-12)


def test_where_nothing_varies_or_nobody_is_rows_are_worth_themselves() -> None:
    """Blocks that agree: all rows. No rows: none, and 0 of 0."""
    found, size = block_effective([[2.0, 0.0], [2.0, 0.0]], [[4.0, 0.0], [4.0, 0.0]])
    assert (found.tolist(), size.tolist()) == ([4.0, 0.0], [8.0, 0.0])
    found, size = block_effective([[2.0, 0.0]], [[4.0, 3.0]])  # one block: left is 0/0
    assert (found.tolist(), size.tolist()) == ([2.0, 0.0], [4.0, 3.0])
    found, size = block_effective([[1.0, 0.0]], [[1.0, 1.0]])  # one row each
    assert (found.tolist(), size.tolist()) == ([1.0, 0.0], [1.0, 1.0])
    found, size = block_effective(np.zeros((3, 2)), np.zeros((3, 2)))
    assert (found.tolist(), size.tolist()) == ([0.0, 0.0], [0.0, 0.0])


def test_counts_may_be_lists_of_integers() -> None:
    """Whole numbers are divided as numbers: 1 of 2 and 2 of 3 are a rate of 3/5.

    Without the first block 2/3, without the second 1/2: mean 7/12, V = ½·2·(1/12)² = 1/144, and
    p(1-p)/V = 6/25·144 = 34.56, more than the 5 rows.
    """
    found, size = block_effective([[1], [2]], [[2], [3]])
    assert size.tolist() == [5.0]
    assert found.tolist() == pytest.approx([3.0])
