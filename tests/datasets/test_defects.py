"""Columns of German Credit whose labels mislead are recognised from any copy of the data."""

import pytest

from audit import datasets


def _rows(labels: str, column: str) -> dict[str, int]:
    frame = datasets.load("german_credit", labels=labels).frame
    return {str(k): int(n) for k, n in frame[column].value_counts().items()}


@pytest.mark.parametrize("labels", ["corrected", "statlog"])
def test_german_credit_has_no_sex(labels: str) -> None:
    """Auditing personal status as sex is answered with DAT101, with codes or with labels."""
    (issue,) = datasets.known_defects("personal_status_sex", _rows(labels, "personal_status_sex"))
    assert issue.code == "DAT101"
    assert issue.column == "personal_status_sex"
    assert "cannot be recovered" in issue.message


def test_a_derived_sex_column_is_recognised_by_its_counts() -> None:
    """310 against 690 is how every derived "sex" of German Credit comes out."""
    assert datasets.known_defects("sex", {"female": 310, "male": 690})[0].code == "DAT101"
    assert datasets.known_defects("Gender", {0: 310, 1: 690})[0].code == "DAT101"
    assert datasets.known_defects("product", {"a": 310, "b": 690}) == ()


def test_foreign_worker_codes_are_reversed() -> None:
    """The codes and any copy with 963 against 37 carry DAT102."""
    assert datasets.known_defects("foreign_worker", _rows("statlog", "foreign_worker"))[0].code == (
        "DAT102"
    )
    assert datasets.known_defects("foreign_worker", {"yes": 963, "no": 37})[0].code == "DAT102"


def test_the_corrected_foreign_worker_is_not_reversed() -> None:
    """With corrected labels (no 963, yes 37) nothing is wrong with the column."""
    assert datasets.known_defects("foreign_worker", _rows("corrected", "foreign_worker")) == ()


def test_other_data_is_left_alone() -> None:
    """Sex in Taiwan, race in Boston and a missing level raise nothing."""
    assert datasets.known_defects("sex", {"male": 11888, "female": 18112}) == ()
    assert datasets.known_defects("race", {"White": 1681, "Black": 197, "Hispanic": 111}) == ()
    assert datasets.known_defects("sex", {"m": 5, None: 2}) == ()
