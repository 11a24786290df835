"""From the shell to a verdict: `run`, `gate`, `render`, `count`, `merge`, `check`, `init`."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import audit as package

from .conftest import Ran, in_process, write_loans

Run = Callable[..., Ran]
ROLES = ("--protected", "sex", "--decision", "approved", "--favorable", "decision=1")


def test_a_run_ends_with_the_sentence_and_says_what_was_written(audit: Run, loans: str) -> None:
    """Verdict fail: exit 1, reports written first, the paste-ready sentence and the change."""
    ran = audit("run", loans, *ROLES, "--reference", "sex=male", "-o", "r.json", "-o", "r.md")
    assert ran.code == 1
    result = package.load("r.json")
    assert result.verdict == "fail"
    assert result.summary() in " ".join(ran.out.split())
    assert "more approvals for female" in ran.out
    assert ran.out.endswith("Written: r.json\nWritten: r.md\n")
    assert ran.err == ""
    assert Path("r.md").read_text()


def test_the_report_holds_the_command_that_makes_it_again(audit: Run, loans: str) -> None:
    audit("run", loans, *ROLES, "-o", "r.json")
    first = Path("r.json").read_bytes()
    command = package.load("r.json").record.provenance.command
    assert command is not None
    assert command.startswith("audit run loans.csv --protected sex --decision approved")
    audit("run", loans, *ROLES, "-o", "r.json")
    assert Path("r.json").read_bytes() == first


def test_the_command_line_and_python_reach_one_record(audit: Run, loans: str) -> None:
    """The shell adds nothing: the same numbers as `audit.run` on the same file."""
    audit(
        "run", loans, "--protected", "sex,age", "--bins", "age=40",
        "--reference", "sex=male,age=30", "--decision", "approved", "--outcome", "repaid",
        "--favorable", "decision=1,outcome=yes",
        "--where", "age >= 25", "--policy", "research", "--intersections", "1", "--level", "0.9",
        "--min-rows", "20", "--seed", "3", "-o", "r.json", "-q",
    )  # fmt: skip
    direct = package.run(
        package.read(
            loans, protected=["sex", "age"], bins={"age": [40]},
            reference={"sex": "male", "age": 30}, decision="approved", outcome="repaid",
            favorable={"decision": 1, "outcome": "yes"}, where="age >= 25",
        ),
        policy="research", intersections=1, level=0.9, min_rows=20, seed=3,
    )  # fmt: skip
    ours, theirs = package.load("r.json").to_dict(), direct.to_dict()
    ours["provenance"].pop("command")
    theirs["provenance"].pop("command")
    assert ours == theirs


@pytest.mark.parametrize(
    ("women", "men", "flags", "code"),
    [
        ((200, 300), (300, 200), (), 1),
        ((200, 300), (300, 200), ("--fail-on", "never"), 0),
        ((200, 300), (300, 200), ("--strict",), 1),
        ((700, 300), (700, 300), (), 0),
        ((700, 300), (700, 300), ("--strict",), 0),
        ((700, 300), (700, 300), ("--fail-on", "insufficient"), 0),
        ((700, 300), (700, 300), ("--fail-on", "pass"), 1),
        ((20, 20), (20, 20), (), 0),
        ((20, 20), (20, 20), ("--strict",), 3),
        ((20, 20), (20, 20), ("--strict", "--fail-on", "insufficient"), 1),
        ((650, 350), (750, 250), (), 0),
        ((650, 350), (750, 250), ("--fail-on", "review"), 1),
        ((650, 350), (750, 250), ("--fail-on", "fail", "--strict"), 0),
    ],
)
def test_exit_codes(
    audit: Run,
    folder: Path,
    women: tuple[int, int],
    men: tuple[int, int],
    flags: tuple[str, ...],
    code: int,
) -> None:
    """1 at or above --fail-on, else 3 where insufficient and strict, else 0; `gate` agrees.

    Ratios of 0.667, 1 with 1,000 rows, 1 with 40 rows, and 0.867 with 1,000 rows: fail, pass,
    insufficient and review.
    """
    write_loans(folder / "d.csv", women=women, men=men)
    ran = audit("run", "d.csv", *ROLES, "--reference", "sex=male", "-o", "r.json", *flags)
    assert ran.code == code
    assert audit("gate", "r.json", *flags).code == code
    result = package.load("r.json")
    level = flags[flags.index("--fail-on") + 1] if "--fail-on" in flags else "fail"
    if code == 1:
        with pytest.raises(package.VerdictError):
            result.raise_for_verdict(fail_on=level)
    else:
        result.raise_for_verdict(fail_on=level)


def test_quiet_prints_nothing(audit: Run, loans: str) -> None:
    ran = audit("run", loans, *ROLES, "-q", "-o", "r.json")
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    assert Path("r.json").exists()


@pytest.mark.parametrize(
    ("words", "corrected"),
    [
        (
            ("--protected", "sexx", "--decision", "approved", "--favorable", "decision=1"),
            "--protected sex --decision approved --favorable decision=1",
        ),
        (
            ("--protected", "sex", "--decision", "approved"),
            "--protected sex --decision approved --favorable decision=VALUE",
        ),
        (
            ("--protected", "sex,age", "--decision", "approved", "--favorable", "decision=1"),
            "--protected sex,age --decision approved --favorable decision=1 --bins age=CUT,CUT",
        ),
        (
            ("--protected", "sex", "--decision", "repaid", "--favorable", "decision=yess"),
            "--protected sex --decision repaid --favorable decision=yes",
        ),
        (
            ("--protected", "sex", "--decision", "approved", "--favorable", "decision=yes"),
            "--protected sex --decision approved --favorable decision=VALUE",
        ),
        (
            (*ROLES, "--outcome", "repaid"),
            "--protected sex --decision approved --favorable decision=1 --outcome repaid "
            "--favorable outcome=VALUE",
        ),
        ((*ROLES, "--cutoff", "5"), " ".join(ROLES)),
        ((*ROLES, "--policy", "reserch"), f"{' '.join(ROLES)} --policy research"),
        ((*ROLES, "--level", "95"), f"{' '.join(ROLES)} --level 0.95"),
        ((*ROLES, "--reference", "sex=mal"), f"{' '.join(ROLES)} --reference sex=male"),
    ],
)
def test_wrong_columns_and_values_end_with_the_corrected_command(
    audit: Run, loans: str, words: tuple[str, ...], corrected: str
) -> None:
    ran = audit("run", loans, *words)
    assert (ran.code, ran.out) == (2, "")
    last = ran.err.replace(" \\\n     ", "").partition("Try:\n")[2]
    assert last == f"  audit run loans.csv {corrected}\n"


def test_a_file_that_audit_did_not_make_needs_force(audit: Run, loans: str) -> None:
    Path("r.json").write_text("mine")
    ran = audit("run", loans, *ROLES, "-o", "r.json")
    assert ran.code == 2
    assert ran.err.endswith("--force\n")
    assert Path("r.json").read_text() == "mine"
    assert audit("run", loans, *ROLES, "-o", "r.json", "--force").code == 1


def test_an_encoding_is_named_in_the_corrected_command(audit: Run, folder: Path) -> None:
    (folder / "l.csv").write_bytes("sex,ok\nmännlich,1\nweiblich,0\n".encode("latin-1"))
    words = ("run", "l.csv", "--protected", "sex", "--decision", "ok", "--favorable", "decision=1")
    ran = audit(*words)
    assert ran.code == 2
    assert ran.err.replace(" \\\n     ", "").endswith("--encoding latin-1\n")
    assert audit(*words, "--encoding", "latin-1").code == 0


def test_scores_and_a_cutoff(audit: Run, loans: str) -> None:
    """Approve at a score of 600 or more; the same decisions as the rule written out by hand."""
    ran = audit(
        "run", loans, "--protected", "sex", "--score", "score", "--cutoff", "600", "-o", "r.json"
    )
    assert ran.code in (0, 1)
    frame = package.load("r.json").to_frame()
    row = frame[(frame["metric"] == "selection_rate") & (frame["group"] == ("female",))].iloc[0]
    denied = [500 + 10 * (i % 20) for i in range(300)]
    approved = [550 + 10 * (i % 20) for i in range(200)]
    assert row["favorable"] == sum(s >= 600 for s in denied + approved)


def test_tallies_are_counted_merged_and_audited(audit: Run, folder: Path) -> None:
    """Two months apart and both together give one verdict and the same numbers."""
    write_loans(folder / "a.csv", women=(100, 150), men=(150, 100))
    write_loans(folder / "b.csv", women=(100, 150), men=(150, 100))
    for month in ("a", "b"):
        ran = audit("count", f"{month}.csv", *ROLES, "-o", f"{month}.tally.json")
        assert ran.code == 0
        assert f"Written: {month}.tally.json" in ran.out
    assert audit("merge", "a.tally.json", "b.tally.json", "-o", "y.tally.json").code == 0
    ran = audit("run", "y.tally.json", "-o", "y.json")
    assert ran.code == 1
    assert "200 of 500" in ran.out
    assert package.load("y.json").tally.rows == 1000


def test_a_tally_refuses_new_roles_and_other_files(audit: Run, loans: str) -> None:
    audit("count", loans, *ROLES, "-o", "a.tally.json")
    ran = audit("run", "a.tally.json", "--decision", "approved", "--policy", "research")
    assert ran.code == 2
    assert ran.err.endswith("Try:\n  audit run a.tally.json --policy research\n")
    assert audit("merge", "loans.csv", "-o", "y.tally.json").code == 2


def test_tallies_that_differ_get_no_option_that_is_not_there(audit: Run, loans: str) -> None:
    """What is wrong is inside the files: no command mends it. Left out, one is shown."""
    audit("count", loans, *ROLES, "-o", "a.tally.json")
    audit("count", loans, "--protected", "sex", "--decision", "approved", "--favorable",
          "decision=0", "-o", "b.tally.json")  # fmt: skip
    ran = audit("merge", "a.tally.json", "b.tally.json", "-o", "y.tally.json")
    assert (ran.code, "TLY201" in ran.err, "Try:" in ran.err) == (2, True, False)
    assert "jan.tally.json" in audit("merge", "-o", "y.tally.json").err
    ran = audit("merge", "a.tally.json", "a.tally.json", "-o", "y.tally.json")
    assert (ran.code, "the same tally is counted twice" in ran.err) == (0, True)


def test_a_favourable_value_is_asked_for_and_never_proposed(audit: Run, loans: str) -> None:
    ran = audit("run", loans, "--protected", "sex", "--outcome", "approved")
    assert ran.code == 2
    assert "(0, 1)" in ran.err
    assert "favours the applicant: --favorable outcome=VALUE" in ran.err
    assert ran.err.rstrip().endswith("--favorable outcome=VALUE")
    assert "favorable={" not in ran.err


def test_a_page_is_made_again_from_its_record(audit: Run, loans: str) -> None:
    audit("run", loans, *ROLES, "-o", "r.json", "-o", "r.html", "--charts", "none", "-q")
    ran = audit("render", "r.json", "-o", "again.html", "--charts", "none")
    assert (ran.code, ran.out) == (0, "Written: again.html\n")
    assert Path("again.html").read_bytes() == Path("r.html").read_bytes()
    assert audit("render", loans, "-o", "x.html").code == 2


def test_the_time_of_the_run_only_where_asked(audit: Run, loans: str) -> None:
    audit("run", loans, *ROLES, "--stamp", "-o", "r.json", "-q")
    assert "stamp" in package.load("r.json").record.provenance.settings
    audit("run", loans, *ROLES, "-o", "r.json", "-q")
    assert "stamp" not in package.load("r.json").record.provenance.settings


def test_check_shows_groups_and_plan_and_no_verdict(audit: Run, loans: str) -> None:
    ran = audit("check", loans, *ROLES, "--outcome", "repaid", "--favorable", "outcome=yes")
    assert ran.code == 0
    assert "approved; favourable: 1" in ran.out
    assert "female   500  50.0 %" in ran.out
    assert "Approval-rate ratio by protected attribute" in ran.out
    for word in ("fail", "Fail", "40.0%", "60.0%", "0.667"):
        assert word not in ran.out
    assert "audit run loans.csv --protected sex --decision approved" in ran.out


def test_init_writes_settings_that_run_reads(audit: Run, loans: str) -> None:
    ran = audit("init", loans, *ROLES, "--report", "r.json", "--fail-on", "never")
    assert (ran.code, ran.out) == (0, "Written: audit.toml\nNext:    audit run\n")
    ran = audit("run")
    assert ran.code == 0
    assert "settings from audit.toml" in ran.err
    assert package.load("r.json").verdict == "fail"
    assert audit("run", "--fail-on", "fail", "-q").code == 1
    assert audit("init", loans, *ROLES).code == 2
    assert audit("init", loans, *ROLES, "--force").code == 0


def test_init_refuses_what_would_not_run(audit: Run, loans: str) -> None:
    ran = audit("init", loans, "--protected", "sex", "--decision", "approved")
    assert ran.code == 2
    assert not Path("audit.toml").exists()


def test_settings_in_pyproject(audit: Run, loans: str) -> None:
    Path("pyproject.toml").write_text(
        '[tool.audit]\ndata = "loans.csv"\nprotected = "sex"\ndecision = "approved"\n'
        "favorable = { decision = 1 }\n"
    )
    assert audit("run").code == 1
    assert audit("run", "--config", "pyproject.toml", "-q").code == 1


def test_a_data_set_is_exported_with_the_command_that_audits_it(audit: Run) -> None:
    """The printed command runs as it is and finds the published approval rates."""
    ran = audit("datasets", "export", "boston_mortgages", "-o", "boston.csv")
    assert ran.code == 0
    command = ran.out.partition("Next:\n")[2].replace("\\\n", " ").split()
    assert command[:2] == ["audit", "run"]
    assert audit(*command[1:], "-o", "b.json").code in (0, 1)
    frame = package.load("b.json").to_frame()
    rates = frame[(frame["metric"] == "selection_rate") & (frame["attribute"] == ("race",))]
    found = {
        group[0]: round(value, 4)
        for group, value in zip(rates["group"], rates["value"], strict=True)
    }
    assert found["White"] == 0.9084
    assert found["Black"] == 0.6751
    assert found["Hispanic"] == 0.7658


def test_power_in_a_table_and_a_sentence(audit: Run) -> None:
    """856 rows a group: unpooled normal, two-sided 5 %, 80 % (Fleiss, Levin & Paik)."""
    ran = audit("power", "--base-rate", "0.3", "--ratio", "0.8")
    assert "0.80          24 %           856  <" in ran.out
    assert "856 rows in each group show a ratio of 0.8" in ran.out


@pytest.mark.parametrize("name", ["us-credit", "research", "nyc-ll144"])
def test_policies_are_explained(audit: Run, name: str) -> None:
    assert name in audit("policies").out
    ran = audit("policies", "show", name)
    assert ran.code == 0
    assert "Rules:" in ran.out


def test_metrics_are_found_by_any_name(audit: Run) -> None:
    assert "disparate_impact_ratio" in audit("metrics").out
    assert audit("metrics", "search", "four-fifths").out.split()[0] == "disparate_impact_ratio"
    shown = audit("metrics", "show", "AIR").out
    assert "formula" in shown
    assert "1607.4(D)" in shown
    ran = audit("metrics", "show", "disparate_impact_ratoi")
    assert ran.code == 2
    assert ran.err.endswith("audit metrics show disparate_impact_ratio\n")


def test_in_a_pipe_there_is_no_colour_and_no_progress(folder: Path, loans: str) -> None:
    ran = in_process(folder, "run", loans, *ROLES, FORCE_COLOR="1")
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err
    assert ran.err == ""


def test_reports_are_written_even_if_nobody_reads_the_card(folder: Path, loans: str) -> None:
    """Closed stdout: the file is there and whole, whatever happens to the screen."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    import subprocess
    import sys

    from .conftest import environment

    done = subprocess.run(
        [sys.executable, "-m", "audit", "run", loans, *ROLES, "-o", "r.json"],
        cwd=folder, env=environment(), stdout=write_end, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")
    assert json.loads(Path("r.json").read_text())["verdict"] == "fail"
