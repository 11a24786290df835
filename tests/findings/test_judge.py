"""What is planned decides; everything else can ask for a review and never more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audit.findings import rules
from audit.findings.judge import overall
from audit.findings.policies import load
from audit.inference.estimate import Estimate, Estimates

Build = Any


def test_holm_over_the_family_by_hand(case: Build) -> None:
    """p of .03 and .04 become .06 and .06: neither is significant together."""
    judged = case(
        {"a": (300, 1000), "b": (72, 300), "c": (236, 900)},
        attributes=("race",),
        reference={"race": "a"},
    )
    raw = {f.estimate.group: f.estimate.p_value for f in judged.planned()}
    adjusted = {f.estimate.group: f.estimate.p_adjusted for f in judged.planned()}
    small, large = sorted(raw, key=lambda g: raw[g])
    assert adjusted[small] == pytest.approx(2 * raw[small])
    assert adjusted[large] == pytest.approx(max(raw[large], 2 * raw[small]))


def test_the_adjusted_p_values_stand_beside_their_estimates(case: Build) -> None:
    """One a row, in the estimates' order; rates have none."""
    judged = case({"m": (60, 100), "f": (30, 100)}, reference={"sex": "m"})
    columns = judged.estimates.columns
    assert len(judged.judged.p_adjusted) == len(judged.estimates)
    assert len(judged.judged.lines) == len(judged.judged.verdicts) == len(judged.estimates)
    for metric, p, verdict in zip(
        columns["metric"], judged.judged.p_adjusted, judged.judged.verdicts, strict=True
    ):
        if metric == "selection_rate":
            assert np.isnan(p)
            assert verdict is None
        if metric == "disparate_impact_ratio":
            assert p == columns["p_value"][columns["metric"].index(metric)]
            assert verdict == "fail"


def test_a_harmed_reference_fails_and_is_named(case: Build) -> None:
    """Declaring the disadvantaged group as reference does not hide the gap."""
    judged = case({"m": (80, 100), "f": (50, 100)}, reference={"sex": "f"})
    (finding,) = judged.planned()
    assert judged.verdict == "fail"
    assert finding.harmed == ("f",)
    assert (finding.people_affected, finding.people_of) == (30, 100)
    assert finding.change.startswith("14 more approvals for f")


def test_swapping_the_reference_never_turns_a_fail_into_a_pass(case: Build) -> None:
    """Both readings see the same breach."""
    for approved in (10, 40, 70, 79):
        groups = {"m": (80, 100), "f": (approved, 100)}
        one, other = (case(groups, reference={"sex": s}).verdict for s in "mf")
        assert (one == "fail") == (other == "fail")
        assert (one == "review") == (other == "review")


def test_the_missing_group_is_never_planned(case: Build) -> None:
    """A gap for people whose attribute is missing is explored, and said to be left out."""
    judged = case({"m": (900, 1000), "f": (890, 1000), None: (10, 500)}, reference={"sex": "m"})
    assert judged.verdict == "pass"
    assert [f.estimate.group for f in judged.planned()] == [("f",)]
    assert judged.explored(rules.MISSING)[0].verdict == "review"
    assert any("a missing group never decides" in n for n in judged.judged.not_checked)


