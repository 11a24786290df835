"""Policy packs: ours say what the rules' sources say, a user's own is checked key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import InputError
from audit.findings.policies import load, names
from audit.findings.policies.pack import FOLDER
from audit.findings.rules import CODES
from audit.metrics.catalogue import CATALOGUE

OWN = """
schema = "audit.policy/1"
id = "our-bank"
date = "2026-12"
title = "Our bank"
summary = "Approval rates, crossed two by two."
reference_rule = "largest"
alpha = 0.01
min_share = 0.01

[[family]]
code = "BANK001"
title = "Approval-rate ratio"
metric = "disparate_impact_ratio"
line = 0.85
caution = 0.95
worst = "fail"
needs = ["decision"]
rule = "BANK101"
intersections = 2

[[rule]]
code = "BANK101"
title = "House line"
text = "Approve every group at 85 % of the reference's rate or more."
jurisdiction = "our bank"
source = "credit policy, section 4"
status = "in force"
status_date = "2026-12"
status_checked = true
"""


def test_three_packs_ship_and_us_credit_leads() -> None:
    """Every name loads, by itself and with its date."""
    assert names() == ("us-credit@2026-11", "nyc-ll144@2026-11", "research@2026-11")
    for name in names():
        assert load(name).name == name
        assert load(name.split("@")[0]) == load(name)
    assert load() == load("us-credit")
    assert load(load("research")) == load("research")


def test_us_credit_plans_ratio_then_scores_then_errors_for_review() -> None:
    """Families A, B and C with the lines of the plan."""
    families = load("us-credit").families
    assert [(f.letter, f.metric, f.line, f.caution, f.worst) for f in families] == [
        ("A", "disparate_impact_ratio", 0.8, 0.9, "fail"),
        ("B", "standardized_mean_difference", 0.3, 0.2, "fail"),
        ("C", "true_positive_rate_difference", 0.1, 0.05, "review"),
        ("C", "predictive_equality_difference", 0.1, 0.05, "review"),
    ]
    policy = load("us-credit")
    assert (policy.alpha, policy.min_share, policy.reference_rule) == (0.05, 0.02, "largest")


def test_research_decides_on_four_and_new_york_on_none() -> None:
    """The research pack lets all four fail; Local Law 144 has no pass mark."""
    research = load("research")
    assert [f.metric for f in research.families] == [
        "disparate_impact_ratio",
        "statistical_parity_difference",
        "true_positive_rate_difference",
        "predictive_equality_difference",
    ]
    assert {f.worst for f in research.families} == {"fail"}
    new_york = load("nyc-ll144")
    assert new_york.families == ()
    assert new_york.reference_rule == "highest-rate"


@pytest.mark.parametrize("name", names())
def test_a_pack_cites_known_metrics_and_unique_codes(name: str) -> None:
    """Every family's metric is in the catalogue, its code registered, its rule in the pack."""
    policy = load(name)
    codes = [r.code for r in policy.rules]
    assert len(set(codes)) == len(codes)
    for family in policy.families:
        assert CATALOGUE[family.metric].contrast
        assert family.rule in codes
        assert CODES[family.code].planned


@pytest.mark.parametrize("name", names())
def test_a_pack_never_acquits_or_condemns(name: str) -> None:
    """No pack says compliant, illegal or fair of a result."""
    text = (FOLDER / f"{name.replace('@', '-')}.toml").read_text("utf-8").casefold()
    for word in ("compliant", "illegal", " is fair", "unfair"):
        assert word not in text


@pytest.mark.parametrize(
    ("source", "status", "date", "checked"),
    [
        ("12 CFR 1002.6", "removed", "2026-07-21", True),
        ("Circular 2022-03", "withdrawn", "2025-05-12", True),
        ("Circular 2023-03", "withdrawal not confirmed", "unknown", False),
        ("SR 26-2", "rescinded 17 Apr 2026", "2026-04-17", True),
        ("Inclusive Communities", "proposed on 14 Jan 2026", "2026-01-14", True),
        ("N.J.A.C. 13:16", "live", "2025-12-15", True),
        ("Earnest", "live", "2025-07-10", True),
        ("comment 9(b)(2)", "in force", "2026-11", True),
        ("section 1071", "compliance from 1 Jan 2028", "2026-05-01", True),
        ("Regulation C", "recalled", "unknown", False),
        ("OCC Bulletin 2025-16", "in force", "2025", True),
        ("SB 26-189", "effective 1 Jan 2027", "2027-01-01", True),
    ],
)
def test_us_credit_states_each_rule_as_it_was_read(
    source: str, status: str, date: str, checked: bool
) -> None:
    """Status facts of the pack's date; what was recalled is marked as not checked."""
    rule = next(r for r in load("us-credit").rules if source in r.source)
    assert status in rule.status
    assert (rule.status_date, rule.status_checked) == (date, checked)


