"""What a reader is told before the numbers: small groups, few events, repeats, what is absent."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tallies import table_of, tally_of

import audit
from audit.inference.chart_numbers import chart_numbers
from audit.inference.noticed import absent, noticed
from audit.inference.reference import Reference, reference_index, references, stand_ins
from audit.inference.worst_score import compared, known_rows, why, worst_score
from audit.metrics.catalogue import CATALOGUE
from audit.table.roles import Roles
from audit.tally.cube import cells
from audit.tally.distribution import Distribution


def counted(rows: Any, **told: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)
        return audit.count(rows, **{"protected": "sex", "decision": "ok", "favorable": 1, **told})


def issues(tally: Any, min_rows: int = 30, intersections: int = 2) -> dict[str, Any]:
    found = noticed(tally, references(tally), intersections=intersections, min_rows=min_rows)
    return {i.code: i for i in found}


def test_small_groups_are_named_five_at_most() -> None:
    """Fewer than 30 rows, not 30; empty ones are not small; the rest are counted."""
    sizes = {"a": 30, "b": 29, "c": 5, "d": 4, "e": 3, "f": 2, "g": 1}
    tally = tally_of({k: {(1, 1): n} for k, n in sizes.items()})
    found = issues(tally)
    assert set(found) == {"RUN014"}
    issue = found["RUN014"]
    assert issue.message == (
        "sex: fewer than 30 rows in 'b' (29), 'c' (5), 'd' (4), 'e' (3), 'f' (2) and 1 more"
    )
    assert (issue.column, issue.severity) == ("sex", "warning")
    tally = tally_of({k: {(1, 1): n} for k, n in sizes.items() if k != "g"})
    assert issues(tally)["RUN014"].message.endswith("'e' (3), 'f' (2)")
    assert issues(tally, min_rows=2) == {}
    long = tally_of({"x" * 58: {(1, 1): 3}, "y" * 59: {(1, 1): 4}, "m": {(1, 1): 90}})
    shown = "'" + "y" * 39 + "…" + "y" * 18 + "'"
    assert issues(long)["RUN014"].message.endswith(f"'{'x' * 58}' (3), {shown} (4)")


def test_selective_labels_are_noticed() -> None:
    """Outcomes known for the approved only; one denied outcome is enough against it."""
    cells_ = {"f": {(1, 1): 40, (0, None): 40}, "m": {(1, 0): 50, (0, None): 9}}
    found = issues(tally_of(cells_))
    assert set(found) == {"RUN010"}
    assert found["RUN010"].message.startswith("selective labels: outcomes are known only for")
    assert found["RUN010"].column == "paid"
    cells_["m"] = {**cells_["m"], (0, 1): 1}
    assert issues(tally_of(cells_)) == {}


def test_a_crossing_too_small_to_be_a_reference_is_noticed() -> None:
    """29 rows of what was declared: the largest crossing stands in, and both are named."""
    groups = {("f", "a"): 70, ("f", "b"): 50, ("m", "a"): 60, ("m", "b"): 29}
    told = {"protected": ["sex", "race"], "reference": {"sex": "m", "race": "b"}}
    tally = tally_of({k: {(1, 1): n} for k, n in groups.items()}, **told)
    issue = issues(tally)["RUN011"]
    assert issue.message == (
        "sex × race: the reference 'm' × 'b' has 29 rows, fewer than 30; groups are compared "
        "with 'f' × 'a', the largest"
    )
    assert (issue.severity, issue.column) == ("note", None)
    assert "RUN011" not in issues(tally, min_rows=29)
    assert "RUN011" not in issues(tally, intersections=1)
    chosen = references(tally)
    assert stand_ins(tally, ("sex", "race"), chosen) == (("m", "b"), ("f", "a"), 29)
    assert stand_ins(tally, ("sex",), chosen) is None
    absent_cell = tally_of(
        {k: {(1, 1): n} for k, n in groups.items() if k != ("m", "b")},
        **{**told, "reference": {"sex": "m", "race": "b"}},
    )
    assert stand_ins(absent_cell, ("sex", "race"), references(absent_cell)) == (
        ("m", "b"), ("f", "a"), 0,
    )  # fmt: skip
    # the largest is the declared one: it stays, however small
    small = tally_of({("m", "b"): {(1, 1): 20}, ("f", "a"): {(1, 1): 5}}, **told)
    assert stand_ins(small, ("sex", "race"), references(small)) is None


def test_few_weighted_events_are_noticed() -> None:
    """Nine of 40 women approved: 9.0 effective events; ten are enough; without weights no word."""
    rows = {"sex": ["f"] * 40 + ["m"] * 40, "ok": [1] * 9 + [0] * 31 + [1] * 10 + [0] * 30,
            "w": [2.0] * 40 + [3.0] * 40}  # fmt: skip
    issue = issues(counted(rows, weight="w"))["RUN012"]
    assert issue.message == (
        "sex: fewer than 10 effective events behind the weighted approval rate of 'f' (9.0)"
    )
    assert issues(counted(rows)) == {}
    no_decision = {"sex": rows["sex"], "paid": rows["ok"], "w": rows["w"]}
    tally = counted(no_decision, weight="w", decision=None, outcome="paid")
    assert "the weighted outcome rate of 'f' (9.0)" in issues(tally)["RUN012"].message


def test_a_level_nobody_has_is_not_small() -> None:
    """Listed with no rows, it is neither small nor the largest."""
    import pandas as pd

    frame = pd.DataFrame({"sex": ["f"] * 40 + ["m"] * 29, "ok": [1] * 40 + [0] * 29})
    frame["sex"] = pd.Categorical(frame["sex"], ["a", "f", "m"])
    tally = counted(frame)
    assert issues(tally)["RUN014"].message == "sex: fewer than 30 rows in 'm' (29)"
    assert references(tally)[0].level == "f"


def test_thirty_blocks_of_one_row_each_are_enough() -> None:
    """One applicant a block: 30 blocks are no cause for a word, 29 are; so is one row."""
    chosen: dict[Any, str] = {}
    for k in range(4000):
        tally = counted({"sex": ["f"], "ok": [1], "who": [str(k)]}, cluster="who")
        (block,) = cells(tally, ("sex",))
        assert block.blocks is not None
        chosen.setdefault(int(block.blocks[:, 0].any(axis=(1, 2)).argmax()), str(k))
        if len(chosen) == 30:
            break
    for size, word in ((30, None), (29, "'f' (29)"), (1, "'f' (1)")):
        who = list(chosen.values())[:size]
        found = issues(counted({"sex": ["f"] * size, "ok": [1] * size, "who": who}, cluster="who"))
        if word is None:
            assert "RUN013" not in found
        else:
            assert found["RUN013"].message.endswith(word)


def test_few_blocks_of_repeated_applicants_are_noticed() -> None:
    """The women are one applicant; the men fill more than half of the 64 blocks."""
    rows = {"sex": ["f"] * 40 + ["m"] * 400, "ok": [1, 0] * 220,
            "who": ["x"] * 40 + [str(i) for i in range(400)]}  # fmt: skip
    found = issues(counted(rows, cluster="who"))
    assert found["RUN013"].message == (
        "sex: the applicants of 'who' fill fewer than 30 blocks in 'f' (1)"
    )
    assert "RUN013" not in issues(counted(rows))


def test_what_is_absent_is_said_in_words() -> None:
    """Decisions, outcomes, scores; and what repeated applicants do not reach."""
    full = tally_of({"f": table_of(9, 9, 9, 9), "m": table_of(9, 9, 9, 9)})
    no_score = "scores: no score or risk was given"
    assert absent(full, intersections=2, scored=True) == ()
    assert absent(full, intersections=2, scored=False) == (no_score,)
    rows = {"sex": ["f", "m"] * 9, "ok": [1, 0] * 9, "paid": [None] * 18}
    bare = counted({k: rows[k] for k in ("sex", "ok")})
    assert absent(bare, intersections=1, scored=True) == (
        "error rates and calibration: no outcome was given",
    )
    unknown = counted(rows, outcome="paid")
    assert absent(unknown, intersections=1, scored=True) == (
        "error rates and calibration: no outcome is known",
    )
    none = counted({"sex": rows["sex"], "paid": rows["ok"]}, decision=None, outcome="paid")
    assert absent(none, intersections=1, scored=False) == (
        "approval rates: no decision, cut-off or model was given", no_score,
    )  # fmt: skip
    only_roles = {"score": "s", "risk": None, "amount": {}}
    for name, value in (("score", "s"), ("risk", "s"), ("amount", {"s": "higher"})):
        told = {**only_roles, "score": None, name: value}
        tally = replace(full, roles=replace(full.roles, **told))
        assert absent(tally, intersections=2, scored=False) == ("scores: not in the tally’s cubes",)
    cut = replace(none, roles=replace(none.roles, decided_by="cutoff"))
    assert absent(cut, intersections=1, scored=True) == (
        "approval rates: nobody was approved or denied",
    )
    selective = tally_of({"f": {(1, 1): 9, (0, None): 9}})
    assert absent(selective, intersections=1, scored=True) == (
        "error rates: outcomes are known only for the approved (selective labels)",
    )


def test_what_repeated_applicants_do_not_reach() -> None:
    """Intersections, strata and scores; nothing where there are none of them."""
    rows = {"sex": ["f", "m"] * 40, "race": ["a", "b", "b", "a"] * 20, "ok": [1, 0, 1, 1] * 20,
            "paid": [1, 0] * 40, "who": list(range(80)), "kind": ["x", "y"] * 40}  # fmt: skip
    told = {"cluster": "who", "outcome": "paid"}
    plain = counted(rows, **told)
    assert absent(plain, intersections=2, scored=False)[1:] == ()
    text = "repeated applicants: intervals of {} take rows as independent"
    scores = "score metrics other than means and their differences"
    assert absent(plain, intersections=2, scored=True) == (text.format(scores),)
    two = counted(rows, **{**told, "protected": ["sex", "race"]}, strata=["kind"])
    assert absent(two, intersections=2, scored=True) == (
        text.format(f"intersections, strata, {scores}"),
    )
    assert absent(two, intersections=1, scored=True) == (text.format(f"strata, {scores}"),)


# References ---------------------------------------------------------------------------------------


def test_the_highest_rate_needs_enough_rows_and_a_share() -> None:
    """30 decided rows and 2 % of all; ties take the first; else the largest group."""
    cells_ = {
        "a": table_of(500, 0, 0, 500), "b": {(1, 1): 29, (2, 1): 40}, "c": table_of(25, 0, 0, 5),
        "d": table_of(26, 0, 0, 5),
    }  # fmt: skip
    tally = tally_of(cells_)
    (found,) = references(tally, "highest-rate")
    assert (found.level, found.why) == ("d", "highest approval rate")
    (found,) = references(tally, "highest-rate", min_share=31.5 / 1130)
    assert found.level == "a"
    (found,) = references(tally, "highest-rate", min_rows=29)
    assert found.level == "b"
    (found,) = references(tally, "highest-rate", min_rows=2000)
    assert (found.level, found.why) == ("a", "largest group")
    tied = tally_of({"x": table_of(20, 0, 0, 20), "y": table_of(30, 0, 0, 30)})
    assert references(tied, "highest-rate")[0].level == "x"
    assert references(tied)[0].level == "y"
    equal = tally_of({"x": table_of(20, 0, 0, 20), "y": table_of(10, 0, 0, 30)})
    assert references(equal)[0].level == "x"


def test_one_decision_is_a_rate_and_the_first_of_equal_crossings_stands_in() -> None:
    """With `min_rows` 1 a single decided row has a rate; 30 rows make a crossing's reference."""
    tally = tally_of({"a": {(2, 1): 50}, "b": {(1, 1): 1}})
    assert references(tally, "highest-rate", min_rows=1, min_share=0.0)[0].level == "b"
    assert references(tally, "highest-rate", min_rows=2, min_share=0.0)[0].level == "a"
    told = {"protected": ["sex", "race"], "reference": {"sex": "m", "race": "b"}}
    for size, wanted in ((30, ("m", "b")), (29, ("f", "a"))):
        sizes = {("f", "b"): 60, ("f", "a"): 60, ("m", "b"): size}
        tally = tally_of({k: {(1, 1): n} for k, n in sizes.items()}, **told)
        (block,) = cells(tally, ("sex", "race"))
        index, declared = reference_index(block, references(tally))
        assert index is not None
        assert (block.groups[index], declared) == (wanted, size == 30)


