"""Groups, faults 1-18: at `audit.metrics`, `audit.read`, `audit.run` and in the report."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

import audit
from audit import metrics
from faults.doors import estimate, page, refused, told, undefined, warned
from report.attacks import ATTACKS

G = ["f"] * 40 + ["m"] * 60
D = [1] * 15 + [0] * 25 + [1] * 45 + [0] * 15
Y = ([1, 1, 0] * 34)[:100]
SELECTION = {"f": Fraction(15, 40), "m": Fraction(45, 60)}


def run(groups: Any = G, decisions: Any = D, **more: Any) -> audit.Audit:
    """An audit of one attribute, `g`."""
    columns = {name: more.pop(name) for name in ("y", "w", "s") if name in more}
    roles = {"protected": "g", "decision": "d", "favorable": 1, **more}
    return audit.run({"g": groups, "d": decisions, **columns}, **roles)


def difference(groups: Any, decisions: Any = D, outcomes: Any = None) -> float:
    return metrics.demographic_parity_difference(outcomes, decisions, sensitive_features=groups)


def close(value: float, wanted: Fraction) -> bool:
    return math.isclose(value, float(wanted), rel_tol=0, abs_tol=1e-12)


class Nodes(HTMLParser):
    """Live nodes of a page: how many of each kind that could run or load, and all attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.attributes |= {name for name, _ in attrs}
        if tag in ("script", "img", "iframe", "body", "style", "link", "meta", "base", "object"):
            self.tags[tag] += 1


def renamed(groups: Any, **names: str) -> list[str]:
    return [names.get(g, g) for g in groups]


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT], ids=str)
def test_fault_01_a_missing_group_is_a_group_or_an_error(missing: Any) -> None:
    """`run`: a group of its own, never the reference; `missing="error"` and `metrics`: refused."""
    groups = pd.Series([missing, missing, *G[2:]], dtype=object)
    result = warned(lambda: run(groups), "TBL050")
    row = estimate(result, "selection_rate", (None,))
    assert (row["value"], row["rows"]) == (1.0, 2)
    assert all(r != (None,) for r in result.to_frame()["reference"])
    error = refused(lambda: run(groups, missing="error"), "2 rows, first: 0", argument="protected")
    assert (error.count, error.first) == (2, 0)
    error = refused(lambda: difference(groups), "2 rows, first: 0", argument="sensitive_features")
    assert (error.count, error.first) == (2, 0)


def test_fault_01_a_missing_group_never_decides() -> None:
    """A missing group with nobody approved is no reason to fail."""
    groups, decisions = [None] * 100 + ["f"] * 400 + ["m"] * 400, [0] * 100 + [1, 0] * 400
    result = warned(lambda: run(groups, decisions), "TBL050")
    assert all(
        f.estimate.group != (None,) for f in result.findings if f.planned and f.verdict == "fail"
    )
    assert result.verdict == "pass"


def test_fault_02_one_group_only_is_undefined() -> None:
    result, _ = told(lambda: run(["f"] * 100))
    row = estimate(result, "demographic_parity_ratio")
    assert math.isnan(row["value"])
    assert "one group" in row["reason"]
    assert result.verdict == "insufficient"
    undefined(lambda: difference(["f"] * 100), "one group only", "'f'")


def test_fault_03_a_small_group_is_warned_about_and_explored_only() -> None:
    """Its number and interval are shown; it is in no planned comparison and never passes."""
    groups = ["x", *G[1:]]
    result = warned(lambda: run(groups), "RUN014")
    row = estimate(result, "disparate_impact_ratio", ("x",))
    assert close(row["value"], 1 / SELECTION["m"])
    assert 0 < row["low"] < row["value"] < row["high"]
    about = [f for f in result.findings if ("x",) in (f.estimate.group, f.estimate.reference)]
    assert all(not f.planned and f.verdict != "pass" for f in about)
    value, codes = told(lambda: difference(groups))
    assert codes == ["MET004"]
    assert close(value, 1 - Fraction(14, 39))


def test_fault_03_groups_that_are_all_small_never_pass() -> None:
    result = warned(lambda: run(["f", "m"] * 10, [1] * 20), "RUN014")
    assert result.verdict == "insufficient"


def test_fault_04_nobody_good_has_no_true_positive_rate_and_the_rest_is_exact() -> None:
    outcomes = [0] * 40 + Y[40:]
    result, _ = told(lambda: run(y=outcomes, outcome="y"))
    row = estimate(result, "true_positive_rate", ("f",))
    assert math.isnan(row["value"])
    assert row["reason"]
    assert close(estimate(result, "selection_rate", ("f",))["value"], SELECTION["f"])
    assert close(estimate(result, "false_positive_rate", ("f",))["value"], SELECTION["f"])
    undefined(
        lambda: metrics.equal_opportunity_difference(outcomes, D, sensitive_features=G), "'f'"
    )
    assert close(difference(G, outcomes=outcomes), SELECTION["m"] - SELECTION["f"])