def test_the_same_rule_has_one_code_in_every_pack() -> None:
    """A code means one source, whichever pack cites it."""
    sources: dict[str, str] = {}
    for name in names():
        for rule in load(name).rules:
            assert sources.setdefault(rule.code, rule.source) == rule.source


def test_a_users_own_file_is_a_policy(tmp_path: Path) -> None:
    """A path is read wherever it lies, with its own codes, lines and crossed attributes."""
    path = tmp_path / "bank.toml"
    path.write_text(OWN, "utf-8")
    for given in (path, str(path)):
        policy = load(given)
        assert policy.name == "our-bank@2026-12"
        assert policy.families[0].intersections == 2
        assert policy.families[0].line == 0.85


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("min_share = 0.01", "min_shore = 0.01", "FND004", "did you mean 'min_share'?"),
        ("caution = 0.95", "cuation = 0.95", "FND004", "did you mean 'caution'?"),
        ("alpha = 0.01\n", "", "FND005", "has no 'alpha'"),
        ("alpha = 0.01", 'alpha = "small"', "FND006", "it needs a number"),
        ("alpha = 0.01", "alpha = true", "FND006", "it needs a number"),
        ("alpha = 0.01", "alpha = 1.5", "FND006", "between 0 and 0.5"),
        ("alpha = 0.01", "alpha = nan", "FND006", "it needs a number"),
        ('rule = "BANK101"', 'rule = "BANK102"', "FND006", "did you mean 'BANK101'?"),
        ("disparate_impact_ratio", "disparate_impact_ratoi", "FND006", "disparate_impact_ratio"),
        ("caution = 0.95", "caution = 0.7", "FND006", "0 < line ≤ caution ≤ 1"),
        ('worst = "fail"', 'worst = "block"', "FND006", '"fail" or "review"'),
        ('needs = ["decision"]', 'needs = ["income"]', "FND006", "decision, outcome, score"),
        ("2026-12", "2026-13", "FND006", "year and month"),
        ("audit.policy/1", "audit.policy/9", "FND006", "this version reads"),
        ("status_checked = true", 'status_checked = "yes"', "FND006", "true or false"),
        ("[[rule]]", "[rule", "FND003", "is not TOML"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_a_remedy(
    tmp_path: Path, old: str, new: str, code: str, says: str
) -> None:
    """Unknown keys, wrong types and impossible values are refused, never ignored."""
    assert old in OWN
    path = tmp_path / "bank.toml"
    path.write_text(OWN.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=r"policy") as caught:
        load(path)
    assert caught.value.code == code
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("us-credti", "FND001", "did you mean 'us-credit'?"),
        ("zzz", "FND001", "choose from us-credit, nyc-ll144, research"),
        ("", "FND001", "choose from"),
        ("us-credit@2020-01", "FND002", "it has us-credit@2026-11"),
        ("missing.toml", "FND003", "cannot read"),
    ],
)
def test_an_unknown_name_is_refused_with_a_suggestion(name: str, code: str, says: str) -> None:
    """A misspelt pack, an unknown date and a missing file each say what there is."""
    with pytest.raises(InputError) as caught:
        load(name)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """UTF-8 only, with the offending byte named."""
    path = tmp_path / "bank.toml"
    path.write_bytes(b'id = "caf\xe9"')
    with pytest.raises(InputError, match="not UTF-8"):
        load(path)


def test_the_documented_policy_loads(tmp_path: Path) -> None:
    """The example in docs/policies.md is a policy, and its table lists every finding code."""
    page = Path(__file__).parents[2] / "docs" / "policies.md"
    text = page.read_text("utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0], "utf-8")
    assert load(path).families[0].line == 0.85
    listed = text.replace("AUD011 – AUD014", "AUD011 AUD012 AUD013 AUD014")
    assert all(code in listed for code in CODES)