def test_an_attribute_that_was_not_counted_has_no_reference() -> None:
    """Each of them, not only the first."""
    tally = tally_of({("f", "a"): {(1, 1): 9}}, protected=["sex", "race"])
    found = references(replace(tally, cubes=()))
    assert [(r.attribute, r.level, r.why) for r in found] == [
        ("sex", None, "largest group"), ("race", None, "largest group"),
    ]  # fmt: skip


def test_no_level_can_be_the_reference_where_all_are_missing() -> None:
    """Then there is none, and none is looked for."""
    tally = tally_of({None: table_of(9, 9, 9, 9)})
    (found,) = references(tally)
    assert (found.level, found.why) == (None, "largest group")
    (block,) = cells(tally, ("sex",))
    assert reference_index(block, [found]) == (None, False)
    tally = tally_of({"f": table_of(9, 9, 9, 9), "m": table_of(1, 1, 1, 1)})
    (block,) = cells(tally, ("sex",))
    at = block.groups.index
    declared = [Reference(attribute="sex", level="m", why="declared")]
    assert reference_index(block, declared) == (at(("m",)), True)  # a single level, however small
    unknown = [Reference(attribute="sex", level="x", why="declared")]
    assert reference_index(block, unknown) == (at(("f",)), False)


# Scores of all groups -----------------------------------------------------------------------------