def test_fault_05_nobody_bad_has_no_false_positive_rate_and_the_rest_is_exact() -> None:
    outcomes = [1] * 40 + Y[40:]
    result, _ = told(lambda: run(y=outcomes, outcome="y"))
    row = estimate(result, "false_positive_rate", ("f",))
    assert math.isnan(row["value"])
    assert row["reason"]
    assert close(estimate(result, "true_positive_rate", ("f",))["value"], SELECTION["f"])
    undefined(lambda: metrics.equalized_odds_difference(outcomes, D, sensitive_features=G), "'f'")


def test_fault_06_a_group_never_approved_has_ratio_0_and_a_finite_upper_limit() -> None:
    decisions = [0] * 40 + D[40:]
    result, _ = told(lambda: run(decisions=decisions))
    row = estimate(result, "disparate_impact_ratio", ("f",))
    assert (row["value"], row["low"]) == (0, 0)
    assert 0 < row["high"] < 0.2
    assert result.verdict == "fail"
    assert metrics.demographic_parity_ratio(None, decisions, sensitive_features=G) == 0


def test_fault_07_nobody_approved_has_no_ratio() -> None:
    result, _ = told(lambda: run(decisions=[0] * 100))
    row = estimate(result, "disparate_impact_ratio", ("f",))
    assert math.isnan(row["value"])
    assert row["reason"]
    assert result.verdict == "insufficient"
    assert estimate(result, "statistical_parity_difference", ("f",))["value"] == 0
    undefined(lambda: metrics.demographic_parity_ratio(None, [0] * 100, sensitive_features=G))
    assert difference(G, [0] * 100) == 0


def test_fault_08_everybody_approved_is_0_and_1_with_an_interval() -> None:
    result, _ = told(lambda: run(decisions=[1] * 100))
    for metric, wanted in (("statistical_parity_difference", 0), ("disparate_impact_ratio", 1)):
        row = estimate(result, metric, ("f",))
        assert row["value"] == wanted
        assert row["low"] < wanted < row["high"]
    assert difference(G, [1] * 100) == 0
    assert metrics.demographic_parity_ratio(None, [1] * 100, sensitive_features=G) == 1


def test_fault_09_ten_thousand_levels_are_exact_and_warned_about() -> None:
    names = [f"level {i:05d}" for i in range(10_000)]
    groups, decisions = names * 3, [1] * 10_000 + [0] * 10_000 + [1] * 10_000
    value, codes = told(lambda: difference(groups, decisions))
    assert value == 0
    assert "TBL435" in codes
    table, codes = told(lambda: audit.read({"g": groups, "d": decisions}, protected="g",
                                           decision="d", favorable=1))  # fmt: skip
    assert "TBL057" in codes
    assert table.axes["protected:g"].levels == tuple(names)


@pytest.mark.slow
def test_fault_09_ten_thousand_levels_are_audited_whole() -> None:
    names = [f"level {i:05d}" for i in range(10_000)]
    result = warned(lambda: run(names * 3, [1] * 10_000 + [0] * 10_000 + [1] * 10_000), "TBL057")
    rows = result.to_frame().query("metric == 'selection_rate' and rows == 3")
    assert len(rows) == 10_000
    assert (rows["value"] == 2 / 3).all()


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(pd.date_range("2000-01-01", periods=100)),
        [datetime.date(2000, 1, 1)] * 100,
        [i / 7 for i in range(100)],
        list(range(100)),
    ],
    ids=["timestamps", "dates", "not whole", "100 numbers"],
)
def test_fault_10_quantities_as_groups_are_refused(values: Any) -> None:
    error = refused(lambda: run(values), argument="protected")
    assert "bins" in error.fix or "band" in error.fix
    error = refused(lambda: difference(values), argument="sensitive_features")
    assert "cut" in error.fix


def test_fault_10_fifty_numbers_are_groups() -> None:
    assert difference([i % 50 for i in range(2_000)], [1, 0] * 1_000) == 1
    result, _ = told(lambda: run([i % 2 for i in range(100)]))
    assert estimate(result, "selection_rate", (1,))["rows"] == 50


