"""Groups that overlap, counted: patterns are cells, groups their sums, everyone once."""

import json
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import audit
from audit.errors import InputError
from audit.metrics.metric import Counts
from audit.table.roles import NONE_OF_THEM, Roles
from audit.tally.canonical import roles_record
from audit.tally.columns import by_column
from audit.tally.cube import cells, everyone
from audit.tally.file import from_dict, to_dict
from audit.tally.overlap import apart, belonging, pooled, share_rows

pytestmark = pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")

MEMBERS = {"race": {"White": "w", "Black": "b", "Asian": "a"}}
ROLES = {
    "protected": ["sex", MEMBERS], "decision": "ok", "outcome": "paid", "score": "points",
    "favorable": {"decision": 1, "outcome": 1},
}  # fmt: skip


def frame(number: int = 300, seed: int = 0) -> pd.DataFrame:
    """People in several groups, in one, in none."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "w": (draw.random(number) < 0.6).astype(int),
            "b": draw.random(number) < 0.35,
            "a": (draw.random(number) < 0.15).astype(float),
            "sex": draw.choice(["f", "m"], number),
            "ok": (draw.random(number) < 0.6).astype(int),
            "paid": (draw.random(number) < 0.7).astype(int),
            "points": draw.integers(0, 40, number) / 40,
            "weight": draw.integers(1, 5, number) * 0.5,
        }
    )


def test_groups_are_sums_of_patterns_by_hand() -> None:
    """Five people: two White, one of them Black too, one Black, one in none; rates in fractions."""
    rows = {"w": [1, 1, 0, 0, 0], "b": [0, 1, 1, 1, 0], "ok": [1, 0, 1, 0, 1]}
    told = {"race": {"White": "w", "Black": "b"}}
    tally = audit.count(rows, protected=told, decision="ok", favorable=1)
    (found,) = cells(tally, ("race",))
    assert found.groups == (("White",), ("Black",), (NONE_OF_THEM,))
    counted = Counts(found.n)
    assert counted.everyone.tolist() == [2, 3, 1]
    rates = [
        Fraction(int(a), int(d)) for a, d in zip(counted.approved, counted.decided, strict=True)
    ]
    assert rates == [Fraction(1, 2), Fraction(1, 3), Fraction(1, 1)]
    assert int(everyone(found).sum()) == int(cells(tally, ())[0].n.sum()) == 5
    assert found.parts is not None
    rest = found.parts.without(1, 0)  # White, not also Black
    assert int(found.parts.n[rest].sum()) == 1
    assert found.parts.shared().sum() == 1


def test_each_group_has_its_rows_and_crossings_too() -> None:
    """Every cell against a filter of the rows."""
    rows = frame()
    tally = audit.count(rows, **ROLES)
    (found,) = cells(tally, ("sex", "race"))
    names = {"White": rows.w == 1, "Black": rows.b, "Asian": rows.a == 1}
    names[NONE_OF_THEM] = ~(names["White"] | names["Black"] | names["Asian"])
    for group, n in zip(found.groups, found.n, strict=True):
        here = rows[(rows.sex == group[0]) & names[group[1]]]
        assert int(n.sum()) == len(here)
        assert int(n[0].sum()) == int(here.ok.sum())
        assert int(n[0, 1].sum()) == int(((here.ok == 1) & (here.paid == 0)).sum())
    assert int(everyone(found).sum()) == len(rows)


def test_every_engine_counts_the_same(tmp_path) -> None:
    """pandas = polars = polars lazy = DuckDB = Parquet = CSV, to the last count."""
    import duckdb

    rows = frame()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    eager = pl.from_pandas(rows)
    connection = duckdb.connect()  # held: its relations end with it
    sources = [
        rows, eager, eager.lazy(), connection.from_df(rows), eager.to_arrow(),
        str(tmp_path / "rows.csv"), str(tmp_path / "rows.parquet"),
    ]  # fmt: skip
    whole = [audit.count(source, **ROLES) for source in sources]
    for one in whole[1:]:
        assert one.fingerprint == whole[0].fingerprint
        assert one.axes == whole[0].axes
        assert one.issues == whole[0].issues
        for mine, theirs in zip(one.cubes, whole[0].cubes, strict=True):
            assert np.array_equal(mine.count, theirs.count)
            assert all(np.allclose(v, theirs.sums[k], rtol=1e-12) for k, v in mine.sums.items())


@given(st.data())
@settings(max_examples=25)
def test_parts_merge_to_the_whole(data) -> None:
    """Whatever patterns each part has, and in whatever order they come."""
    rows = frame(60, seed=data.draw(st.integers(0, 50)))
    cut = data.draw(st.integers(1, 59))
    roles = {k: v for k, v in ROLES.items() if k != "score"}
    parts = [audit.count(part, **roles) for part in (rows[:cut], rows[cut:])]
    whole = audit.count(rows, **roles)
    for order in (parts, parts[::-1]):
        merged = audit.merge(order)
        assert merged.cubes == whole.cubes
        assert merged.fingerprint == whole.fingerprint
        assert merged.axes == whole.axes


def test_parts_must_name_the_same_columns() -> None:
    """Two codings of one attribute do not add up."""
    rows = frame(40)
    one = audit.count(rows, protected={"race": {"White": "w", "Black": "b"}}, decision="ok",
                      favorable=1)  # fmt: skip
    other = audit.count(rows, protected={"race": {"White": "b", "Black": "w"}}, decision="ok",
                        favorable=1)  # fmt: skip
    plain = audit.count(rows, protected="sex", decision="ok", favorable=1)
    for pair in ([one, other], [one, plain]):
        with pytest.raises(InputError, match="TLY201"):
            audit.merge(pair)


def test_a_tally_file_keeps_patterns_and_their_order(tmp_path) -> None:
    """Groups in the order told, patterns as tuples, "none" and missing apart."""
    rows = frame(80)
    rows.loc[3, "a"] = np.nan
    told = {"race": {"White": "w", "Asian": "a", "Black": "b"}}
    tally = audit.count(rows, protected=told, decision="ok", favorable=1)
    tally.save(tmp_path / "x.tally.json")
    again = audit.load_tally(tmp_path / "x.tally.json")
    assert again == tally
    groups = [g[0] for g in cells(again, ("race",))[0].groups]
    assert groups == ["White", "Asian", "Black", NONE_OF_THEM, None]


def test_an_attribute_of_one_column_leaves_no_trace_in_files() -> None:
    """Tallies of earlier versions keep their fingerprint, and files without the field load."""
    assert "overlapping" not in roles_record(Roles(protected=("sex",)))
    tally = audit.count(frame(20), protected="sex", decision="ok", favorable=1)
    assert "overlapping" not in to_dict(tally)["roles"]
    assert from_dict(json.loads(json.dumps(to_dict(tally)))) == tally


def test_a_pattern_of_unknown_groups_is_refused() -> None:
    """A file that was changed says so, and computes nothing."""
    tally = audit.count(frame(20), protected=MEMBERS, decision="ok", favorable=1)
    for level in (["Green"], "White", 3):
        record = json.loads(json.dumps(to_dict(tally)))
        record["axes"]["protected:race"]["levels"][0] = level
        with pytest.raises(InputError, match="TLY302"):
            from_dict(record)


def test_belonging_is_a_product_over_attributes() -> None:
    """A crossing belongs where both levels do."""
    roles = Roles(protected=("sex", "race"), overlapping={"race": (("W", "w"), ("B", "b"))})
    own = belonging(roles, ("sex", "race"), [("f", "m"), (("B",), ("W", "B"), None)])
    assert own.groups[:3] == (("f", "W"), ("f", "B"), ("f", None))
    assert own.members is not None
    assert own.members.astype(int).tolist()[0] == [0, 1, 0, 0, 0, 0]
    assert own.members.astype(int).tolist()[1] == [1, 1, 0, 0, 0, 0]
    assert own.named.tolist() == [True, True, False] * 2
    plain = belonging(roles, ("sex",), [("f", "m")])
    assert plain.members is None


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("weight", [None, "weight"])
def test_distributions_of_groups_are_those_of_their_rows(exact, weight) -> None:
    """Values, counts, sums and missing ones against the same rows read as a plain column."""
    rows = frame()
    rows.loc[::17, "points"] = np.nan
    roles = {**ROLES, "weight": weight}

    def found(part, protected):
        table = audit.read(part, **{**roles, "protected": protected})
        tally = audit.count(table)
        return {(d.attribute, d.group): d for d in
                by_column(table if exact else None, tally)["points"]}  # fmt: skip

    mine = found(rows, MEMBERS)
    black = mine[("race",), ("Black",)]
    against = apart(mine[("race",), ("White",)], black)
    assert share_rows([black, mine[("race",), ("White",)]])
    for one, part in ((black, rows[rows.b]), (against, rows[(rows.w == 1) & ~rows.b])):
        other = found(part.assign(all=1), "all")[("all",), (1,)]
        held = one.by_value > 0 if not exact else np.ones(len(one.values), bool)
        here = other.by_value > 0 if not exact else np.ones(len(other.values), bool)
        assert np.array_equal(one.values[held], other.values[here])
        assert np.allclose(one.counts[held], other.counts[here], rtol=1e-12)
        assert (one.rows, one.missing) == (other.rows, other.missing)
        for name in ("total", "sum", "sum_squares", "weight_squared"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-12)


def test_pooling_one_changes_nothing_and_taking_all_away_leaves_nobody() -> None:
    """The two ends of `pooled` and `apart`."""
    rows = frame(50).assign(b=True)  # everyone is Black, so White is within Black
    table = audit.read(rows, **ROLES)
    by_group = {d.group: d for d in by_column(table, audit.count(table))["points"]}
    one = by_group["White",].parts[0]
    again = pooled([one], ("x",))
    assert np.array_equal(again.counts, one.counts)
    nobody = apart(by_group["White",], by_group["Black",])
    assert (nobody.rows, len(nobody.values), nobody.total) == (0, 0, 0.0)
