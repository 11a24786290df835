"""A swept cut-off against counts worked by hand, scipy, the audit's own numbers, and laws."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import audit
from audit.errors import InputError
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval

# Score: f 1 1 2 3 3 | m 2 3 3 4 5; repaid: f 0 1 0 1 1 | m 0 1 0 1 1.
LOANS = pd.DataFrame(
    {
        "sex": list("fffffmmmmm"),
        "s": [1.0, 1, 2, 3, 3, 2, 3, 3, 4, 5],
        "repaid": [0, 1, 0, 1, 1, 0, 1, 0, 1, 1],
    }
)
TOLD: dict[str, Any] = {
    "protected": "sex", "score": "s", "outcome": "repaid", "favorable": 1,
    "reference": {"sex": "m"},
}  # fmt: skip

# a score of points is no probability, and some have none
pytestmark = pytest.mark.filterwarnings("ignore:.*TBL069", "ignore:.*TBL064")


def made(size: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m", "x"], size, p=[0.4, 0.5, 0.1])
    score = np.round(rng.beta(2, 2, size) * 0.9 + 0.1 * (sex == "m"), 2)
    return pd.DataFrame(
        {
            "sex": sex,
            "s": score,
            "repaid": (rng.random(size) < score).astype(int),
            "w": rng.uniform(0.5, 3, size),
            "n": rng.integers(1, 4, size),
            "who": rng.integers(0, size // 3 + 1, size),
        }
    )


def columns(found: Any) -> pd.DataFrame:
    return found.to_frame().drop(columns=["attribute", "reference", "group"])


def test_worked_by_hand() -> None:
    """Five distinct scores give five cut-offs; every number counted on fingers."""
    found = audit.sweep_cutoffs(LOANS, costs=(1, 4), **TOLD)
    assert [p.cutoff for p in found.points] == [5, 4, 3, 2, 1]
    assert [p.approval_rate for p in found.points] == [0.1, 0.2, 0.6, 0.8, 1.0]
    assert [p.ratio for p in found.points] == pytest.approx([0, 0, 0.5, 0.6, 1])
    assert [p.difference for p in found.points] == pytest.approx([-0.2, -0.4, -0.4, -0.4, 0])
    # approved who repaid / not: (1, 0) (2, 0) (5, 1) (5, 3) (6, 4); profit / 10
    assert [p.profit for p in found.points] == pytest.approx([0.1, 0.2, 0.1, -0.7, -1.0])
    assert [p.default_rate for p in found.points] == pytest.approx([0, 0, 1 / 6, 3 / 8, 0.4])
    at = found.at(0.6)
    women, men = at.groups
    assert (women.group, men.group) == (("f",), ("m",))
    assert (women.rate, men.rate) == (0.4, 0.8)
    assert (women.true_positive_rate, men.true_positive_rate) == pytest.approx((2 / 3, 1))
    assert (women.false_positive_rate, men.false_positive_rate) == (0, 0.5)
    assert (women.false_negative_rate, men.false_negative_rate) == pytest.approx((1 / 3, 0))
    assert (women.precision, men.precision) == (1, 0.75)
    assert (women.profit, men.profit) == pytest.approx((0.4, -0.2))
    assert math.isnan(men.ratio)
    assert (found.group, found.reference, found.operating) == (("f",), ("m",), None)


def test_limits_are_those_of_the_inference_layer() -> None:
    """Ratio and difference: Miettinen-Nurminen; rates: Wilson, of the counts worked by hand."""
    at = audit.sweep_cutoffs(LOANS, level=0.9, **TOLD).at(0.6)
    assert (at.low, at.high) == pytest.approx(ratio_interval(2, 5, 4, 5, 0.9))
    difference = (at.difference_low, at.difference_high)
    assert difference == pytest.approx(difference_interval(2, 5, 4, 5, 0.9))
    women = at.groups[0]
    assert (women.rate_low, women.rate_high) == pytest.approx(rate_interval(2, 5, 0.9))
    limits = (women.true_positive_rate_low, women.true_positive_rate_high)
    assert limits == pytest.approx(rate_interval(2, 3, 0.9))
    limits = (1 - women.false_negative_rate_high, 1 - women.false_negative_rate_low)
    assert limits == pytest.approx(rate_interval(2, 3, 0.9))
    assert (women.default_rate_low, women.default_rate_high) == pytest.approx(
        rate_interval(0, 2, 0.9)
    )


def test_profit_limits_are_those_of_a_mean() -> None:
    """Per applicant 1, -4 or 0: mean ± 1.96 standard errors, as numpy has them."""
    at = audit.sweep_cutoffs(LOANS, costs=(1, 4), **TOLD).at(0.6)
    paid = np.where(LOANS.s >= 3, np.where(LOANS.repaid == 1, 1.0, -4.0), 0.0)
    half = 1.959963984540054 * paid.std() / math.sqrt(10)
    assert (at.profit_low, at.profit_high) == pytest.approx((0.1 - half, 0.1 + half))


def test_the_point_in_use_is_what_the_audit_says() -> None:
    """At the table's cut-off the sweep has the audit's own rates, ratio and limits."""
    frame = made(600)
    table = audit.read(frame, **TOLD, cutoff=0.537)
    found = audit.sweep_cutoffs(table, group="f")
    assert found.operating is not None
    point = found.points[found.operating]
    assert point.cutoff == 0.537
    result = audit.run(table)
    [ratio] = [
        e for e in result.estimates
        if (e.metric, e.group, e.stratum) == ("disparate_impact_ratio", ("f",), None)
    ]  # fmt: skip
    assert (point.ratio, point.low, point.high) == pytest.approx(
        (ratio.value, ratio.low, ratio.high), abs=1e-12
    )
    for name in ("true_positive_rate", "false_positive_rate"):
        [rate] = [e for e in result.estimates if (e.metric, e.group) == (name, ("f",))]
        women = next(g for g in point.groups if g.group == ("f",))
        assert getattr(women, name) == pytest.approx(rate.value, abs=1e-12)
        assert getattr(women, f"{name}_low") == pytest.approx(rate.low, abs=1e-12)


def test_weights_and_repeats_as_the_audit_has_them() -> None:
    """Effective rows and the block jackknife give the audit's limits at the cut-off in use."""
    frame = made(900, 1)
    for more in ({"weight": "w"}, {"cluster": "who"}, {"weight": "w", "cluster": "who"}):
        table = audit.read(frame, **TOLD, cutoff=0.5, **more)
        found = audit.sweep_cutoffs(table, group="f", costs=(1, 1))
        point = found.points[found.operating or 0]
        [ratio] = [
            e for e in audit.run(table).estimates
            if (e.metric, e.group) == ("disparate_impact_ratio", ("f",))
        ]  # fmt: skip
        assert (point.ratio, point.low, point.high) == pytest.approx(
            (ratio.value, ratio.low, ratio.high), rel=1e-9
        )
        assert point.profit_low < point.profit < point.profit_high


