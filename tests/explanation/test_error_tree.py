"""Where a model errs: planted places are found, chance is not, and nothing is flattered."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier

import audit
from audit.explanation.applicants import applicants
from audit.explanation.error_tree import error_tree
from audit.explanation.scored import scored
from explanation import credit


def people(rows: int = 3_000, seed: int = 0, planted: float = 0.7) -> pd.DataFrame:
    """Half of those who would repay are young women in a small flat; they are denied more."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], rows),
            "age": rng.integers(20, 60, rows),
            "home": rng.choice(["flat", "house"], rows),
            "noise": rng.normal(size=rows),
            "repaid": rng.integers(0, 2, rows),
        }
    )
    place = (frame["age"] < 30) & (frame["home"] == "flat")
    denied = np.where(place, planted, 0.2)
    frame["approved"] = (rng.random(rows) >= denied).astype(int)
    return frame


def tree(frame: pd.DataFrame, **roles: Any) -> Any:
    told = {"protected": ["sex"], "outcome": "repaid", "decision": "approved"} | roles
    read = audit.read(
        frame, features=["age", "home", "noise"], favorable={"outcome": 1, "decision": 1}, **told
    )

    def model(rows: pd.DataFrame) -> Any:
        return rows["age"] / 100.0

    who = applicants(model, read)
    return error_tree(who, scored(model, who, 1))


def test_a_planted_place_is_named_first() -> None:
    """Young people in flats: the rule names both, and its interval leaves the overall rate out."""
    leaf = tree(people())[0]
    assert leaf["kind"] == "denied, though they would have repaid"
    ages = [int(age) for age in re.findall(r"age (?:at most|\d+ to) (\d+)", leaf["rule"])]
    assert max(ages) <= 29
    assert "home is flat" in leaf["rule"] or "home is not house" in leaf["rule"]
    assert leaf["beyond_chance"]
    assert leaf["low"] > leaf["overall"]
    assert leaf["low"] < 0.7 < leaf["high"]


def test_the_worst_leaf_is_told_by_group() -> None:
    """Its groups add up to its rows, each with Wilson's limits."""
    first, *rest = tree(people())
    assert sum(g["rows"] for g in first["groups"]) == first["rows"]
    group = first["groups"][0]
    x = round(group["value"] * group["rows"])
    low, high = audit.inference.rate_interval(x, group["rows"])
    assert (group["low"], group["high"]) == pytest.approx((float(low), float(high)))
    assert all(leaf["groups"] == () for leaf in rest)


def test_leaves_partition_the_other_half() -> None:
    """Rows of one kind's leaves are the judged rows, and their mean is the overall rate."""
    leaves = tree(people())
    for kind in {leaf["kind"] for leaf in leaves}:
        own = [leaf for leaf in leaves if leaf["kind"] == kind]
        mean = np.average([f["value"] for f in own], weights=[f["rows"] for f in own])
        assert mean == pytest.approx(own[0]["overall"])


def test_chance_is_seldom_called_a_place() -> None:
    """Over 20 samples without any place, about one in twenty is called one."""
    called = 0
    for seed in range(20):
        leaves = tree(people(800, seed, planted=0.2))
        called += any(leaf["beyond_chance"] for leaf in leaves)
    assert called <= 4


def test_protected_attributes_may_be_named() -> None:
    """A place that only the attribute tells is told by it."""
    frame = people(planted=0.2)
    rng = np.random.default_rng(1)
    frame["approved"] = (rng.random(len(frame)) > np.where(frame["sex"] == "f", 0.6, 0.2)).astype(
        int
    )
    leaf = tree(frame)[0]
    assert "sex is f" in leaf["rule"] or "sex is not m" in leaf["rule"]


def test_selective_outcomes_are_refused() -> None:
    """EXP320: what those denied would have done is not known."""
    frame = people()
    frame["repaid"] = frame["repaid"].where(frame["approved"] == 1)
    with pytest.raises(audit.InputError, match="outcomes are known of 0 % of those denied"):
        tree(frame)


def test_missing_values_and_weights_are_counted() -> None:
    """A missing number is a place of its own; weights of 2 change no rate."""
    frame = people().assign(w=2.0)
    gone = np.random.default_rng(2).random(len(frame)) < 0.2
    frame["approved"] = np.where(gone & (frame.index % 10 < 8), 0, frame["approved"])
    frame["noise"] = frame["noise"].mask(gone)
    plain, weighted = tree(frame), tree(frame, weight="w")
    assert any("noise is (missing)" in leaf["rule"] for leaf in plain)
    assert [f["value"] for f in plain] == pytest.approx([f["value"] for f in weighted])
    assert [f["low"] for f in plain] == pytest.approx([f["low"] for f in weighted])


def test_costly_parts_are_made_or_listed() -> None:
    """thorough=False names what it leaves out; with few rows all are made."""
    frame = credit.applicants(500)
    model = GradientBoostingClassifier(n_estimators=8, random_state=0)
    model.fit(frame[credit.NUMBERS], frame["default"])
    table = audit.read(
        frame, model=model, approval_rate=0.6, features=credit.NUMBERS, **credit.ROLES
    )
    made = audit.explain(model, table)
    assert {"unawareness", "reasons", "recourse"} <= set(made.more)
    assert "errors" in made.more or any(u.part == "errors" for u in made.unavailable)
    assert made.more["recourse"]["looked"] <= 100
    assert made.more["recourse"]["summary"].startswith("A change of at most 3")
    quick = audit.explain(model, table, thorough=False)
    assert not {"unawareness", "reasons", "recourse", "errors"} & set(quick.more)
    assert any("not made on 500 rows (thorough=False): unawareness" in n for n in quick.notes)
    assert quick.gap == made.gap
    with pytest.raises(audit.InputError, match="EXP006"):
        audit.explain(model, table, thorough="yes")  # type: ignore[arg-type]
