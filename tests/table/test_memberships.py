"""Attributes told by membership: what is read, what is refused, on rows and in engines."""

import pandas as pd
import polars as pl
import pytest

from audit.errors import DataWarning, InputError
from audit.table.intake import read
from audit.table.roles import NONE_OF_THEM

RACE = {"race": {"White": "w", "Black": "b"}}
pytestmark = pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")


def rows(**more):
    return {"w": [1, 1, 0, 0], "b": [0, 1, 1, 0], "ok": [1, 0, 1, 1], **more}


def levels(source, **roles):
    table = read(source, **{"protected": RACE, "decision": "ok", "favorable": 1, **roles})
    return table.axes["protected:race"].levels


EXPECTED = ((), ("Black",), ("White",), ("White", "Black"))


@pytest.mark.parametrize("kind", [int, float, bool])
@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_the_pattern_of_a_row_is_its_level(frame, kind) -> None:
    """bool, 0/1 and 0.0/1.0 say the same, in memory and in an engine."""
    source = rows()
    source["w"], source["b"] = ([kind(v) for v in source[c]] for c in "wb")
    assert levels(frame(source)) == EXPECTED


@pytest.mark.parametrize("words", [("0", "1"), ("false", "true"), ("False", "True")])
def test_a_csv_may_say_it_in_words(tmp_path, words) -> None:
    """A CSV has no types: 0 and 1, true and false are read whatever their case."""
    path = tmp_path / "loans.csv"
    frame = pd.DataFrame(rows())
    for column in "wb":
        frame[column] = [words[v] for v in frame[column]]
    frame.to_csv(path, index=False)
    assert levels(str(path)) == EXPECTED


def test_a_parquet_file_and_duckdb_say_the_same(tmp_path) -> None:
    """One door for every source."""
    import duckdb

    frame = pd.DataFrame(rows())
    path = tmp_path / "loans.parquet"
    frame.to_parquet(path)
    connection = duckdb.connect()  # held: its relations end with it
    relation = connection.from_df(frame)
    assert levels(str(path)) == levels(relation) == EXPECTED


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.LazyFrame])
def test_a_missing_membership_is_the_missing_group(frame) -> None:
    """Whatever the other columns say: who is in which group is then not known."""
    source = frame(rows(w=[1.0, None, 0.0, 0.0]))
    assert levels(source) == ((), ("Black",), ("White",), None)
    with pytest.raises(InputError, match="TBL011") as found:
        levels(source, missing="error")
    assert found.value.count == 1
    if frame is pd.DataFrame:
        assert found.value.first == 1


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ([0.3, 1.0, 0.0, 0.0], "TBL020"),
        ([0.3, 0.9, 0.1, 0.5], "TBL020"),
        ([2, 1, 0, 0], "TBL045"),
        ([-1, 1, 0, 0], "TBL045"),
        ([0.3, 2, 0, 0], "TBL045"),
        (["yes", "no", "no", "no"], "TBL045"),
        (["1", "0", "0", "0"], "TBL045"),
        (["1", 0, 0, 0], "TBL045"),
    ],
)
def test_anything_else_is_refused(column, code) -> None:
    """Probabilities by a code of their own; the column, group, rows and first one are named."""
    source = pd.DataFrame(rows(w=column))
    with pytest.raises(InputError, match=code) as found:
        levels(source)
    assert found.value.argument == "protected"
    assert "'w'" in str(found.value)
    assert "'White'" in str(found.value)
    assert found.value.count
    assert found.value.first == 0