@pytest.mark.filterwarnings("ignore:.*RUN012")  # nobody is denied
def test_repeats_where_everybody_is_approved_are_as_the_audit_has_them() -> None:
    """Nothing varies at a rate of 1: a group is worth its applicants, not its rows."""
    frame = made(900, 3)
    for more in ({"cluster": "who"}, {"weight": "w", "cluster": "who"}):
        table = audit.read(frame, **TOLD, cutoff=float(frame.s.min()), **more)
        found = audit.sweep_cutoffs(table, group="f")
        rates = {e.group: e for e in audit.run(table).estimates if e.metric == "selection_rate"}
        for own in found.points[found.operating or 0].groups:
            rate = rates[own.group]
            assert (own.rate, rate.value) == (1, 1)
            assert (own.rate_low, own.rate_high) == pytest.approx((rate.low, rate.high), abs=1e-12)


def test_a_risk_is_a_score_turned_round() -> None:
    """The same people in the same order: a risk of -score gives every number again."""
    frame = made(300).assign(risk=lambda f: 1 - f.s)
    told = {k: v for k, v in TOLD.items() if k != "score"}
    one = columns(audit.sweep_cutoffs(frame, costs=(1, 2), **TOLD)).drop(columns="cutoff")
    two = columns(audit.sweep_cutoffs(frame, costs=(1, 2), risk="risk", **told))
    pd.testing.assert_frame_equal(one, two.drop(columns="cutoff"))
    own = frame.risk.to_numpy()
    rates = [float((own < c).mean()) for c in two.cutoff]
    assert rates == pytest.approx(two.approval_rate.tolist(), abs=1e-12)


def test_missing_scores_and_unknown_outcomes_are_counted() -> None:
    """They are in no rate, and their number is said."""
    frame = LOANS.assign(
        s=[np.nan, 1, 2, 3, 3, 2, 3, 3, 4, 5], repaid=[0, 1, 0, 1, None, 0, 1, 0, 1, 1]
    )
    found = audit.sweep_cutoffs(frame, costs=(1, 4), **TOLD)
    assert (found.rows, found.missing) == (9, 1)
    assert found.missing_by_group == ((("f",), 1), (("m",), 0))
    assert found.unknown == pytest.approx(1 / 9)
    women = found.at(0.6).groups[0]
    assert women.rate == 0.5  # of four with a score, two
    assert women.true_positive_rate == 0.5  # of two known to have repaid, one
    assert women.unknown == 0.5
    assert found.at(0.6).profit == pytest.approx((4 - 4) / 8)
    assert any("1 row of 10 without a s" in note for note in found.notes)
    assert any("unknown" in note for note in found.notes)


