"""The main job with groups that overlap: read, count, run, report, merge, load, save, type."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import audit
from audit.cli import config, parse, shell
from audit.cli.entry import main
from audit.cli.settings import SETTINGS
from audit.errors import InputError
from audit.report.card import text as card_text
from audit.report.sections.reproduce import configuration
from audit.table.roles import NONE_OF_THEM

pytestmark = pytest.mark.filterwarnings("ignore::audit.errors.DataWarning")

MEMBERS = {"race": {"White": "w", "Black": "b", "Asian": "a"}}
ROLES = {
    "protected": ["sex", MEMBERS], "decision": "ok", "outcome": "paid",
    "favorable": {"decision": 1, "outcome": 1}, "reference": {"race": "White"},
}  # fmt: skip


def frame(number: int = 1200, seed: int = 3) -> pd.DataFrame:
    """Black applicants are approved less often; a fifth of people are in two groups."""
    draw = np.random.default_rng(seed)
    w, b, a = (draw.random(number) < share for share in (0.65, 0.35, 0.1))
    return pd.DataFrame(
        {
            "w": w.astype(int), "b": b.astype(int), "a": a.astype(int),
            "sex": draw.choice(["f", "m"], number),
            "ok": (draw.random(number) < np.where(b, 0.35, 0.65)).astype(int),
            "paid": (draw.random(number) < 0.7).astype(int),
            "points": draw.integers(0, 50, number) / 50,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def result() -> audit.Audit:
    """One audit, read only."""
    return audit.run(frame(), score="points", **ROLES)


def test_the_verdict_is_that_of_the_reduced_reference(result) -> None:
    """Fail for Black against White who are not Black; both rates are said, and of whom."""
    rows = frame()
    white = rows[(rows.w == 1) & (rows.b == 0)]
    black = rows[rows.b == 1]
    assert result.verdict == "fail"
    lead = next(f for f in result.findings if f.verdict == "fail")
    assert lead.estimate.value == pytest.approx(black.ok.mean() / white.ok.mean(), rel=1e-12)
    assert lead.estimate.reference_rows == len(white)
    assert lead.people_of == len(black)
    said = f"{100 * white.ok.mean():.1f}% of White (not also Black)"
    assert said in result.summary()


def test_who_is_not_named_never_decides(result) -> None:
    """Shown with comparisons, in no planned family, and listed."""
    planned = [f.estimate.group for f in result.findings if f.planned]
    assert not any(NONE_OF_THEM in group for group in planned)
    rates = result.estimates.where(metric="selection_rate", group=(NONE_OF_THEM,))
    assert len(rates) == 1
    assert any("none of the named groups" in line for line in result.record.not_checked)
    rows = frame()
    rows.loc[:700, ["w", "b", "a"]] = 0  # most people are in no group
    rest = audit.run(rows, **{**ROLES, "protected": MEMBERS, "reference": {}})
    assert rest.record.references[0].level == "White"


def test_none_of_them_is_a_reference_where_it_is_declared() -> None:
    """One group alone: the others are whom it is compared with, as in a plain column."""
    rows = frame()
    told = {**ROLES, "protected": {"race": {"Black": "b"}}, "reference": {"race": NONE_OF_THEM}}
    one = audit.run(rows, **told)
    plain = audit.run(rows, **{**told, "protected": "b", "reference": {"b": 0}})
    mine = one.estimates.where(metric="disparate_impact_ratio", group=("Black",))[0]
    theirs = plain.estimates.where(metric="disparate_impact_ratio", group=(1,))[0]
    assert (mine.value, mine.low, mine.high) == (theirs.value, theirs.low, theirs.high)
    assert one.verdict == plain.verdict == "fail"


def test_a_joint_application_counts_in_both_groups() -> None:
    """One row, one decision, both columns 1; everyone counts it once."""
    rows = {"man": [1, 1, 0, 1], "woman": [0, 0, 1, 1], "ok": [1, 1, 0, 1]}
    sexes = {"sex": {"male": "man", "female": "woman"}}
    result = audit.run(rows, protected=sexes, decision="ok", favorable=1, reference="male")
    found = result.estimates.where(metric="selection_rate")
    rates = {e.group: (e.favorable, e.rows) for e in found}
    assert rates == {(): (3, 4), ("male",): (3, 3), ("female",): (1, 2)}
    (gap,) = result.estimates.where(metric="disparate_impact_ratio")
    assert (gap.value, gap.reference_rows) == (0.5, 2)  # men who applied without a woman
    assert result.tally.rows == 4


def test_reports_say_that_groups_overlap(result, tmp_path) -> None:
    """HTML, Markdown, CSV, JSON and the card: how many, and whom a group is compared with."""
    rows = frame()
    several = int(((rows.w + rows.b + rows.a) > 1).sum())
    for name in ("r.html", "r.json", "r.md", "r.csv", "r.xlsx", "r.junit.xml"):
        audit.write(result, tmp_path / name)
    page = (tmp_path / "r.html").read_text()
    for text in (page, (tmp_path / "r.md").read_text()):
        assert "White (not also Black)" in text
        assert f"{several:,} rows" in text
        assert "These groups overlap" in text
        assert "TBL072" in text
    assert "without the group" in (tmp_path / "r.csv").read_text()
    assert "Groups of race overlap" in " ".join(card_text(result.record, whole=True).split())
    assert audit.load(tmp_path / "r.json") == result


def test_the_json_report_has_its_schema(result, tmp_path) -> None:
    """The published schema knows the new role; a report written before still loads."""
    jsonschema = pytest.importorskip("jsonschema")
    from audit.report.json_file import from_dict, schema, to_dict

    record = json.loads(json.dumps(to_dict(result.record)))
    jsonschema.validate(record, schema())
    plain = audit.run(frame(200), protected="sex", decision="ok", favorable=1)
    older = json.loads(json.dumps(to_dict(plain.record)))
    del older["roles"]["overlapping"]
    assert to_dict(from_dict(older)) == to_dict(plain.record)


def test_every_engine_gives_the_same_estimates() -> None:
    """Rows in memory and rows in an engine: equal but for float sums (no score here)."""
    rows = frame()
    whole = audit.run(rows, **ROLES)
    for source in (pl.from_pandas(rows), pl.from_pandas(rows).lazy()):
        assert audit.run(source, **ROLES).estimates == whole.estimates


def test_months_add_up(tmp_path) -> None:
    """Tallies counted apart, saved, loaded and merged: the audit of all rows."""
    rows = frame()
    paths = []
    for i, part in enumerate((rows[:500], rows[500:])):
        paths.append(tmp_path / f"{i}.tally.json")
        audit.count(part, **ROLES).save(paths[-1])
    year = audit.merge([audit.load_tally(p) for p in paths])
    assert audit.run(year).estimates == audit.run(audit.count(rows, **ROLES)).estimates


def test_a_regression_says_that_it_needs_one_group_a_row() -> None:
    """Refused by name, or listed where a report would have had it."""
    rows = frame().assign(limit=np.arange(1200.0), branch=np.arange(1200) % 3)
    told = {"protected": MEMBERS, "amount": {"limit": "higher"}}
    with pytest.raises(InputError, match="TBL044"):
        audit.regress(rows, attribute="race", controls=["points"], **told)
    result = audit.run(rows, strata=["branch"], **told)
    assert any("a regression takes each row in one group" in s for s in result.record.not_checked)


# --- the command line -----------------------------------------------------------------------

TYPED = "sex,race:White=w|Black=b|Asian=a"
MEANT = {"sex": "sex", **MEMBERS}


def test_a_flag_and_a_key_say_the_same(tmp_path) -> None:
    """`--protected`, audit.toml and the command shown are one thing."""
    setting = SETTINGS["protected"]
    assert parse.read_flag(setting, [TYPED]) == MEANT
    assert parse.read_flag(setting, ["sex", "race:White=w|Black=b|Asian=a"]) == MEANT
    assert parse.read_flag(setting, ["sex,age"]) == ("sex", "age")
    assert shell.words("run", {"protected": MEANT}) == ["audit", "run", "--protected", TYPED]
    path = tmp_path / "audit.toml"
    path.write_text(config.write_text({"data": "x.csv", "protected": MEANT}))
    assert config.load(path).settings["protected"] == MEANT
    assert config.read_value(setting, ["sex", MEMBERS]) == MEANT


HOSTILE = [
    {"White, not Hispanic": "w", 'the "b"': "b"}, {"a|b": "w", "c=d": "b"}, {"é: ü": "w"}
]  # fmt: skip


@pytest.mark.parametrize("groups", HOSTILE)
def test_hostile_names_survive_the_shell(groups) -> None:
    """What is written as a command is read back as it was."""
    said = shell.words("run", {"protected": {"race": groups, "s": "s"}})[-1]
    assert parse.read_flag(SETTINGS["protected"], [said]) == {"race": groups, "s": "s"}


@pytest.mark.parametrize(
    "typed", ["race:White=w|Black", "race:White=|Black=b", "race:White=w,race:Black=b",
              "race:White=w|White=b", "sex,sex:f=x"]
)  # fmt: skip
def test_what_is_typed_wrongly_says_how_it_is_written(typed) -> None:
    """One coded message, with the form."""
    with pytest.raises(InputError, match="CLI004"):
        parse.read_flag(SETTINGS["protected"], [typed])


@pytest.mark.parametrize("told", [{"race": {}}, {"race": {"White": 1}}, {"race": "b"}, [1],
                                  ["sex", {"sex": {"f": "x"}}], 3])  # fmt: skip
def test_a_wrong_key_says_its_form(told) -> None:
    """In audit.toml."""
    with pytest.raises(InputError, match="CLI013"):
        config.read_value(SETTINGS["protected"], told)


def test_the_report_holds_the_configuration(result, tmp_path) -> None:
    """The audit.toml printed in a report runs the same audit."""
    import tomllib

    told = tomllib.loads(configuration(result.record.roles))
    assert config.read_value(SETTINGS["protected"], told["protected"]) == MEANT


def test_from_a_csv_to_a_verdict(tmp_path, monkeypatch, capsys) -> None:
    """check and run on the command line: overlap is said, and the exit code is the verdict's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIT_NO_INPUT", "1")
    frame().to_csv("loans.csv", index=False)
    flags = ["loans.csv", "--protected", TYPED, "--decision", "ok", "--favorable", "decision=1",
             "--reference", "race=White"]  # fmt: skip
    code, said = run(["check", *flags], capsys)
    assert code == 0, said
    assert "race (White: w, Black: b, Asian: a)" in said
    assert NONE_OF_THEM in said
    code, said = run(["run", *flags, "-o", "r.json"], capsys)
    assert code == 1, said
    assert "not also Black" in said
    assert audit.load(Path("r.json")).verdict == "fail"


def run(words, capsys) -> tuple[int, str]:
    """Exit code and what was printed."""
    with pytest.raises(SystemExit) as left:
        main(words)
    return int(left.value.code or 0), capsys.readouterr().out
