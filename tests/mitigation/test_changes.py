"""Who changes: counts by hand, McNemar as statsmodels has it, Tango's published limits, laws."""

import json
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtri, xlogy
from scipy.stats import multinomial

import audit
from audit.errors import InputError
from audit.inference.paired import effective_pairs, mcnemar, paired_interval
from audit.mitigation.change_table import change_table

LOANS = pd.DataFrame(
    {
        "sex": ["f"] * 5 + ["m"] * 7,
        "old": ["no", "no", "yes", "no", "yes", "yes", "yes", "no", "yes", "no", "yes", "yes"],
        "new": ["yes", "yes", "yes", "no", "no", "yes", "no", "no", "yes", "yes", "yes", "no"],
        "repaid": [1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0],
        "score": [0.49, 0.40, 0.6, 0.2, 0.51, 0.9, 0.52, 0.1, 0.7, 0.45, 0.8, 0.55],
    }
)
ROLES = {
    "protected": "sex",
    "decision": "old",
    "outcome": "repaid",
    "favorable": {"decision": "yes", "outcome": 1},
    "reference": {"sex": "m"},
}


def table(**more):
    return audit.read(LOANS, **{**ROLES, **more})


# --- oracles --------------------------------------------------------------------------------


def test_tango_published() -> None:
    """Tango (1998), soft contact lenses: 44 pairs, 0 and 1 discordant, 90 % (-0.096, 0.037)."""
    low, high = paired_interval(0, 1, 44, 0.9)
    assert (round(float(low), 3), round(float(high), 3)) == (-0.096, 0.037)


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 44), (1, 9, 30), (7, 7, 20), (5, 0, 12)])
def test_tango_is_the_score_test_by_brute_force(b: int, c: int, n: int) -> None:
    """At each limit the statistic with numerically maximised likelihood reaches the quantile."""

    def statistic(gap: float) -> float:
        def loss(q: float) -> float:
            cells = (q + gap, q, 1 - 2 * q - gap)
            return -sum(
                xlogy(k, max(p, 1e-300)) for k, p in zip((b, c, n - b - c), cells, strict=True)
            )

        ends = (max(0.0, -gap), (1 - gap) / 2)
        q = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
        return (b - c - n * gap) / np.sqrt(n * (2 * q + gap * (1 - gap)))

    z, point = ndtri(0.975), (b - c) / n
    low = brentq(lambda g: statistic(g) - z, -0.999, point - 1e-9)
    high = brentq(lambda g: statistic(g) + z, point + 1e-9, 0.9999)
    np.testing.assert_allclose(paired_interval(b, c, n), (low, high), atol=2e-6)


@pytest.mark.parametrize(("p", "q", "n"), [(0.1, 0.1, 50), (0.2, 0.05, 50), (0.02, 0.1, 80)])
def test_tango_covers(p: float, q: float, n: int) -> None:
    """By exact enumeration of the trinomial it covers at least 94 % at a nominal 95 %."""
    b, c = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
    b, c = b[b + c <= n], c[b + c <= n]
    mass = multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, [p, q, 1 - p - q])
    low, high = paired_interval(b, c, n)
    covered = float(mass[(low <= p - q) & (p - q <= high)].sum())
    assert 0.94 <= covered <= 0.975


@pytest.mark.parametrize(("b", "c"), [(12, 2), (0, 3), (7, 7), (40, 61), (0, 0)])
def test_mcnemar_as_statsmodels(b: int, c: int) -> None:
    """Exact and score p-values are statsmodels' (score: where someone moves)."""
    from statsmodels.stats.contingency_tables import mcnemar as theirs

    cells = [[20, b], [c, 10]]
    assert float(mcnemar(b, c)) == pytest.approx(theirs(cells, exact=True).pvalue, abs=1e-12)
    if b + c:
        score = theirs(cells, exact=False, correction=False).pvalue
        assert float(mcnemar(b, c, exact=False)) == pytest.approx(score, abs=1e-12)