@pytest.mark.parametrize(("rows", "total", "planned"), [(29, 1000, False), (30, 1000, True)])
def test_a_planned_group_has_thirty_rows(case: Build, rows: int, total: int, planned: bool) -> None:
    """29 rows are explored, 30 are planned."""
    judged = case({"m": (total // 2, total), "f": (0, rows)}, reference={"sex": "m"})
    assert bool(judged.planned()) is planned
    assert bool(judged.explored(rules.TOO_SMALL)) is not planned
    assert judged.verdict == ("fail" if planned else "insufficient")


@pytest.mark.parametrize(("rows", "planned"), [(199, False), (200, True)])
def test_a_planned_group_has_two_percent_of_rows(case: Build, rows: int, planned: bool) -> None:
    """200 of 10,000 rows are planned, 199 are not."""
    judged = case(
        {"m": (3000, 6000), "f": (1000, 4000 - rows), "x": (rows // 2, rows)},
        reference={"sex": "m"},
    )
    assert (("x",) in [f.estimate.group for f in judged.planned()]) is planned


def test_the_worst_planned_finding_is_the_verdict(case: Build) -> None:
    """fail before review before insufficient before pass, over all attributes."""
    groups = {
        "w": (6000, 10000),
        "fine": (5990, 10000),
        "open": (300, 500),
        "zone": (5200, 10000),
        "worse": (3000, 10000),
    }
    expected = ["pass", "review", "review", "fail"]
    chosen = {"w": groups["w"]}
    for name, verdict in zip(["fine", "zone", "open", "worse"], expected, strict=True):
        chosen[name] = groups[name]
        assert case(chosen, attributes=("race",), reference={"race": "w"}).verdict == verdict


def test_a_waived_fail_counts_as_if_it_were_not_there(case: Build) -> None:
    """Still among the findings, no longer the verdict."""
    judged = case({"m": (80, 100), "f": (50, 100)}, reference={"sex": "m"})
    waived = [
        replace(f, verdict="waived") if f.verdict == "fail" else f for f in judged.judged.findings
    ]
    assert overall(waived) == "insufficient"


def test_exploration_never_lowers_a_pass(case: Build) -> None:
    """A crossed group far beyond the line is for review while the single attributes pass."""
    groups = {
        ("m", "old"): (900, 1000),
        ("m", "young"): (450, 1000),
        ("f", "old"): (450, 1000),
        ("f", "young"): (900, 1000),
    }
    judged = case(
        groups, attributes=("sex", "age"), reference={"sex": "m", "age": "old"}, keys=KEYS
    )
    assert judged.verdict == "pass"
    crossed = judged.explored(rules.INTERSECTION)
    assert crossed
    assert {f.verdict for f in crossed} == {"review"}
    assert all(not f.planned for f in crossed)


KEYS = ("selection_rate", "disparate_impact_ratio", "statistical_parity_difference")


def test_a_policy_may_plan_intersections(case: Build) -> None:
    """With intersections = 2 the same crossed groups decide."""
    policy = load("us-credit")
    crossed = replace(policy, families=(replace(policy.families[0], intersections=2),))
    groups = {
        ("m", "old"): (900, 1000),
        ("m", "young"): (450, 1000),
        ("f", "old"): (450, 1000),
        ("f", "young"): (900, 1000),
    }
    judged = case(
        groups, crossed, attributes=("sex", "age"), reference={"sex": "m", "age": "old"}, keys=KEYS
    )
    assert judged.verdict == "fail"
    assert len(judged.planned()) == 5


def test_without_planned_comparisons_the_verdict_is_insufficient(case: Build) -> None:
    """Local Law 144 plans none: impact ratios are shown, nothing decides."""
    judged = case({"m": (80, 100), "f": (50, 100)}, "nyc-ll144")
    assert judged.verdict == "insufficient"
    assert not any(f.planned for f in judged.judged.findings)
    (reading,) = judged.explored(rules.HIGHEST_RATE)
    assert reading.estimate.reference == ("m",)
    assert reading.estimate.value == pytest.approx(0.625)
    assert "insufficient by design" in judged.judged.not_checked[0]


def test_one_group_only_leaves_nothing_to_compare(case: Build) -> None:
    """Undefined is said, not passed."""
    judged = case({"m": (80, 100)})
    assert judged.verdict == "insufficient"
    assert "sex: only one group, nothing to compare" in judged.judged.not_checked


def cells(tp: int, fp: int, fn: int, tn: int, unknown: int = 0) -> list[list[int]]:
    return [[tp, fp, 0], [fn, tn, unknown], [0, 0, 0]]


def test_error_rates_can_ask_for_a_review_at_most(case: Build) -> None:
    """Under us-credit a breach of equal opportunity is a review; under research it fails."""
    groups = {"m": cells(900, 100, 100, 300), "f": cells(600, 370, 250, 180)}
    judged = case(groups, reference={"sex": "m"}, outcomes=True)
    (finding,) = judged.planned("AUD003")
    assert finding.verdict == "review"
    assert judged.verdict == "review"
    assert case(groups, "research", reference={"sex": "m"}, outcomes=True).verdict == "fail"


def test_error_rates_share_one_family_in_us_credit_and_have_their_own_in_research(
    case: Build,
) -> None:
    """Holm runs over both metrics of family C, and over each alone in research."""
    groups = {"m": cells(450, 100, 50, 200), "f": cells(430, 120, 70, 190)}
    us = case(groups, reference={"sex": "m"}, outcomes=True)
    pair = [us.planned(c)[0].estimate for c in ("AUD003", "AUD004")]
    small, large = sorted(pair, key=lambda e: e.p_value)
    assert small.p_adjusted == pytest.approx(min(1, 2 * small.p_value))
    assert large.p_adjusted == pytest.approx(max(small.p_adjusted, large.p_value))
    research = case(groups, "research", reference={"sex": "m"}, outcomes=True)
    for code in ("AUD013", "AUD014"):
        estimate = research.planned(code)[0].estimate
        assert estimate.p_adjusted == estimate.p_value


def test_incomplete_outcomes_are_not_checked(case: Build) -> None:
    """One unknown outcome among the decided keeps family C out, and says how many."""
    groups = {"m": cells(450, 100, 50, 200), "f": cells(430, 120, 70, 189, unknown=1)}
    judged = case(groups, reference={"sex": "m"}, outcomes=True)
    assert not judged.planned("AUD003")
    assert any("the outcome of 1 decided applicant" in n for n in judged.judged.not_checked)


def test_selective_labels_are_not_checked(case: Build) -> None:
    """Outcomes of the approved alone say nothing about error rates."""
    groups = {
        "m": [[450, 100, 0], [0, 0, 250], [0, 0, 0]],
        "f": [[430, 90, 0], [0, 0, 259], [0] * 3],
    }
    judged = case(groups, reference={"sex": "m"}, outcomes=True)
    assert any("selective labels" in n for n in judged.judged.not_checked)


def test_few_outcomes_are_insufficient_though_the_group_is_planned(case: Build) -> None:
    """The group has 300 rows but 20 who would repay: no pass on its equal opportunity."""
    groups = {"m": cells(900, 0, 100, 1000), "f": cells(18, 0, 2, 280)}
    judged = case(groups, reference={"sex": "m"}, outcomes=True)
    (finding,) = judged.planned("AUD003")
    assert finding.verdict == "insufficient"
    assert finding.because == "fewer than 30 rows: 20 in f"


def test_undecided_applicants_count_as_rows_not_as_denials(case: Build) -> None:
    """A group of 100 with 20 decided is planned, and insufficient for want of decisions."""
    groups = {
        "m": [[0, 0, 800], [0, 0, 200], [0, 0, 0]],
        "f": [[0, 0, 16], [0, 0, 4], [0, 0, 80]],
    }
    (finding,) = case(groups, reference={"sex": "m"}).planned()
    assert finding.because == "fewer than 30 rows: 20 in f"


def test_a_standardized_difference_is_planned_when_a_score_is_declared(case: Build) -> None:
    """Family B reads the SMD estimate; without a score it is listed as not checked."""
    smd = Estimate(
        metric="standardized_mean_difference",
        attribute=("sex",),
        group=("f",),
        reference=("m",),
        value=-0.4,
        low=-0.5,
        high=-0.3,
        p_value=1e-6,
        rows=1000,
        reference_rows=1000,
    )
    groups = {"m": (600, 1000), "f": (600, 1000)}
    judged = case(groups, reference={"sex": "m"}, extra=Estimates.of([smd]))
    assert judged.verdict == "pass"
    assert any("no score, limit or price" in n for n in judged.judged.not_checked)
    scored = replace(judged.tally, roles=replace(judged.tally.roles, score="score"))
    again = type(judged)(scored, "us-credit", KEYS, Estimates.of([smd]))
    assert again.verdict == "fail"
    assert again.planned("AUD002")[0].harmed == ("f",)


def test_the_highest_rate_reading_pays_for_having_picked_its_reference(case: Build) -> None:
    """Its p-value is scipy's studentized range at √2·z, its interval covers all pairs."""
    from scipy.stats import studentized_range

    from audit.inference.intervals import ratio_interval
    from audit.inference.score_tests import score_statistic

    groups = {"a": (300, 500), "b": (280, 500), "c": (250, 500)}
    judged = case(groups, attributes=("race",), reference={"race": "c"})
    readings = judged.explored(rules.HIGHEST_RATE)
    assert [f.estimate.reference for f in readings] == [("a",), ("a",)]
    last = next(f.estimate for f in readings if f.estimate.group == ("c",))
    z = abs(float(score_statistic(250, 500, 300, 500)))
    assert last.p_value == pytest.approx(studentized_range.sf(z * 2**0.5, 3, np.inf), rel=1e-6)
    low, high = ratio_interval(250, 500, 300, 500, 0.95)
    assert last.low < low
    assert last.high > high


def test_benjamini_hochberg_over_all_explored_comparisons(case: Build) -> None:
    """Every comparison outside the plan is adjusted together."""
    from statsmodels.stats.multitest import multipletests

    groups = {"m": (600, 1000), "f": (550, 1000), "x": (3, 10), None: (20, 50)}
    judged = case(groups, reference={"sex": "m"})
    raw, adjusted = [], []
    columns = judged.estimates.columns
    for i, p in enumerate(columns["p_value"]):
        planned = columns["metric"][i] == "disparate_impact_ratio" and columns["group"][i] == ("f",)
        if p == p and not planned:
            raw.append(p)
            adjusted.append(judged.judged.p_adjusted[i])
    assert adjusted == pytest.approx(multipletests(raw, method="fdr_bh")[1].tolist())


def test_a_mirror_image_is_told_once(case: Build) -> None:
    """FNR differs exactly where TPR does: one finding, both estimates."""
    groups = {"m": cells(900, 100, 100, 300), "f": cells(600, 370, 250, 180)}
    judged = case(groups, reference={"sex": "m"}, outcomes=True)
    told = [f.estimate.metric for f in judged.judged.findings]
    assert "true_positive_rate_difference" in told
    assert "false_negative_rate_difference" not in told
    assert "false_negative_rate_difference" in judged.estimates.columns["metric"]


def test_unsettled_groups_are_counted_with_their_share_of_people(case: Build) -> None:
    """Nothing vanishes: groups too small to judge are listed by number and share."""
    groups = {"w": (900, 1000), "a": (14, 20), "b": (8, 10), "c": (930, 1000)}
    judged = case(groups, attributes=("race",), reference={"race": "w"})
    text = " | ".join(judged.judged.not_checked)
    assert "race: 2 groups too small to be planned" in text
    assert "1.5% of rows: a, b" in text


def test_a_fifty_strongest_limit_is_said(case: Build) -> None:
    """With hundreds of explored reviews, fifty are written out and the rest counted."""
    groups = {("m" if i % 2 else "f", f"g{i:03d}"): (40 if i % 3 else 90, 100) for i in range(300)}
    judged = case(groups, attributes=("sex", "place"), keys=KEYS)
    assert sum(f.family == "exploration" for f in judged.judged.findings) == 50
    assert any("50 of 800 reviews written out" in n for n in judged.judged.not_checked)


def test_planned_findings_come_first_and_worst_first(case: Build) -> None:
    """The order a reader meets them in."""
    groups = {"w": (6000, 10000), "a": (5990, 10000), "b": (3000, 10000), "c": (5200, 10000)}
    findings = case(groups, attributes=("race",), reference={"race": "w"}).judged.findings
    planned = [f for f in findings if f.planned]
    assert list(findings[: len(planned)]) == planned
    assert [f.verdict for f in planned] == ["fail", "review", "pass"]


def test_every_code_is_registered(case: Build) -> None:
    """Whatever is found can be looked up."""
    groups = {
        "m": cells(900, 100, 100, 300),
        "f": cells(600, 370, 250, 180),
        None: cells(9, 9, 9, 9),
    }
    for policy in ("us-credit", "research"):
        for finding in case(groups, policy, reference={"sex": "m"}, outcomes=True).judged.findings:
            assert rules.CODES[finding.code].planned is finding.planned


def test_judging_twice_gives_the_same_findings(case: Build) -> None:
    """No clock, no chance, no order of a set."""
    groups = {"w": (600, 1000), "a": (590, 1000), "b": (30, 100), "c": (3, 10)}
    one, other = (case(groups, attributes=("race",)).judged for _ in range(2))
    assert one.findings == other.findings
    assert one.not_checked == other.not_checked
