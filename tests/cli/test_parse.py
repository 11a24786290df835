"""What is typed in the shell becomes values, in their columns' own types, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.cli import parse, shell
from audit.cli.settings import SETTINGS, Raw
from audit.errors import InputError


def read(key: str, *texts: str) -> object:
    return parse.read_flag(SETTINGS[key], texts)


def test_lists_are_split_at_commas_and_quotes_keep_one() -> None:
    assert read("protected", "sex,age", '"a, b"') == ("sex", "age", "a, b")


def test_cuts_keep_whole_numbers_whole_and_may_be_given_twice() -> None:
    assert read("bins", "age=26,40.5", "income=1000") == {"age": (26, 40.5), "income": (1000,)}


def test_a_piece_without_an_equals_sign_belongs_to_the_pair_before() -> None:
    assert read("reference", "age=[26, 40),sex=male") == {"age": "[26, 40)", "sex": "male"}


def test_values_by_part_and_several_by_bars() -> None:
    assert read("favorable", r"decision=1|2,outcome=a\|b") == {
        "decision": ("1", "2"),
        "outcome": ("a|b",),
    }
    assert read("favorable", "1|2") == ("1", "2")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("bins", "26,40"),
        ("bins", "age=40,26"),
        ("bins", "age=x"),
        ("bins", "age="),
        ("reference", "sex=a,sex=b"),
        ("amount", "limit=up"),
        ("cutoff", "nan"),
        ("cutoff", "inf"),
        ("min_rows", "30.5"),
    ],
)
def test_what_cannot_be_read_says_how_it_is_written(key: str, text: str) -> None:
    with pytest.raises(InputError, match="written like --") as caught:
        read(key, text)
    assert caught.value.code == "CLI004"
    assert caught.value.argument == key


def test_a_value_is_read_in_its_columns_type() -> None:
    """'1' is a number in a column of numbers, text in a column of text, true among booleans."""
    one = Raw("1")
    assert parse.typed(one, "integer", "c", "favorable") == 1
    assert type(parse.typed(one, "number", "c", "favorable")) is float
    assert parse.typed(one, "text", "c", "favorable") == "1"
    assert parse.typed(one, "boolean", "c", "favorable") is True


def test_what_was_not_typed_in_a_shell_keeps_its_type() -> None:
    assert parse.typed("1", "integer", "c", "favorable") == "1"


def test_a_value_the_column_cannot_hold_is_refused_with_those_it_holds() -> None:
    with pytest.raises(InputError, match="one of 0, 1"):
        parse.typed(Raw("yes please"), "integer", "approved", "favorable", (0, 1))


names = st.text("abcxyz_ .-", min_size=1).map(str.strip).filter(bool)


@given(st.lists(names, min_size=1, max_size=4))
def test_names_survive_the_shell_and_back(columns: list[str]) -> None:
    """The command shown for settings gives the same settings when it is run."""
    words = shell.words("run", {"strata": tuple(columns)})
    assert parse.split(words[-1]) == columns


values = st.text("ab|,= 1", min_size=1).map(str.strip).filter(bool)


@given(st.lists(values, min_size=1))
def test_values_survive_the_shell_and_back(several: list[str]) -> None:
    words = shell.words("run", {"favorable": tuple(several)})
    assert list(parse.alternatives(words[-1])) == several