def test_counts_by_hand() -> None:
    """Women: rows 0 and 1 gain, 4 loses, 2 keeps, 3 stays; men: 9 gains, 6 and 11 lose."""
    found = audit.who_changes(table(), "old", "new")
    women, men = (
        next(c for c in found.groups if c.group == (g,) and c.outcome == "all") for g in "fm"
    )
    assert (women.rows, women.gained, women.lost, women.kept, women.denied) == (5, 2, 1, 1, 1)
    assert (men.rows, men.gained, men.lost, men.kept, men.denied) == (7, 1, 2, 3, 1)
    assert women.net.value == pytest.approx(1 / 5)
    assert men.net.value == pytest.approx(-1 / 7)
    assert women.before.value == 2 / 5
    assert women.after.value == 3 / 5
    gap = next(g for g in found.gaps if g.outcome == "all")
    assert (gap.group, gap.reference) == (("f",), ("m",))
    assert gap.before.value == pytest.approx(2 / 5 - 5 / 7)
    assert gap.after.value == pytest.approx(3 / 5 - 4 / 7)
    assert gap.change.value == pytest.approx(1 / 5 + 1 / 7)
    assert gap.ratio_before.value == pytest.approx((2 / 5) / (5 / 7))
    assert gap.reading == "not told apart"
    repaying = next(c for c in found.groups if c.group == ("f",) and c.outcome == "would repay")
    assert (repaying.rows, repaying.gained, repaying.lost) == (3, 1, 0)
    assert found.rows("gained").tolist() == [0, 1, 9]
    assert found.rows("lost", group="m").tolist() == [6, 11]


def test_intervals_are_the_house_ones() -> None:
    """Shares have Wilson's limits, gaps Miettinen-Nurminen's, the change MOVER of Tango's."""
    from audit.inference import difference_interval, rate_interval
    from audit.inference.mover import mover_difference

    found = audit.who_changes(table(), "old", "new")
    women = next(c for c in found.groups if c.group == ("f",))
    gap = next(g for g in found.gaps if g.outcome == "all")
    assert (women.gained_share.low, women.gained_share.high) == pytest.approx(rate_interval(2, 5))
    assert (gap.after.low, gap.after.high) == pytest.approx(difference_interval(3, 5, 4, 7))
    f, m = paired_interval(2, 1, 5), paired_interval(1, 2, 7)
    assert (gap.change.low, gap.change.high) == pytest.approx(mover_difference(0.2, *f, -1 / 7, *m))


def test_closeness_by_hand() -> None:
    """Cut-off .5, 20 people: distances of two who change; the nearest 10 % are two people."""
    score = np.array([0.49, 0.56, *np.linspace(0.1, 0.3, 9), *np.linspace(0.7, 0.9, 9)])
    before = score >= 0.5
    after = before.copy()
    after[:2] = [True, False]
    found = change_table(before, after, np.zeros(20, int), ["a"], None, None, score, 0.5)
    assert found.near_distance == pytest.approx(0.06)
    either = next(c for c in found.closeness if not c.group and c.changed == "either")
    assert (either.rows, either.near.value, either.quantiles) == (2, 1.0, {})
    assert either.reason == "fewer than 10 people change"
    every = change_table(before, ~before, np.zeros(20, int), ["a"], None, None, score, 0.5)
    either = next(c for c in every.closeness if not c.group and c.changed == "either")
    assert either.near.value == pytest.approx(2 / 20)
    # the smallest distance that half (10 of 20) are within: sorted .01 .06 .2 .2 .225 .225 ...
    assert either.quantiles["0.5"] == pytest.approx(np.sort(np.abs(score - 0.5))[9])


def test_cutoff_is_told_or_read() -> None:
    """The table's cut-off, else the first decision's where it follows the score."""
    followed = table(score="score")
    found = audit.who_changes(followed, LOANS.score >= 0.5, "new")
    assert found.cutoff == 0.51
    assert "follows score" in " ".join(found.notes)
    assert audit.who_changes(table(decision=None, score="score", cutoff=0.5,
                                   favorable={"outcome": 1}),
                             LOANS.score >= 0.5, LOANS.new == "yes").cutoff == 0.5  # fmt: skip
    risk = LOANS.assign(risk=1 - LOANS.score)
    roles = {**ROLES, "risk": "risk"}
    assert audit.who_changes(audit.read(risk, **roles), LOANS.score >= 0.5, "new").cutoff == (
        pytest.approx(0.51)  # approved below the lowest risk that was denied
    )


# --- rules of data --------------------------------------------------------------------------