def test_an_engine_refuses_the_same() -> None:
    """Values that do not occur in memory's first rows are found by their counts."""
    with pytest.raises(InputError, match="TBL020"):
        levels(pl.LazyFrame(rows(w=[0.3, 1.0, 0.0, 0.0])))
    with pytest.raises(InputError, match="TBL045"):
        levels(pl.LazyFrame(rows(w=[2, 1, 0, 0])))


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ({"protected": {"race": {"White": "w", "Black": "w"}}}, "TBL004"),
        ({"protected": {"race": {"White": "w"}, "other": {"X": "w"}}}, "TBL004"),
        ({"protected": [RACE, "w"]}, "TBL004"),
        ({"protected": [RACE, RACE]}, "TBL004"),
        ({"protected": RACE, "strata": ["w"]}, "TBL004"),
        ({"protected": {"race": {"e\u0301": "w", "\u00e9": "b"}}}, "TBL004"),
        ({"protected": {"race": {"White": "ww"}}}, "TBL001"),
        ({"protected": {"race": {}}}, "TBL005"),
        ({"protected": {}}, "TBL005"),
        ({"protected": {"race": "w"}}, "TBL005"),
        ({"protected": {"race": None}}, "TBL005"),
        ({"protected": {"race": {1: "w"}}}, "TBL005"),
        ({"protected": {"race": {"": "w"}}}, "TBL005"),
        ({"protected": {"race": {"White": 1}}}, "TBL005"),
        ({"protected": {1: {"White": "w"}}}, "TBL005"),
        ({"protected": {"race": {NONE_OF_THEM: "w"}}}, "TBL005"),
        ({"protected": {"race": {str(i): str(i) for i in range(33)}}}, "TBL005"),
        ({"protected": RACE, "bins": {"race": [1]}}, "TBL005"),
        ({"protected": RACE, "reference": {"race": "Asian"}}, "TBL019"),
        ({"protected": RACE, "reference": {"race": None}}, "TBL019"),
    ],
)
def test_what_is_told_wrongly_is_refused_by_name(roles, code) -> None:
    """Before any row is read where the columns alone say so."""
    with pytest.raises(InputError, match=code):
        read(rows(), decision="ok", favorable=1, **roles)


def test_the_reference_is_a_group() -> None:
    """Never a pattern; those in no group may be declared, since nothing else can be one then."""
    told = {"decision": "ok", "favorable": 1}
    table = read(rows(), protected=RACE, reference="White", **told)
    assert table.roles.reference == {"race": "White"}
    assert table.roles.overlapping == {"race": (("White", "w"), ("Black", "b"))}
    rest = read(rows(), protected=RACE, reference={"race": NONE_OF_THEM}, **told)
    assert rest.roles.reference == {"race": NONE_OF_THEM}


def test_what_deserves_a_look_is_said() -> None:
    """How many are in several groups, in none, or unknown; and groups without rows."""
    source = rows(w=[1, 1, 0, None], a=[0, 0, 0, 0])
    source |= {"ok": [1, 0, 1, 1], "b": [0, 1, 0, 0]}
    told = {"protected": {"race": {"White": "w", "Black": "b", "Asian": "a"}}}
    with pytest.warns(DataWarning, match="TBL073"):
        table = read(source, decision="ok", favorable=1, **told)
    said = {i.code: i.message for i in table.issues}
    assert {"TBL050", "TBL058", "TBL072", "TBL073"} <= set(said)
    assert "1 row in several" in said["TBL072"]
    assert "'Asian'" in said["TBL058"]


def test_nothing_is_said_where_groups_share_nobody() -> None:
    """Disjoint memberships are an ordinary attribute."""
    table = read(rows(w=[1, 0, 0, 1]), protected=RACE, decision="ok", favorable=1)
    assert not {"TBL050", "TBL072", "TBL073"} & {i.code for i in table.issues}


@pytest.mark.parametrize("number", [5, 6, 10, 11, 20, 21, 32])
def test_many_groups_have_many_patterns(number) -> None:
    """Codes outgrow 8, 16 and 32 bits, and a table of all patterns; nothing else changes."""
    many = {f"g{i:02}": [i == r % number for r in range(96)] for i in range(number)}
    many["ok"] = [r % 2 for r in range(96)]
    members = {"group": {n.upper(): n for n in many if n != "ok"}}
    told = {"protected": members, "decision": "ok", "favorable": 1}
    memory, engine = (read(f(many), **told) for f in (pl.DataFrame, pl.LazyFrame))
    expected = tuple((f"G{i:02}",) for i in range(number))
    assert memory.axes["protected:group"].levels == expected
    assert engine.axes["protected:group"].levels == expected