def scored(good: list[float], bad: list[float], group: Any = "f", **changed: Any) -> Distribution:
    x = np.array([*good, *bad])
    values, place = np.unique(x, return_inverse=True)
    counts = np.zeros((len(values), 3))
    np.add.at(counts, (place, [0] * len(good) + [1] * len(bad)), 1.0)
    made = Distribution(
        attribute=("sex",), group=(group,), column="score", higher_is_better=True, values=values,
        counts=counts, rows=len(x), total=float(len(x)), sum=float(x.sum()),
        sum_squares=float(x @ x), weight_squared=float(len(x)), missing=0, exact=True,
    )  # fmt: skip
    return replace(made, **changed)


AUC, BRIER = CATALOGUE["auc"], CATALOGUE["brier"]


def test_why_a_score_metric_has_no_value() -> None:
    """No rows, no class of outcomes, no probabilities: in that order; else the rate's own words."""
    assert why(AUC, scored([], [])) == "no rows with a value"
    assert why(AUC, scored([], [1.0])) == "no favourable outcome"
    assert why(AUC, scored([1.0], [])) == "no unfavourable outcome"
    outside = "values outside [0, 1] are not probabilities"
    assert why(BRIER, scored([1.5], [0.5])) == outside
    assert why(BRIER, scored([0.5], [-0.5])) == outside
    assert why(BRIER, scored([1.0], [0.0])) == BRIER.rates[0].undefined
    assert why(AUC, scored([1.5], [0.5])) == AUC.rates[0].undefined
    assert (
        why(CATALOGUE["mean_score"], scored([1.0], []))
        == CATALOGUE["mean_score"].rates[0].undefined
    )