def test_selective_labels_are_said() -> None:
    """Where only those approved before have an outcome, rates by outcome are withheld."""
    frame = LOANS.assign(repaid=LOANS.repaid.where(LOANS.old == "yes").astype("Float64"))
    found = audit.who_changes(audit.read(frame, **ROLES), "old", "new")
    known = [c for c in found.groups if c.outcome in ("would repay", "would default")]
    assert all("selective labels" in (c.reason or "") for c in known)
    assert all(np.isnan(c.net.value) for c in known)
    assert any("nobody can gain" in n for n in found.notes)
    assert found.everyone.reason is None


def test_undecided_stand_apart() -> None:
    """Rows undecided in either are counted by group and in no rate."""
    frame = LOANS.assign(new=LOANS.new.mask(LOANS.index == 0, "withdrawn"))
    roles = {**ROLES, "unfavorable": {"decision": "no"}}
    found = audit.who_changes(audit.read(frame, **roles), "old", "new")
    women = next(c for c in found.groups if c.group == ("f",) and c.outcome == "all")
    assert (found.undecided, women.undecided, women.rows, women.gained) == (1, 1, 4, 1)
    assert "1 undecided in either stand apart" in found.summary()


def test_counts_equal_repeated_rows() -> None:
    """`count` gives what repeating the rows gives, intervals included."""
    times = np.array([1, 3, 2, 0, 4, 1, 2, 5, 1, 3, 1, 2])
    counted = audit.who_changes(LOANS.assign(k=times), "old", "new", count="k", **ROLES)
    repeated = audit.who_changes(LOANS.loc[LOANS.index.repeat(times)], "old", "new", **ROLES)
    left, right = counted.to_dict(), repeated.to_dict()
    assert left == right


def test_weights_scale() -> None:
    """Multiplying every weight by 1000 changes nothing; equal weights give the plain numbers."""
    rng = np.random.default_rng(4)
    weight = rng.uniform(0.5, 2, len(LOANS))
    one, two, plain = (
        audit.who_changes(LOANS.assign(w=w), "old", "new", weight="w", **ROLES).to_frame()
        for w in (weight, 1000 * weight, np.full(len(LOANS), 3.0))
    )
    numbers = one.select_dtypes("number").columns
    np.testing.assert_allclose(one[numbers].astype(float), two[numbers].astype(float), rtol=1e-9)
    bare = audit.who_changes(table(), "old", "new").to_frame()
    numbers = numbers.drop("p_value")  # weighted: the score test
    np.testing.assert_allclose(plain[numbers].astype(float), bare[numbers].astype(float), atol=1e-9)


def test_effective_pairs_by_hand() -> None:
    """Weights 1 1 2 4 of (gain, lose, keep, deny): V = Σw²(d - D)²/64 with D = 0."""
    b, c, n = effective_pairs(1.0, 1.0, 8.0, 1.0, 1.0, 22.0)
    # s² = 2/8, V = (1 + 1)/64: n = 8, and Kish = 64/22 is smaller
    assert (float(b), float(c), float(n)) == pytest.approx((4 / 11, 4 / 11, 32 / 11))


def test_weighted_interval_covers() -> None:
    """Where weights follow the change, at least 93 % of 2,000 samples are covered at 95 %."""
    rng = np.random.default_rng(1)
    gains = rng.random((2000, 400)) < 0.15
    losses = (rng.random((2000, 400)) < 0.1) & ~gains
    weight = np.where(gains, 0.5, 2.0) * rng.uniform(0.5, 1.5, gains.shape)
    b, c, w = ((weight * m).sum(1) for m in (gains, losses, np.ones_like(gains)))
    b2, c2, w2 = ((weight**2 * m).sum(1) for m in (gains, losses, np.ones_like(gains)))
    true = (0.15 * 0.5 - 0.085 * 2) / (0.15 * 0.5 + 0.85 * 2)
    low, high = paired_interval(*effective_pairs(b, c, w, b2, c2, w2, 400))
    assert np.mean((low <= true) & (true <= high)) >= 0.93


def test_repeated_applicants_widen() -> None:
    """Every applicant four times: the block jackknife is near the interval of one row each."""
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"sex": rng.choice(["f", "m"], 300), "who": np.arange(300)})
    rows["old"] = rng.random(300) < 0.5
    rows["new"] = np.where(rng.random(300) < 0.3, ~rows.old, rows.old)
    four = pd.concat([rows] * 4, ignore_index=True)
    once = audit.who_changes(rows, "old", "new", protected="sex").everyone.net
    naive = audit.who_changes(four, "old", "new", protected="sex").everyone.net
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = audit.who_changes(four, "old", "new", protected="sex", cluster="who")
    kept = found.everyone.net
    assert found.everyone.method == "block jackknife"
    assert kept.high - kept.low == pytest.approx(once.high - once.low, rel=0.3)
    assert kept.high - kept.low > 1.5 * (naive.high - naive.low)


