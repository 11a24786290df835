"""Did you mean …? Only what is near; otherwise the list."""

from __future__ import annotations

import pytest

from audit.table.wording import nearest_words, suggestion


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("protcted", "protected"),  # a letter less
        ("sexx", "sex"),  # one more
        ("rnu", "run"),  # two swapped
        ("Race", "race"),
        ("loan type", "loan_type"),
        ("german", "german_credit"),  # the beginning
        ("germany", "german_credit"),  # nearly a word of it
        ("demographic_party_diference", "demographic_parity_difference"),
    ],
)
def test_a_slip_finds_its_word(typed: str, meant: str) -> None:
    assert nearest_words(typed, ["something_else", meant]) == [meant]


@pytest.mark.parametrize(
    ("typed", "known"),
    [("outcome", "income"), ("foo", "for"), ("age", "mortgage"), ("decision", "precision"),
     ("", "sex"), ("man", "male")],
)  # fmt: skip
def test_what_merely_shares_letters_is_not_proposed(typed: str, known: str) -> None:
    """difflib calls these alike; whoever typed one did not mean the other."""
    assert nearest_words(typed, [known]) == []
    assert suggestion(typed, [known]).startswith("it has ")
