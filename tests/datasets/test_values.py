"""Values that the literature, or the data's own code books, give for the bundled data."""

import json

import numpy as np
import pandas as pd
import pytest

from audit import datasets


def test_german_credit_gap_by_age() -> None:
    """Good loans: people under 26 minus 26 and over is −0.149448."""
    frame = datasets.load("german_credit").frame
    good = frame["class"] == "good"
    gap = good[frame["age"] < 26].mean() - good[frame["age"] >= 26].mean()
    assert gap == pytest.approx(-0.149448, abs=5e-7)


def test_german_labels_are_the_codes_through_the_corrected_code_table() -> None:
    """Corrected labels equal the published codes mapped by codes.json, cell by cell."""
    codes = datasets.load("german_credit", labels="statlog")
    labels = datasets.load("german_credit")
    book = json.loads((datasets.folder("german_credit") / "codes.json").read_text(encoding="utf-8"))
    mapped = codes.frame.copy()
    for column, meaning in book.items():
        mapped[column] = codes.frame[column].astype(str).map(meaning)
    pd.testing.assert_frame_equal(mapped, labels.frame, check_dtype=False)
    assert codes.roles["favorable"] == {"outcome": 1}


def test_taiwan_rates_by_sex() -> None:
    """No default: .7583 of men, .7922 of women (Yeh and Lien 2009)."""
    frame = datasets.load("taiwan_credit").frame
    kept = (frame["default"] == 0).groupby(frame["sex"]).mean()
    assert kept["male"] == pytest.approx(0.7583, abs=5e-5)
    assert kept["female"] == pytest.approx(0.7922, abs=5e-5)


def test_taiwan_keeps_undocumented_codes_apart() -> None:
    """Undocumented codes stay groups of their own and are counted in the notes."""
    taiwan = datasets.load("taiwan_credit")
    education = taiwan.frame["education"].value_counts()
    assert [education[f"unknown ({c})"] for c in (0, 5, 6)] == [14, 280, 51]
    assert len([n for n in taiwan.notes if "undocumented" in n]) == 4
    assert int(taiwan.frame.drop(columns="id").duplicated().sum()) == 35


def test_boston_approvals_by_race() -> None:
    """Approved: .9084 White, .6751 Black, .7658 Hispanic."""
    frame = datasets.load("boston_mortgages").frame
    rates = frame.groupby("race")["approve"].mean().round(4)
    assert rates.to_dict() == {"White": 0.9084, "Black": 0.6751, "Hispanic": 0.7658}


@pytest.mark.parametrize(
    ("column", "code", "rows"),
    [
        ("appinc", 666, 21),
        ("cototinc", 666, 2),
        ("hexp", 666, 1),
        ("gdlin", 666, 2),
        ("review", 999, 223),
        ("liq", 1_000_000, 9),
        ("term", 999_999.375, 4),
        ("lines", 999_999.375, 1),
    ],
)
def test_boston_sentinels_are_missing_and_counted(column: str, code: float, rows: int) -> None:
    """A code for "no value" is missing after loading; notes and card say how many there were."""
    boston = datasets.load("boston_mortgages")
    assert not (boston.frame[column] == code).any()
    assert int(boston.frame[column].isna().sum()) == rows
    assert any(n.startswith(f"{column}: {rows} row") for n in boston.notes)
    assert f"| {column} | {code:.12g} | {rows} |" in boston.card


def test_boston_reproduces_wooldridge() -> None:
    """approve on white: .2006 (se .0198); with controls .1288 (se .0197) on 1,971 rows."""
    frame = datasets.load("boston_mortgages").frame
    controls = (
        "hrat obrat loanprc unem male married dep sch cosign chist pubrec mortlat1 mortlat2 vr"
    )
    for names, rows, slope, error in (
        (["white"], 1989, 0.2006, 0.0198),
        (["white", *controls.split()], 1971, 0.1288, 0.0197),
    ):
        used = frame[["approve", *names]].dropna().to_numpy(dtype=float)
        y, x = used[:, 0], np.column_stack([np.ones(len(used)), used[:, 1:]])
        beta, *_ = np.linalg.lstsq(x, y)
        left = y - x @ beta
        variance = left @ left / (len(y) - x.shape[1]) * np.linalg.inv(x.T @ x)
        assert len(used) == rows
        assert beta[1] == pytest.approx(slope, abs=5e-5)
        assert np.sqrt(variance[1, 1]) == pytest.approx(error, abs=5e-5)


def test_compas_error_rates_are_propublica_s() -> None:
    """FPR 44.9/23.5 and FNR 28.0/47.7 (ProPublica 2016), whose positive class is recidivism."""
    frame = datasets.load("compas").frame
    clean, again = frame[frame["two_year_recid"] == 0], frame[frame["two_year_recid"] == 1]
    wrongly_flagged = clean.groupby("race")["flagged"].mean()
    missed = 1 - again.groupby("race")["flagged"].mean()
    assert wrongly_flagged["African-American"] == pytest.approx(0.4485, abs=5e-5)
    assert wrongly_flagged["Caucasian"] == pytest.approx(0.2345, abs=5e-5)
    assert missed["African-American"] == pytest.approx(0.2799, abs=5e-5)
    assert missed["Caucasian"] == pytest.approx(0.4772, abs=5e-5)
    assert not set(frame.columns) & {"name", "first", "last", "dob", "c_case_number"}


def test_adult_income_rates() -> None:
    """Over 50,000 dollars: .2393 of all, .1093 of women, .3038 of men; 45,222 rows complete."""
    frame = datasets.load("adult_income").frame
    rich = frame["income"] == ">50K"
    assert rich.mean() == pytest.approx(0.2393, abs=5e-5)
    by_sex = rich.groupby(frame["sex"]).mean()
    assert by_sex["Female"] == pytest.approx(0.1093, abs=5e-5)
    assert by_sex["Male"] == pytest.approx(0.3038, abs=5e-5)
    assert int(frame.notna().all(axis=1).sum()) == 45222


def test_fico_counts_give_back_totals_base_rates_and_auc() -> None:
    """Totals exact; base rates within a person of the curves'; AUC .925 .898 .894 .899."""
    frame = datasets.load("fico_scores").frame
    assert (frame["count"] > 0).all()
    expected = {
        "White": (133165, 0.75867373, 0.925),
        "Black": (18274, 0.33655061, 0.898),
        "Hispanic": (14702, 0.56811336, 0.894),
        "Asian": (7906, 0.80684994, 0.899),
    }
    for race, (total, base_rate, auc) in expected.items():
        group = frame[frame["race"] == race]
        cells = group.pivot_table("count", "score", "outcome", aggfunc="sum", fill_value=0)
        good, bad = cells["good"].to_numpy(), cells["bad"].to_numpy()
        assert good.sum() + bad.sum() == total
        assert abs(good.sum() - base_rate * total) < 1
        below = np.concatenate([[0], np.cumsum(bad)[:-1]])
        area = (good * (below + bad / 2)).sum() / (good.sum() * bad.sum())
        assert area == pytest.approx(auc, abs=6e-4)