def test_overlapping_groups_leave_shared_rows_out() -> None:
    """A group is compared with the reference's rows that are not in it."""
    frame = pd.DataFrame(
        {"a": [True] * 6 + [False] * 2, "b": [False] * 4 + [True] * 4,
         "old": [0, 0, 1, 1, 0, 0, 1, 1], "new": [1, 0, 1, 0, 1, 1, 1, 0]}
    )  # fmt: skip
    roles = {"protected": {"race": {"A": "a", "B": "b"}}, "reference": {"race": "A"}}
    found = audit.who_changes(frame, "old", "new", favorable=1, **roles)
    gap = next(g for g in found.gaps if g.group == ("B",))
    assert (gap.rows, gap.reference_rows) == (4, 4)  # rows 4-7 against rows 0-3
    assert gap.change.value == pytest.approx((2 - 1) / 4 - (1 - 1) / 4)


# --- laws -----------------------------------------------------------------------------------

cases = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.booleans(), min_size=n, max_size=n) for _ in range(2)),
        st.lists(st.integers(0, 2), min_size=n, max_size=n),
        st.lists(st.integers(0, 2), min_size=n, max_size=n),
        st.lists(st.floats(0.1, 10), min_size=n, max_size=n),
    )
)


@settings(max_examples=30, deadline=None)
@given(cases, st.booleans())
def test_swapping_swaps(case, weighted: bool) -> None:
    """Gains less losses is the net; exchanging the decisions exchanges gains and losses."""
    one, two, codes, outcome, weights = case
    weight = np.array(weights) if weighted else None
    there = change_table(one, two, codes, ["a", "b", None], outcome, weight)
    back = change_table(two, one, codes, ["a", "b", None], outcome, weight)
    for a, b in zip(there.groups, back.groups, strict=True):
        assert (a.gained, a.lost, a.kept, a.denied) == (b.lost, b.gained, b.kept, b.denied)
        assert a.gained + a.lost + a.kept + a.denied == a.rows
        if a.reason is None:
            assert a.net.value == pytest.approx(a.gained_share.value - a.lost_share.value, abs=1e-9)
            assert a.net.value == pytest.approx(a.after.value - a.before.value, abs=1e-9)
            assert (a.net.low, a.net.high) == pytest.approx((-b.net.high, -b.net.low), abs=1e-9)
            assert a.net.low - 1e-9 <= a.net.value <= a.net.high + 1e-9
            assert a.p_value == pytest.approx(b.p_value, abs=1e-9)
    for g, h in zip(there.gaps, back.gaps, strict=True):
        if g.reason is None and h.reason is None:
            assert g.change.value == pytest.approx(-h.change.value, abs=1e-9)
            assert g.change.value == pytest.approx(g.after.value - g.before.value, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(cases)
def test_groups_and_outcomes_add_up(case) -> None:
    """Groups sum to everyone, outcomes to all, whatever the order of rows."""
    one, two, codes, outcome, _ = case
    found = change_table(one, two, codes, ["a", "b", None], outcome)
    whole = found.groups[0]
    groups = [c for c in found.groups if c.group and c.outcome == "all"]
    outcomes = [c for c in found.groups if not c.group and c.outcome != "all"]
    for name in ("rows", "gained", "lost", "kept", "denied"):
        assert sum(getattr(c, name) for c in groups) == getattr(whole, name)
        assert sum(getattr(c, name) for c in outcomes) == getattr(whole, name)
    turned = change_table(one[::-1], two[::-1], codes[::-1], ["a", "b", None], outcome[::-1])
    assert repr(turned) == repr(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 100))
def test_paired_intervals_nest(b: int, c: int, rest: int) -> None:
    """A higher level holds a lower one's interval, within [-1, 1]."""
    if b + c + rest == 0:
        return
    limits = paired_interval(b, c, b + c + rest, np.array([0.5, 0.8, 0.95, 0.999]))
    for (low, high), (below, above) in pairwise(zip(*limits, strict=True)):
        assert -1 <= below <= low <= high <= above <= 1


