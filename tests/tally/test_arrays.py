"""Cells from bare arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from tally_strategies import table, tables

from audit.table.rows import CodedRows, Table
from audit.tally.arrays import of_arrays
from audit.tally.counting import count_rows
from audit.tally.cube import cells
from audit.tally.fingerprint import fingerprint
from audit.tally.plan import plan


@given(tables(count=False))
def test_arrays_and_a_table_give_the_same_cells(t: Table) -> None:
    rows = t.rows
    assert isinstance(rows, CodedRows)
    (expected,) = cells(count_rows(t, plan(t, score_range=(0.0, 1.0))), ("sex",))
    found = of_arrays(
        rows.codes["decision"],
        rows.codes["outcome"],
        rows.codes["protected:sex"],
        expected.groups,
        rows.weight,
        attribute=("sex",),
    )
    assert (found.attribute, found.groups) == (expected.attribute, expected.groups)
    np.testing.assert_array_equal(found.n, expected.n)
    if rows.weight is None:
        assert found.w is None
    else:
        np.testing.assert_allclose(found.w, expected.w, rtol=1e-12)
        np.testing.assert_allclose(found.w2, expected.w2, rtol=1e-12)


@pytest.mark.parametrize("factor", [1e12, 1e-300])
def test_extreme_weights_keep_their_shares(factor: float) -> None:
    zero = np.zeros(2, np.uint8)
    found = of_arrays(np.array([0, 1], np.uint8), zero, zero, [("g",)], np.array([1, 3.0]) * factor)
    assert found.w is not None
    assert found.w2 is not None
    assert found.w[0, 0, 0] / found.w.sum() == pytest.approx(0.25, rel=1e-12)
    assert found.w2.sum() / found.w.sum() ** 2 == pytest.approx(10 / 16, rel=1e-12)


def test_no_rows_give_empty_cells() -> None:
    none = np.zeros(0, np.uint8)
    assert of_arrays(none, none, none, [("a",), ("b",)], np.zeros(0)).n.shape == (2, 3, 3)


def test_a_fingerprint_depends_on_counts_roles_and_excluded_rows() -> None:
    """Moving one applicant, or filtering differently, is another fingerprint."""
    one = table({"protected:sex": [0, 1], "decision": [0, 1]})
    other = table({"protected:sex": [0, 1], "decision": [1, 0]})
    a, b = count_rows(one, plan(one)), count_rows(other, plan(other))
    assert a.fingerprint != b.fingerprint
    assert fingerprint(a.cubes, a.roles, rows=2, excluded=0, edges={}) == a.fingerprint
    assert fingerprint(a.cubes, a.roles, rows=2, excluded=1, edges={}) != a.fingerprint
    assert len(a.fingerprint) == 64