def test_selective_labels() -> None:
    """Outcomes of the approved alone: no error rate; profit only where nobody else is approved."""
    frame = LOANS.assign(
        ok=(LOANS.s >= 3).astype(int), repaid=LOANS.repaid.where(LOANS.s >= 3).astype("Int64")
    )
    found = audit.sweep_cutoffs(frame, decision="ok", costs=(1, 4), **TOLD)
    assert found.selective
    assert all(math.isnan(g.true_positive_rate) for p in found.points for g in p.groups)
    assert "selective" in found.reasons["true_positive_rate"]
    assert [p.profit for p in found.points][:3] == pytest.approx([0.1, 0.2, 0.1])
    assert all(math.isnan(p.profit) for p in found.points[3:])
    assert found.at(0.6).default_rate == pytest.approx(1 / 6)


def test_without_outcomes_or_costs() -> None:
    """Approvals and gaps stand alone, and what is undefined says why."""
    found = audit.sweep_cutoffs(LOANS, protected="sex", score="s", reference={"sex": "m"})
    assert found.at(0.6).ratio == pytest.approx(0.5)
    assert math.isnan(found.at(0.6).default_rate)
    assert set(found.reasons) >= {"profit", "default_rate", "true_positive_rate"}


def test_an_engine_and_a_tally_agree_with_the_rows() -> None:
    """Scores on the bins' edges: an engine and a tally have the numbers that memory has."""
    import polars as pl

    frame = made(500).assign(s=lambda f: np.floor(f.s * 64) / 64)
    frame.loc[0, "s"], frame.loc[1, "s"] = 0.0, 1.0
    for more in ({}, {"weight": "w"}):
        exact = columns(audit.sweep_cutoffs(frame, costs=(1, 2), **TOLD, **more))
        lazy = audit.read(pl.from_pandas(frame).lazy(), **TOLD, **more)
        tally = audit.count(audit.read(frame, **TOLD, **more), score_bins=1024)
        for other in (lazy, tally):
            found = audit.sweep_cutoffs(other, costs=(1, 2))
            assert not found.exact
            assert any("bins" in n for n in found.notes)
            binned = columns(found)
            # the last value shares the closed last bin, so its edge lies below it
            pd.testing.assert_frame_equal(
                exact.drop(columns="cutoff"), binned.drop(columns="cutoff"), rtol=1e-9
            )


def test_groups_that_overlap_are_compared_with_the_rest() -> None:
    """A group's reference is without those who are in both; worked by hand."""
    frame = pd.DataFrame({"s": [1.0, 2, 3, 4, 4], "a": [1, 1, 1, 0, 0], "b": [0, 0, 1, 1, 1]})
    table = audit.read(
        frame, protected={"race": {"A": "a", "B": "b"}}, score="s", reference={"race": "B"}
    )
    found = audit.sweep_cutoffs(table)
    assert found.group == ("A",)
    assert [(p.cutoff, p.ratio) for p in found.points] == [
        (4, 0), (3, pytest.approx(1 / 3)), (2, pytest.approx(2 / 3)), (1, 1),
    ]  # fmt: skip


def test_views() -> None:
    """Plain values for a report: at most 60 points, the one in use marked; a frame; a sentence."""
    table = audit.read(made(2000), **TOLD, approval_rate=0.7)
    found = audit.sweep_cutoffs(table, costs=(1, 2))
    told = found.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert len(told["points"]) <= 60
    marked = told["points"][told["operating"]]
    assert marked["cutoff"] == table.roles.cutoff
    assert marked["approval_rate"] >= 0.7
    ends = [told["points"][0]["approval_rate"], told["points"][-1]["approval_rate"]]
    assert ends == [found.points[0].approval_rate, 1]
    assert {"ratio", "low", "high", "profit", "groups", "default_rate"} <= marked.keys()
    frame = found.to_frame()
    assert len(frame) == 3 * len(found.points)
    assert frame.operating.sum() == 3
    assert "cut-off in use" in found.summary()
    assert "interval" in repr(found)