def test_rows_a_score_metric_rests_on() -> None:
    """Those with an outcome where it needs one: by weight, where there are weights."""
    d = scored([1.0, 2.0], [3.0])
    counts = d.counts.copy()
    counts[:, 2] = [1.0, 2.0, 0.0]
    more = replace(d, counts=counts, rows=6, total=6.0)
    assert known_rows(more, AUC) == 3
    assert known_rows(more, CATALOGUE["mean_score"]) == 6
    assert known_rows(replace(more, rows=12), AUC) == 6
    assert known_rows(scored([], []), AUC) == 0


def test_groups_of_a_worst_case() -> None:
    """By attribute; everyone, missing levels and groups without rows stay out."""
    one, other = scored([1.0], [2.0]), scored([1.0], [2.0], "m")
    everyone = replace(one, attribute=(), group=())
    found = compared([everyone, one, replace(one, group=(None,)), scored([], [], "x"), other])
    assert {k: [d.group for d in v] for k, v in found.items()} == {("sex",): [("f",), ("m",)]}


def test_a_worst_auc_by_hand() -> None:
    """.5 and .75 by counting pairs: named, lowest first; a class too small has a reason."""
    low = scored([1.0, 4.0] * 20, [2.0, 3.0] * 20, "low")
    mid = scored([2.0, 4.0] * 20, [1.0, 3.0] * 20, "mid")
    metric = CATALOGUE["auc_worst_difference"]
    e = worst_score(metric, [mid, low], 0.95, False)
    assert (e.value, e.group, e.reference) == (pytest.approx(0.25), ("low",), ("mid",))
    assert (e.rows, e.reference_rows, e.reference_value) == (80, 80, pytest.approx(0.75))
    assert e.low <= 0.25 <= e.high
    assert (e.column, e.attribute, e.reason, e.level) == ("score", ("sex",), None, 0.95)
    ratio = worst_score(CATALOGUE["auc_worst_ratio"], [mid, low], 0.95, False)
    assert ratio.value == pytest.approx(0.5 / 0.75)
    assert ratio.low <= ratio.value <= ratio.high <= 1
    same = worst_score(metric, [low, replace(low, group=("other",))], 0.9, False)
    assert (same.value, same.group, same.reference) == (0.0, ("low",), ("other",))
    few = worst_score(metric, [mid, scored([1.0, 4.0], [2.0], "few")], 0.95, False)
    assert few.reason == "fewer than 20 rows with a favourable outcome"
    assert math.isnan(few.low)
    one_class = worst_score(metric, [mid, scored([1.0] * 30, [], "good")], 0.95, False)
    assert (one_class.group, one_class.reason) == (
        ("good",), "in one or more groups: no unfavourable outcome",
    )  # fmt: skip
    hidden = worst_score(metric, [mid, low], 0.95, True)
    assert (hidden.method, math.isnan(hidden.value), hidden.group) == ("bounds", True, ())
    assert str(hidden.reason).startswith("selective labels")
    assert worst_score(metric, [mid], 0.95, False).reason is not None
    nobody = worst_score(metric, [], 0.95, False)
    assert (nobody.attribute, nobody.column) == ((), None)