@pytest.mark.parametrize("values", [[1, "1"], [1, True], ["a", 2.0], [1, "1", True, 1.0]], ids=str)
def test_fault_11_mixed_types_are_refused(values: Any) -> None:
    groups = pd.Series((values * 100)[:100], dtype=object)
    refused(lambda: run(groups), argument="protected")
    refused(lambda: difference(groups), argument="sensitive_features")
    refused(lambda: difference(groups.tolist()), argument="sensitive_features")


@pytest.mark.parametrize("twin", ["f ", "F", " f"])
def test_fault_12_blanks_and_case_are_warned_about_and_counted_apart(twin: str) -> None:
    groups = [twin] * 20 + G[20:]
    result = warned(lambda: run(groups), "TBL052")
    assert close(estimate(result, "selection_rate", (twin,))["value"], Fraction(15, 20))
    value, codes = told(lambda: difference(groups))
    assert close(value, Fraction(3, 4))
    assert "TBL434" in codes


def test_fault_13_two_spellings_are_one_group() -> None:
    """NFC and NFD are merged and said; look-alikes and zero-width letters stay apart, and said."""
    groups = ["Jos\u00e9", "Jose\u0301"] * 20 + G[40:]
    result = warned(lambda: run(groups), "TBL053")
    assert estimate(result, "selection_rate", ("Jos\u00e9",))["rows"] == 40
    value, codes = told(lambda: difference(groups))
    assert close(value, SELECTION["m"] - SELECTION["f"])
    assert "TBL433" in codes
    for name, code in (("fem\u200bale", "TBL054"), ("fem\u0430le", "TBL055")):
        odd = [name, "female"] * 20 + ["male"] * 60
        assert estimate(warned(lambda: run(odd), code), "selection_rate", (name,))["rows"] == 20  # noqa: B023
        assert "TBL434" in told(lambda: difference(odd))[1]  # noqa: B023


def test_fault_14_an_override_is_shown_by_its_code_point() -> None:
    name = "a\u202eb"
    result, _ = told(lambda: run(renamed(G, f=name)))
    assert close(estimate(result, "selection_rate", (name,))["value"], SELECTION["f"])
    html = page(result)
    assert "U+202E" in html
    assert "\u202e" not in html
    value, codes = told(lambda: difference(renamed(G, f=name)))
    assert close(value, SELECTION["m"] - SELECTION["f"])
    assert codes == ["TBL434"]  # nobody sees an override; its group is named by code point


@pytest.mark.parametrize("name", ATTACKS[:12], ids=range(12))
def test_fault_15_markup_is_escaped(name: str) -> None:
    """No node is made of a name: the page has the elements and handlers it has without it."""
    result, _ = told(lambda: run(renamed(G, f=name)))
    assert close(estimate(result, "selection_rate", (name,))["value"], SELECTION["f"])
    seen, plain = Nodes(), Nodes()
    seen.feed(page(result))
    plain.feed(page(run()))
    assert seen.tags == plain.tags
    assert not any(name.startswith("on") for name in seen.attributes)


def test_fault_16_odd_names_are_groups_and_shortened_in_display_only() -> None:
    names = ("overall", "nan", "None", "", "x" * 1_000_000)
    groups = [name for name in names for _ in range(40)]
    decisions = ([1] * 30 + [0] * 10) * 5
    result, _ = told(lambda: run(groups, decisions))
    for name in names:
        assert close(estimate(result, "selection_rate", (name,))["value"], Fraction(3, 4))
    assert len(page(result)) < 2_000_000
    assert len(result.summary()) < 2_000
    value, codes = told(lambda: difference(groups, decisions))
    assert (value, codes) == (0, [])


def test_fault_17_unused_level_is_listed_with_n_0() -> None:
    groups = pd.Categorical(G, categories=["f", "m", "never seen"])
    result, _ = told(lambda: run(groups))
    row = estimate(result, "selection_rate", ("never seen",))
    assert (row["rows"], math.isnan(row["value"])) == (0, True)
    assert row["reason"]
    assert "never seen" in page(result)
    assert close(estimate(result, "demographic_parity_difference")["value"], Fraction(3, 8))
    assert close(difference(pd.Series(groups)), Fraction(3, 8))


def test_fault_18_separators_do_not_join_groups() -> None:
    left, right = ["x|y" if g == "f" else "x" for g in G], ["z" if g == "f" else "y|z" for g in G]
    frame = pd.DataFrame({"a": left, "b": right, "d": D})
    result, _ = told(lambda: audit.run(frame, protected=["a", "b"], decision="d", favorable=1))
    for group, key in ((("x|y", "z"), "f"), (("x", "y|z"), "m")):
        assert close(estimate(result, "selection_rate", group)["value"], SELECTION[key])
    assert close(difference(frame[["a", "b"]]), Fraction(3, 8))
