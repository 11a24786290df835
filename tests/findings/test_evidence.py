"""A finding says the same whether its comparison is judged alone or beside many others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import audit
from audit.findings.change import approvals_needed
from audit.findings.evidence import findings_of
from audit.findings.record import Finding
from audit.findings.sample import detectable
from audit.inference.estimate import Estimate
from audit.inference.power import _closest, rows_for_pass

RATIO_LINES = (0.8, 0.9, "AUD101")
DIFFERENCE_LINES = (0.1, 0.05, "")


@pytest.mark.parametrize(
    ("metric", "lines"),
    [
        ("disparate_impact_ratio", RATIO_LINES),
        ("true_positive_rate_difference", DIFFERENCE_LINES),
        ("standardized_mean_difference", (0.3, 0.2, "")),
    ],
)
@pytest.mark.parametrize("planned", [True, False])
def test_a_finding_does_not_depend_on_those_judged_beside_it(
    case: Any, metric: str, lines: tuple[float, float, str], planned: bool
) -> None:
    """Every clause of the rule, together and one by one: the same record, to the last word."""
    tally = case({"m": (60, 100), "f": (30, 100)}, reference={"sex": "m"}).tally
    parity = 1.0 if metric.endswith("ratio") else 0.0
    estimates = [
        Estimate(
            metric=metric,
            attribute=("sex",),
            group=("f",),
            reference=("m",),
            value=parity + gap,
            low=parity + gap - width,
            high=parity + gap + width,
            p_value=p,
            p_adjusted=p,
            rows=rows,
            favorable=rows * 0.3,
            reference_rows=400,
            reference_value=0.5,
            reason=None if gap == gap else "nobody",
        )
        for gap in (-0.45, -0.15, -0.07, 0.0, 0.15, 0.45, float("nan"))
        for width in (0.01, 0.3)
        for p in (0.001, 0.2)
        for rows in (0, 20, 500)
    ]
    options: dict[str, Any] = {
        "code": "AUD001",
        "family": "a family",
        "planned": planned,
        "lines": lines,
        "worst": "fail",
        "alpha": 0.05,
        "min_rows": 30,
    }
    together = findings_of(estimates, tally, **options)
    alone = [f for e in estimates for f in findings_of([e], tally, **options)]
    assert [repr(f) for f in together] == [repr(f) for f in alone]
    assert {f.verdict for f in together} == {"fail", "review", "insufficient", "pass"}
    assert findings_of([], tally, **options) == []


def test_the_smallest_detectable_disparity_of_each_estimate() -> None:
    """None where a side has no rows or the reference's rate is 0 or 1; else power's own answer."""
    common = Estimate(
        metric="disparate_impact_ratio",
        attribute=("sex",),
        group=("f",),
        rows=856,
        reference_rows=856,
        reference_value=0.3,
    )
    estimates = [
        common,
        replace(common, rows=0),
        replace(common, reference_rows=0),
        replace(common, reference_value=0.0),
        replace(common, reference_value=1.0),
        replace(common, reference_value=float("nan")),
        replace(common, rows=20, reference_rows=20, reference_value=0.05),
    ]
    first, *others = detectable(estimates, "ratio", 0.05)
    assert first == pytest.approx(0.8001, abs=5e-5)
    assert others == [None] * 6


def test_the_closest_pair_of_rates_is_where_the_likelihood_is_flat() -> None:
    """On the line of a difference no nearby pair of rates is likelier: a grid search agrees."""
    for rate, rate_ref, line, balance in ((0.55, 0.6, 0.1, 1.0), (0.2, 0.21, 0.05, 7.0)):
        near, near_ref = _closest(rate, rate_ref, line, "difference", balance)
        assert near == pytest.approx(near_ref - line)
        grid = np.linspace(line + 1e-6, 1 - 1e-6, 200_001)
        log = rate * np.log(grid - line) + (1 - rate) * np.log(1 - grid + line)
        log += balance * (rate_ref * np.log(grid) + (1 - rate_ref) * np.log(1 - grid))
        assert near_ref == pytest.approx(grid[log.argmax()], abs=1e-5)
    assert rows_for_pass(0.55, 0.6, line=0.1, contrast="difference") is not None


def test_further_approvals_are_the_fewest_that_change_the_clause() -> None:
    """One fewer than needed leaves the finding as it is, for both numbers."""
    first, last = approvals_needed("ratio", 30, 100, 50, 100, line=0.8, caution=0.9)
    assert (first, last) == (7, 10)
    shorter = approvals_needed("ratio", 30 + 6, 100, 50, 100, line=0.8, caution=0.9)
    assert shorter == (1, 4)
    assert approvals_needed("ratio", 37, 100, 50, 100, line=0.8, caution=0.9).ends_fail == 0


def scored(shift: float) -> audit.Audit:
    """100 women with scores .4 and .6, 100 men with .6 and .8; the women's moved by `shift`.

    Both spread by .1 about their means, so the pooled standard deviation is √(2 / 198) = .10050
    and the gap of .2 is 1.990 of them.
    """
    women = [0.4 + shift, 0.6 + shift] * 50
    loans = {"sex": ["f"] * 100 + ["m"] * 100, "score": [*women, *[0.6, 0.8] * 50]}
    roles: dict[str, Any] = {"protected": "sex", "score": "score", "reference": {"sex": "m"}}
    return audit.run(loans, **roles)


def by_smd(result: audit.Audit) -> Finding:
    (found,) = (f for f in result.findings if f.code == "AUD002")
    return found


def test_a_gap_of_means_says_what_would_end_it() -> None:
    """.30 · .10050 = .03015 and .20 · .10050 = .02010, rounded down."""
    found = by_smd(scored(0.0))
    assert found.verdict == "fail"
    assert found.change == (
        "a gap in mean score of 0.0301 or less (now 0.2000) to end this fail, 0.0201 or less to "
        "leave nothing to review in it, spread unchanged"
    )


def test_the_gap_that_was_named_ends_the_fail() -> None:
    """What was said is true: at that gap the same rule no longer fails, or asks for a review."""
    assert by_smd(scored(0.2 - 0.0301)).verdict != "fail"
    assert by_smd(scored(0.2 - 0.0201)).verdict not in ("fail", "review")
    assert by_smd(scored(0.2 - 0.06)).verdict == "fail"
