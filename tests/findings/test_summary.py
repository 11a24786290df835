"""The paste-ready sentence: rates, ratio, interval, rule, people; nothing it cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from audit.findings.summary import age_words, headline, leading_finding, rules_beside, summary

Build = Any


def test_the_boston_mortgage_sentence(case: Build) -> None:
    """Counts of the Boston mortgage data: 1527/1681, 133/197 and 85/111 approved."""
    judged = case(
        {"White": (1527, 1681), "Black": (133, 197), "Hispanic": (85, 111)},
        attributes=("race",),
        reference={"race": "White"},
    )
    text = summary(judged.record())
    assert text.startswith(
        "Fail under us-credit@2026-11: for race, 67.5% of Black against 90.8% of White were "
        "approved, approval-rate ratio 0.743 (95% interval 0.667 to 0.812, p < 0.0001), read "
        "against 0.80 (Four-fifths guideline, by analogy; UGESP, 29 CFR 1607.4(D))"
    )
    assert text.endswith("46 more of 197 Black would be approved at the comparison rate.")
    assert headline(judged.record()) == (
        "Fail: race, Black against White, approval-rate ratio 0.74"
    )


def test_a_harmed_reference_is_read_the_other_way_too(case: Build) -> None:
    """1.6 is also .625 for the reference, and its people are the ones affected."""
    text = summary(case({"m": (80, 100), "f": (50, 100)}, reference={"sex": "f"}).record())
    assert "ratio 1.600" in text
    assert "which is 0.625 for f over m" in text
    assert "30 more of 100 f would be approved" in text


@pytest.mark.parametrize("policy", ["us-credit", "research", "nyc-ll144"])
@pytest.mark.parametrize("approved", [0, 10, 40, 47, 49, 50, 60, 100])
def test_a_sentence_never_acquits_and_is_one_sentence(
    case: Build, policy: str, approved: int
) -> None:
    """Never fair, compliant or illegal; one line, one full stop at the end."""
    record = case({"m": (50, 100), "f": (approved, 100)}, policy, reference={"sex": "m"}).record()
    for text in (summary(record), headline(record)):
        for word in ("fair", "compliant", "illegal", "nan", "None"):
            assert word not in text
        assert "\n" not in text
    assert summary(record).endswith(".")
    assert summary(record)[:4] in ("Fail", "Revi", "Insu", "Pass")


def test_the_sentence_is_about_the_finding_that_decides(case: Build) -> None:
    """With a fail, a review and a pass, it tells the fail."""
    groups = {"w": (6000, 10000), "a": (5990, 10000), "b": (3000, 10000), "c": (5200, 10000)}
    record = case(groups, attributes=("race",), reference={"race": "w"}).record()
    finding = leading_finding(record)
    assert finding is not None
    assert finding.estimate.group == ("b",)


def test_without_decisions_the_data_themselves_are_told(case: Build) -> None:
    """German Credit's counts: 110 of 190 under 26 and 590 of 810 others repaid, −.149448."""
    groups = {
        "(-inf, 26)": [[0, 0, 0], [0, 0, 0], [110, 80, 0]],
        "[26, inf)": [[0, 0, 0], [0, 0, 0], [590, 220, 0]],
    }
    judged = case(groups, attributes=("age",), reference={"age": "[26, inf)"}, outcomes=True)
    text = summary(judged.record())
    assert text.startswith(
        "Insufficient evidence under us-credit@2026-11: nothing planned could be judged "
        "(Approval-rate ratio by protected attribute: not checked, because no decision was given); "
        "explored, not planned: 57.9% of age under 26 against 72.8% of age 26 and over had a "
        "favourable outcome, difference in favourable outcomes -0.149 (95% interval"
    )


def test_an_age_finding_brings_the_rule_on_age(case: Build) -> None:
    """ECOA's line of 62 stands beside age, and beside nothing that only sounds like it."""
    for name, rules in (("age", ["AUD101", "AUD113"]), ("language", ["AUD101"])):
        record = case(
            {"m": (80, 100), "f": (50, 100)}, attributes=(name,), reference={name: "m"}
        ).record()
        assert [r.code for r in rules_beside(record, record.findings[0])] == rules
        said = age_words(record, record.findings[0])
        assert (said is not None) == (name == "age")
    assert said is None


def test_nothing_to_judge_says_why(case: Build) -> None:
    """One group only."""
    text = summary(case({"m": (80, 100)}).record())
    assert text == (
        "Insufficient evidence under us-credit@2026-11: nothing planned could be judged "
        "(sex: only one group, nothing to compare)."
    )


def test_a_ratio_just_short_of_the_line_is_not_rounded_onto_it(case: Build) -> None:
    """.79996 beside a fail is not printed as .800."""
    judged = case({"m": (500000, 1000000), "f": (399980, 1000000)}, reference={"sex": "m"})
    assert judged.verdict == "fail"
    assert "0.79996" in summary(judged.record())
    assert "0.79996" in headline(judged.record())
