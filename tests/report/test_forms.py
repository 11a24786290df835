"""Markdown, tables, JUnit, the card and the index: one record, other clothes."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import audit
from audit.errors import InputError
from audit.report import card, files, index_page, tables
from audit.report.blocks import VerdictCard
from audit.report.document import document
from audit.report.junit import junit
from audit.report.markdown import escape, markdown
from report import attacks, examples


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_no_cell_runs(attack: str) -> None:
    """No cell of a table begins as a formula does, whatever the data are called."""
    for row in csv.reader(io.StringIO(tables.csv(examples.hostile(attack)))):
        assert len(row) == len(tables.COLUMNS)
        for cell in row:
            if cell.startswith(("=", "+", "@", "\t", "\r")):
                pytest.fail(f"live cell {cell!r}")
            if cell.startswith("-"):
                float(cell)  # only a number may begin with a minus sign


def test_csv_keeps_every_estimate_in_full() -> None:
    """One row an estimate; values read back to the last bit; groups as JSON."""
    record = examples.german()
    rows = list(csv.DictReader(io.StringIO(tables.csv(record))))
    assert len(rows) == len(record.estimates)
    for row, e in zip(rows, record.estimates, strict=True):
        assert tuple(json.loads(row["group"])) == e.group
        assert row["value"] == ("" if e.value != e.value else repr(e.value))
    assert {r["verdict"] for r in rows} == {"", "fail", "review"}


def test_workbook_opens_and_holds_text_only() -> None:
    """Hostile names are text cells; numbers are numbers; the archive has no clock."""
    from openpyxl import load_workbook

    content = tables.xlsx(examples.hostile("=1+1"))
    assert content == tables.xlsx(examples.hostile("=1+1"))
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Summary", "Estimates", "Issues"]
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(c.data_type != "f" for c in row)
    assert book["Estimates"]["G2"].data_type == "n"


TESTCASE = {"name", "classname", "time"}
TESTSUITE = {"name", "tests", "failures", "errors", "skipped", "time"}


@pytest.mark.parametrize("name", examples.ALL)
def test_junit_is_what_readers_expect(name: str) -> None:
    """Elements and attributes of the junit-10 schema only; counts that add up."""
    record = examples.ALL[name]()
    root = ET.fromstring(junit(record))
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.tag == "testsuite"
    assert set(suite.attrib) == TESTSUITE
    cases = suite.findall("testcase")
    assert {child.tag for child in suite} <= {"properties", "testcase"}
    assert len(cases) == int(suite.attrib["tests"]) == sum(f.planned for f in record.findings)
    for case in cases:
        assert set(case.attrib) == TESTCASE
        assert {c.tag for c in case} <= {"failure", "skipped"}
        assert all(set(c.attrib) <= {"type", "message"} for c in case)
    assert len(suite.findall("testcase/failure")) == int(suite.attrib["failures"])
    assert len(suite.findall("testcase/skipped")) == int(suite.attrib["skipped"])


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_junit_and_markdown_hold_any_name(attack: str) -> None:
    """XML stays well-formed; Markdown makes neither an element nor a link out of data."""
    record = examples.hostile(attack)
    ET.fromstring(junit(record).encode())
    page = markdown(record)
    outside = re.sub(r"(`+)[^`].*?\1", "", re.sub(r"```+\n.*?\n```+", "", page, flags=re.S))
    body = outside.split("\n", 1)[1]
    assert not re.search(r"(?<!\\)<[a-zA-Z!/]", body)
    assert not re.search(r"(?<!\\)\]\(", body)


def test_markdown_tables_are_even() -> None:
    """Each row of a table has as many cells as its head."""
    width = None
    for line in markdown(examples.many()).splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert width in (None, cells)
        width = cells


@pytest.mark.parametrize("name", examples.ALL)
def test_card_fits_one_screen(name: str) -> None:
    """At most 24 lines of 80 characters, whatever the record; colour only when asked."""
    record = examples.ALL[name]()
    text = card.text(record, files=["reports/loans.html", "reports/loans.json"])
    lines = text.rstrip("\n").split("\n")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in text
    assert "\x1b[" in card.text(record, color=True)
    assert "A screening result, not a legal finding." in text


@pytest.mark.parametrize("name", [n for n in examples.ALL if "hostile" not in n])
def test_card_off_a_screen_is_whole(name: str) -> None:
    """Every word of the card on its screen, and those that were cut there."""
    record = examples.ALL[name]()
    files_ = [f"reports/{i}.html" for i in range(6)]
    whole = card.text(record, width=40, files=files_, whole=True)
    for block in document(record).sections[0].blocks:
        if isinstance(block, VerdictCard):
            said = " ".join(whole.split())
            for line in block.lines:
                assert " ".join(f"{line.label}: {line.word}. {line.text}".split()) in said
            assert " ".join(block.headline.split()) in said
    assert all(f"Written: {name}" in whole for name in files_)


def test_a_number_is_no_list_in_markdown() -> None:
    """A backslash stands only where Markdown takes it away: before a sign, never a digit."""
    for plain in ("49.4% (40.2% to 58.7%)", "0.713", "26 (a)"):
        assert escape(plain) == plain
    assert [escape(w) for w in ("1. x", "2) x", "12.", "- x")] == [
        "1\\. x",
        "2\\) x",
        "12\\.",
        "\\- x",
    ]
    assert not re.search(r"\\\d", markdown(examples.german()))


def test_card_says_it_all() -> None:
    """Verdict, rates, ratio, interval, rule, people, what would change it."""
    text = " ".join(card.text(examples.german()).split())
    for part in ("Fail", "45.3%", "64.9%", "0.697", "0.586 to 0.814", "UGESP", "38 more", "change"):
        assert part in text


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_card_never_controls_the_terminal(attack: str) -> None:
    """Escape sequences and overrides in data are shown, not obeyed."""
    text = card.text(examples.hostile(attack + "\x1b[2J"))
    assert all(c == "\n" or c.isprintable() or c in "\u2068\u2069" for c in text)
    assert "<script" not in card.repr_html(examples.hostile(attack))


@pytest.mark.parametrize("name", examples.ALL)
def test_notebook_card_is_small(name: str) -> None:
    """Under 20 KB, no script, the disclaimer in it."""
    page = card.repr_html(examples.ALL[name]())
    assert len(page.encode()) <= 20_000
    assert "<script" not in page
    assert "A screening result" in page
    if name != "unplanned":
        assert "<table>" in page


def test_index_lists_the_worst_first(tmp_path: Path) -> None:
    """Every JSON twin of the folder, linked to its page; other files are passed over."""
    for name in ("fair", "german", "small"):
        record = examples.ALL[name]()
        files.write(record, tmp_path / f"{name} report.json")
        files.write(record, tmp_path / f"{name} report.html", charts="none")
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "broken.json").write_text("{")
    path = index_page.write_index(tmp_path)
    page = path.read_text(encoding="utf-8")
    assert re.findall(r'<a href="([^"]*)"', page) == [
        "german%20report.html",
        "small%20report.html",
        "fair%20report.html",
    ]
    assert index_page.write_index(tmp_path) == path
    assert "<script" not in page


def test_empty_folder_has_no_index(tmp_path: Path) -> None:
    """A folder without reports is refused by name."""
    with pytest.raises(InputError, match="RPT040"):
        index_page.write_index(tmp_path)


def test_the_rule_on_age_stands_beside_an_age_finding_in_every_form() -> None:
    """ECOA's 62 and the validated score, with the cut used; nothing of it beside sex or race."""
    from audit.report.html_page import html

    record = examples.german()
    forms = [card.text(record), card.text(record, whole=True), card.repr_html(record)]
    forms += [markdown(record), html(record)]
    for form in forms:
        said = " ".join(form.split())
        assert "An applicant of 62 or more is elderly: a validated score may use age" in said
        assert "Cut here at 26" in said
    assert "62 or more" not in card.text(examples.fair(), whole=True)


def test_every_form_shows_the_stages_of_the_leading_comparison() -> None:
    """90 of 100 and 100 of 100 pass the knock-out, 45 of 90 and 80 of 100 then the model:
    .90 and .50 / .80 = .625 among those who reached it."""
    women = [(True, True)] * 45 + [(True, False)] * 45 + [(False, False)] * 10
    men = [(True, True)] * 80 + [(True, False)] * 20
    loans = {
        "sex": ["f"] * 100 + ["m"] * 100,
        "knockout": [a for a, _ in women + men],
        "model": [b for _, b in women + men],
    }
    roles = {"decision": "model", "stages": ["knockout", "model"], "reference": {"sex": "m"}}
    record = audit.run(loans, protected="sex", **roles).record
    said = "knockout 0.900 and model 0.625 (ratio of approval rates, each among those who"
    for form in (card.text(record, whole=True), card.repr_html(record), markdown(record)):
        assert said in " ".join(re.sub(r"\\\\([_()])", r"\\1", form).split())
    assert "Stages:" not in card.text(examples.fair(), whole=True)