def test_attribute_and_group_are_chosen_or_told() -> None:
    """Without either: the attribute and group of the lowest ratio, and a note that says so."""
    frame = made(400).assign(region=lambda f: np.where(f.index % 2, "n", "s"))
    both = {**TOLD, "protected": ["region", "sex"]}
    found = audit.sweep_cutoffs(frame, **both)
    assert found.attribute == "sex"
    assert any("lowest ratio" in n for n in found.notes)
    assert audit.sweep_cutoffs(frame, attribute="region", **both).attribute == "region"
    assert audit.sweep_cutoffs(frame, group="x", **both).group == ("x",)
    assert audit.sweep_cutoffs(frame, attribute=("sex",), group=("x",), **both).group == ("x",)


@pytest.mark.parametrize(
    ("code", "own"),
    [
        ("MIT201", {"costs": (1,)}),
        ("MIT201", {"costs": "ab"}),
        ("MIT201", {"costs": (1, -1)}),
        ("MIT201", {"costs": (True, 1)}),
        ("MIT201", {"costs": {"gain": 1}}),
        ("MIT201", {"costs": (math.inf, 1)}),
        ("MIT203", {"attribute": "sexx"}),
        ("MIT203", {"attribute": ("sex", "region")}),
        ("MIT203", {"group": "q"}),
        ("MIT203", {"group": "m"}),
        ("MIT206", {"points": 1}),
        ("MIT206", {"points": 2.5}),
        ("MIT206", {"points": True}),
        ("INF001", {"level": 95}),
        ("RUN004", {"cost": (1, 1)}),
    ],
)
def test_bad_arguments(code: str, own: dict[str, Any]) -> None:
    """Each is answered by its code, naming the argument."""
    with pytest.raises(InputError) as told:
        audit.sweep_cutoffs(LOANS, **TOLD, **own)
    assert told.value.code == code
    assert told.value.argument == next(iter(own))


def test_bad_tables() -> None:
    """No score; nobody with one; a tally without bins; a share that is none."""
    with pytest.raises(InputError, match="MIT202"):
        audit.sweep_cutoffs(LOANS, protected="sex", outcome="repaid", favorable=1)
    with pytest.raises(InputError, match=r"MIT204|TBL"):
        audit.sweep_cutoffs(LOANS.assign(s=np.nan), **TOLD)
    table = audit.read(LOANS, **TOLD)
    with pytest.raises(InputError, match="RUN001"):
        audit.sweep_cutoffs(table, protected="sex")
    with pytest.raises(InputError, match="MIT205"):
        audit.sweep_cutoffs(table).at(70)


rows = st.lists(
    st.tuples(st.sampled_from("fm"), st.integers(1, 6), st.integers(0, 1), st.integers(1, 3)),
    min_size=4,
    max_size=25,
).filter(lambda r: len({g for g, *_ in r}) == 2)


def framed(drawn: list[tuple[str, int, int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(drawn, columns=["sex", "s", "repaid", "n"])
    return frame.assign(s=frame.s / 8)


@settings(max_examples=30, deadline=None)
@given(rows)
def test_laws(drawn: list[tuple[str, int, int, int]]) -> None:
    """Monotone in approval; counts repeat rows; scaled weights and another order change nothing."""
    frame = framed(drawn)
    found = audit.sweep_cutoffs(frame, costs=(1, 3), **TOLD)
    for p, q in zip(found.points, found.points[1:], strict=False):
        assert q.approval_rate > p.approval_rate
        assert q.cutoff < p.cutoff
        for one, two in zip(p.groups, q.groups, strict=True):
            assert two.rate >= one.rate
            assert not two.true_positive_rate < one.true_positive_rate
            assert not two.false_positive_rate < one.false_positive_rate
    assert found.points[-1].approval_rate == 1
    counted = columns(audit.sweep_cutoffs(frame, costs=(1, 3), count="n", **TOLD))
    repeated = frame.loc[frame.index.repeat(frame.n)].sample(frac=1, random_state=1)
    told = columns(audit.sweep_cutoffs(repeated, costs=(1, 3), **TOLD))
    pd.testing.assert_frame_equal(counted, told)
    one = columns(audit.sweep_cutoffs(frame, costs=(1, 3), weight="n", **TOLD))
    scaled = frame.assign(n=frame.n * 0.3)
    two = columns(audit.sweep_cutoffs(scaled, costs=(1, 3), weight="n", **TOLD))
    pd.testing.assert_frame_equal(one, two, rtol=1e-9, atol=1e-12)


def test_input_is_not_mutated() -> None:
    """The caller's frame is as it was."""
    frame = made(100)
    before = frame.copy()
    audit.sweep_cutoffs(frame, weight="w", **TOLD)
    pd.testing.assert_frame_equal(frame, before)
