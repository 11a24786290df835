"""The bundled data through `audit.run`: published values come out of the ready roles."""

import pytest

import audit
from audit import datasets

pytestmark = pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")  # small groups, points


def _value(result: audit.Audit, metric: str, **fields: object) -> float:
    (estimate,) = result.record.estimates.where(metric=metric, stratum=None, stage=None, **fields)
    return estimate.value


@pytest.mark.parametrize("labels", ["corrected", "statlog"])
def test_german_credit_base_rate_difference(labels: str) -> None:
    """(-inf, 26) against [26, inf): −0.149448."""
    data = datasets.load("german_credit", labels=labels)
    result = audit.run(data.frame, **data.roles)
    gap = _value(
        result,
        "base_rate_difference",
        attribute=("age",),
        group=("(-inf, 26)",),
        reference=("[26, inf)",),
    )
    assert gap == pytest.approx(-0.149448, abs=5e-7)


def test_boston_selection_rates() -> None:
    """.9084 White, .6751 Black, .7658 Hispanic."""
    data = datasets.load("boston_mortgages")
    result = audit.run(data.frame, **data.roles)
    for race, rate in {"White": 0.9084, "Black": 0.6751, "Hispanic": 0.7658}.items():
        value = _value(result, "selection_rate", attribute=("race",), group=(race,))
        assert value == pytest.approx(rate, abs=5e-5)


def test_taiwan_base_rates() -> None:
    """No default: .7583 men, .7922 women."""
    data = datasets.load("taiwan_credit")
    result = audit.run(data.frame, **data.roles)
    for sex, rate in {"male": 0.7583, "female": 0.7922}.items():
        value = _value(result, "base_rate", attribute=("sex",), group=(sex,))
        assert value == pytest.approx(rate, abs=5e-5)


def test_compas_error_rates() -> None:
    """ProPublica's FPR is our FNR, and the other way round."""
    data = datasets.load("compas")
    result = audit.run(data.frame, **data.roles)
    for race, fnr, fpr in (
        ("African-American", 0.4485, 0.2799),
        ("Caucasian", 0.2345, 0.4772),
    ):
        at = {"attribute": ("race",), "group": (race,)}
        assert _value(result, "false_negative_rate", **at) == pytest.approx(fnr, abs=5e-5)
        assert _value(result, "false_positive_rate", **at) == pytest.approx(fpr, abs=5e-5)


def test_adult_base_rates() -> None:
    """Over 50,000 dollars: .1093 women, .3038 men."""
    data = datasets.load("adult_income")
    result = audit.run(data.frame, **data.roles)
    for sex, rate in {"Female": 0.1093, "Male": 0.3038}.items():
        value = _value(result, "base_rate", attribute=("sex",), group=(sex,))
        assert value == pytest.approx(rate, abs=5e-5)


def test_fico_base_rates_and_auc() -> None:
    """Frequencies count: White .7587 Black .3366 Hispanic .5681 Asian .8068, with their AUC."""
    data = datasets.load("fico_scores")
    result = audit.run(data.frame, **data.roles)
    assert result.tally.rows == 174047
    for race, rate, auc in (
        ("White", 0.7587, 0.925),
        ("Black", 0.3366, 0.898),
        ("Hispanic", 0.5681, 0.894),
        ("Asian", 0.8068, 0.899),
    ):
        at = {"attribute": ("race",), "group": (race,)}
        assert _value(result, "base_rate", **at) == pytest.approx(rate, abs=1.1e-4)
        assert _value(result, "auc", **at) == pytest.approx(auc, abs=6e-4)


@pytest.mark.parametrize("labels", ["corrected", "statlog"])
def test_auditing_sex_on_german_credit_gives_a_coded_issue(labels: str) -> None:
    """The column is audited as asked, and the report says what it is not."""
    data = datasets.load("german_credit", labels=labels)
    roles = {k: v for k, v in data.roles.items() if k not in ("bins", "reference")}
    with pytest.warns(audit.DataWarning, match="TBL070"):
        result = audit.run(data.frame, **{**roles, "protected": ["personal_status_sex"]})
    assert "TBL070" in {issue.code for issue in result.issues}