# --- forms and faults -----------------------------------------------------------------------


def test_every_form_gives_the_same() -> None:
    """Columns, values, bools, labelled Series in another order, polars and lists agree."""
    held = table()
    want = audit.who_changes(held, "old", "new").to_dict()
    shuffled = LOANS.sample(frac=1, random_state=1)
    forms = [
        (LOANS.old, LOANS.new),
        (shuffled.old, shuffled.new),
        (LOANS.old == "yes", LOANS.new == "yes"),
        (LOANS.old.to_numpy(), list(LOANS.new)),
        (pl.Series("old", LOANS.old.tolist()), "new"),
        ((LOANS.old == "yes").to_numpy(), "new"),
    ]
    for before, after in forms:
        found = audit.who_changes(held, before, after).to_dict()
        assert {**found, "before": "", "after": ""} == {**want, "before": "", "after": ""}
    assert audit.who_changes(
        audit.read(pl.from_pandas(LOANS), **ROLES), "old", "new"
    ).to_dict() == (want)


def test_file_gives_the_same(tmp_path) -> None:
    """Decisions of a CSV file are read as the file's other labels are."""
    LOANS.to_csv(tmp_path / "loans.csv", index=False)
    found = audit.who_changes(str(tmp_path / "loans.csv"), "old", "new", **ROLES)
    assert found.to_dict() == audit.who_changes(table(), "old", "new").to_dict()


def test_record_holds_no_rows() -> None:
    """`to_dict` is JSON without row numbers; the frame has one row a group and outcome."""
    found = audit.who_changes(table(), "old", "new")
    told = json.loads(json.dumps(found.to_dict()))
    assert "rows" not in told
    assert len(found.to_frame()) == len(told["groups"]) == 3 * 4
    assert "Changes of 12 decisions" in repr(found)
    assert found.summary().startswith(
        "From old to new, 3 of 12 people gain an approval and 3 lose one"
    )


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("MIT303", [True] * 11, "new"),
        ("MIT303", 3, "new"),
        ("MIT303", [None, *["yes"] * 11], "new"),
        ("TBL014", "odl", "new"),
        ("TBL023", ["maybe", *["nay"] * 11], "new"),
        ("TBL025", ["yes", "no", "perhaps", *["no"] * 9], "new"),
        ("TBL024", "old", np.linspace(0.1, 0.9, 12)),
    ],
)
def test_bad_decisions_are_named(code: str, before, after) -> None:
    """One coded error that names the argument and what to do."""
    with pytest.raises(InputError) as told:
        audit.who_changes(table(), before, after)
    if code != "TBL014":
        assert told.value.code == code
    assert told.value.argument in ("before", "after", "favorable")
    assert told.value.fix


def test_other_faults_are_named() -> None:
    """Attributes, kinds and engines."""
    import duckdb

    with pytest.raises(InputError, match="MIT304"):
        audit.who_changes(table(), "old", "new", attribute="race")
    with pytest.raises(InputError, match="MIT305"):
        audit.who_changes(table(), "old", "new").rows("won")
    with pytest.raises(InputError, match="MIT305"):
        audit.who_changes(table(), "old", "new").rows("gained", group="x")
    with pytest.raises(InputError, match="RUN001"):
        audit.who_changes(table(), "old", "new", protected="sex")
    with pytest.raises(InputError, match="favorable"):
        audit.who_changes(LOANS, "old", "new", protected="sex")
    with pytest.raises(InputError, match="MIT301"):
        change_table([1, 0], [1, 0], [0, 3], ["a"])
    with pytest.raises(InputError, match=r"MIT303.*where"):
        audit.who_changes(table(where="score < 0.8"), LOANS.old == "yes", "new")
    with pytest.raises(InputError, match="INF001"):
        audit.who_changes(table(), "old", "new", level=95)
    relation = duckdb.from_df(LOANS)
    with pytest.raises(InputError, match="MIT302"):
        audit.who_changes(audit.read(relation, **ROLES), "old", "new")


def test_inputs_stay_as_they_are() -> None:
    """Nothing the caller gave is changed."""
    frame, old, new = LOANS.copy(), LOANS.old.copy(), (LOANS.new == "yes").to_numpy()
    audit.who_changes(audit.read(frame, **ROLES), old, new)
    pd.testing.assert_frame_equal(frame, LOANS)
    pd.testing.assert_series_equal(old, LOANS.old)
