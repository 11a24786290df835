"""Metrics are found under their standard name, a peer's, or the law's."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import audit
from audit.errors import InputError
from audit.metrics import CATALOGUE, STANDARD, get, search
from audit.metrics.page import catalogue_page


@pytest.mark.parametrize("key", CATALOGUE)
def test_key_finds_itself(key: str) -> None:
    """A key wins over every alias."""
    assert get(key).key == key


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_full_alias_finds_one_metric(key: str) -> None:
    """ "peer:name" is never ambiguous."""
    for alias in CATALOGUE[key].aliases:
        assert get(alias).key == key, alias
        assert get(alias.partition(" (")[0]).key == key, alias


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("AIR", "disparate_impact_ratio"),
        ("adverse impact ratio", "disparate_impact_ratio"),
        ("Four-Fifths", "disparate_impact_ratio"),
        ("SMD", "standardized_mean_difference"),
        ("DPL", "base_rate_difference"),
        ("clarify:DPPL", "statistical_parity_difference"),
        ("DI", "disparate_impact_ratio"),
        ("DCAcc", "conditional_acceptance_difference"),
        ("DCR", "conditional_rejection_difference"),
        ("RD", "true_positive_rate_difference"),
        ("DAR", "predictive_parity_difference"),
        ("DRR", "negative_predictive_value_difference"),
        ("AD", "accuracy_difference"),
        ("SD", "true_negative_rate_difference"),
        ("TE", "treatment_equality_difference"),
        ("CI", "class_imbalance"),
        ("CDDL", "conditional_outcome_disparity"),
        ("CDDPL", "conditional_demographic_disparity"),
        ("tpr", "true_positive_rate"),
        ("for", "false_omission_rate"),
        ("pprev", "selection_rate"),
        ("ppr_disparity", "approvals_ratio"),
        ("aif360:equal_opportunity_difference", "true_positive_rate_difference"),
        ("fairlearn:equal_opportunity_difference", "equal_opportunity_difference"),
        ("equal_opportunity_difference", "equal_opportunity_difference"),
        ("false_positive_rate_difference", "predictive_equality_difference"),
        ("fairlearn:false_positive_rate_difference", "false_positive_rate_worst_difference"),
        ("mean difference", "statistical_parity_difference"),
        ("Recall", "true_positive_rate"),
    ],
)
def test_peers_and_the_law(name: str, key: str) -> None:
    """What others call it leads to the standard name."""
    assert get(name).key == key


def test_a_different_sign_is_noted() -> None:
    """Clarify subtracts the other way round, and the alias says so."""
    (alias,) = (a for a in get("DPPL").aliases if a.startswith("clarify:"))
    assert alias == "clarify:DPPL (reference − group)"


def test_unknown_name_suggests_near_ones() -> None:
    """A misspelling is refused with what was meant."""
    with pytest.raises(InputError, match="did you mean 'disparate_impact_ratio'"):
        get("disparate_impct_ratio")
    with pytest.raises(InputError) as caught:
        get("equal_opportunity_diference")
    assert str(caught.value).count("equal_opportunity_difference") == 1
    with pytest.raises(InputError, match="MET002"):
        get("")
    with pytest.raises(InputError, match="MET002"):
        get(3)  # type: ignore[arg-type]


def test_standard_is_in_the_catalogue() -> None:
    """What an audit estimates by default exists, each once."""
    assert len(set(STANDARD)) == len(STANDARD)
    assert set(STANDARD) <= set(CATALOGUE)


def test_catalogue_cannot_be_changed() -> None:
    """The catalogue is read-only."""
    with pytest.raises(TypeError):
        CATALOGUE["x"] = CATALOGUE["auc"]  # type: ignore[index]


def test_search_reads_every_word() -> None:
    """Search wants all words, anywhere."""
    assert "equal_opportunity_difference" in [m.key for m in search("opportunity worst")]
    assert search("no such words at all") == ()


@pytest.mark.parametrize("key", CATALOGUE)
def test_direction_is_consistent(key: str) -> None:
    """A best of 1 is harmed from below, a best of 0 of a rate from above (or both ways)."""
    metric = CATALOGUE[key]
    if metric.contrast is None and not math.isnan(metric.ideal) and metric.worse != "away":
        harmed = {0.0: ("higher", "lower"), 1.0: ("lower", "higher")}[metric.ideal]
        assert metric.worse in harmed


def test_page_is_the_catalogue() -> None:
    """docs/metrics.md is made from the catalogue; remake it after a change there."""
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    made = catalogue_page()
    assert page.read_text("utf-8") == made
    assert all(f"| `{key}`" in made for key in CATALOGUE)


def test_importing_metrics_loads_nothing_heavy() -> None:
    """The package is lazy, and its catalogue needs numpy alone."""
    script = (
        "import sys; from audit import metrics; "
        "metrics.CATALOGUE, metrics.demographic_parity_difference;"
        "heavy = {'pandas', 'polars', 'pyarrow', 'scipy', 'sklearn'} & set(sys.modules);"
        "sys.exit(f'{heavy}' if heavy else 0)"
    )
    source = str(Path(audit.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert done.returncode == 0, done.stderr