# Charts -------------------------------------------------------------------------------------------


def test_which_charts_a_score_has() -> None:
    """Histograms always; calibration of probabilities with outcomes; sweeps against a reference."""
    roles = Roles(protected=("sex",), score="score")
    chosen = [Reference(attribute="sex", level="m", why="declared")]
    one, other = scored([0.2, 0.9], [0.1]), scored([0.3, 1.0], [0.0], "m")

    def kinds(parts: Any, roles: Any = roles, chosen: Any = chosen) -> dict[str, int]:
        found = chart_numbers(roles, chosen, {"score": parts}, level=0.9)
        return {k: len(v) for k, v in found.items()}

    everything = {"distributions": 1, "calibration": 1, "sweep": 1}
    assert kinds([one, other]) == everything
    assert kinds([one, other, scored([], [], "x")]) == everything
    no_sweep = {"distributions": 1, "calibration": 1}
    assert kinds([other]) == no_sweep
    assert kinds([one, scored([0.3], [0.0], "x")]) == no_sweep
    assert kinds([one, other], chosen=[Reference(attribute="sex", level=None, why="")]) == no_sweep
    missing = replace(other, group=(None,))
    assert (
        kinds([one, missing], chosen=[Reference(attribute="sex", level=None, why="")]) == no_sweep
    )
    assert kinds([scored([1.1], [0.5]), other]) == {"distributions": 1, "sweep": 1}
    assert kinds([scored([-0.1], [0.5]), other]) == {"distributions": 1, "sweep": 1}
    unknown = [replace(d, counts=d.counts[:, [2, 2, 0]]) for d in (one, other)]
    assert kinds(unknown) == {"distributions": 1, "sweep": 1}
    assert kinds([one, unknown[1]]) == everything
    amount = Roles(protected=("sex",), amount={"score": "higher"})
    assert kinds([one, other], roles=amount) == {"distributions": 1}
    assert kinds([replace(one, attribute=("race",))]) == {}
    made = chart_numbers(roles, chosen, {"score": [one, other]}, level=0.9, bins=7)
    assert len(made["distributions"][0]["groups"][0]["shares"]) == 7
    assert made["sweep"][0]["reference"] == ["m"]
    usual = chart_numbers(roles, chosen, {"score": [one, other]}, level=0.95)
    assert len(usual["distributions"][0]["groups"][0]["shares"]) == 64
    narrow, wide = made["sweep"][0]["points"][1], usual["sweep"][0]["points"][1]
    assert wide["low"] < narrow["low"]
