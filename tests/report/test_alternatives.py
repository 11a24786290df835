"""Section 6: what a report says of attached comparisons, searches, sweeps and changes."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

import audit
from audit.report.blocks import Block, Chart, Fold, Grid
from audit.report.charts import drawings
from audit.report.document import document
from audit.report.html_page import html
from audit.report.json_file import embedded, schema
from audit.report.look import Look
from audit.report.markdown import markdown
from audit.report.remedy_card import remedies
from report import examples


@pytest.fixture(scope="module")
def attached() -> audit.Audit:
    """An audit with all four parts of section 6."""
    return audit.Audit(examples.remedied())


def grids(blocks: tuple[Block, ...]) -> dict[str, Grid]:
    """Every table of a section by its key, also inside charts and folds."""
    out: dict[str, Grid] = {}
    for b in blocks:
        if isinstance(b, Grid):
            out[b.key] = b
        elif isinstance(b, Chart):
            out[b.twin.key] = b.twin
        elif isinstance(b, Fold):
            out |= grids(b.blocks)
    return out


def section(result: audit.Audit) -> Any:
    """Section 6 of the document."""
    return next(s for s in document(result.record).sections if s.key == "alternatives")


def told(text: str) -> float:
    """A printed number."""
    return float(re.split(r"[ %]", text.replace("−", "-"))[0])


def test_attaching_changes_no_verdict(attached: audit.Audit) -> None:
    """Verdict, findings and estimates stay; without a part there is no section."""
    bare = audit.Audit(replace(attached.record, candidates=()))
    assert bare.verdict == attached.verdict
    assert bare.findings == attached.findings
    assert all(s.key != "alternatives" for s in document(bare.record).sections)
    assert "alternatives that discriminate less" in markdown(bare.record)
    assert "alternatives that discriminate less" not in markdown(attached.record)


def test_it_stands_after_why_and_before_reasons(attached: audit.Audit) -> None:
    """The report's order is that of its numbered sections."""
    found, table, _, _ = examples.compared()
    model = found.baseline.estimator.scorer.model
    why = audit.explain(model, table)
    keys = [s.key for s in document(audit.attach(attached, why).record).sections]
    assert keys.index("why") + 1 == keys.index("alternatives")
    assert keys.index("alternatives") + 1 == keys.index("reasons")


def test_printed_numbers_are_the_candidates_own(attached: audit.Audit) -> None:
    """Disparity, its paired change and limits, approvals: to the digits that are printed."""
    found, _, _, _ = examples.compared()
    tables = grids(section(attached).blocks)
    by_title = {c.title: c for c in found}
    for row in tables["frontier-comparison"].rows:
        one = by_title[row[0].text]
        assert told(row[1].text) == pytest.approx(one.disparity.value, abs=6e-4)
        assert told(row[3].text) == pytest.approx(one.utility.value, abs=6e-4)
        assert row[2].bar is not None
        assert row[2].bar.value == one.disparity.value
    for row in tables["candidates-comparison"].rows:
        one = by_title[row[0].text]
        assert told(row[4].text) == pytest.approx(
            100 * one.measures["approval_rate"].value, abs=0.06
        )
        if one.name == "baseline":
            assert row[1].text == "—"
            continue
        low, high = row[1].note.split(" to ")
        assert told(row[1].text) == pytest.approx(one.disparity_change.value, abs=6e-4)
        assert told(low) == pytest.approx(one.disparity_change.low, abs=6e-4)
        assert told(high) == pytest.approx(one.disparity_change.high, abs=6e-4)
        assert row[6].text.lower() == one.verdict


def test_words_agree_with_what_is_recommended(attached: audit.Audit) -> None:
    """The lead names the recommended one, or says that none is and why."""
    found, _, _, _ = examples.compared()
    lead = section(attached).blocks[0].lines[0][0]
    assert found.because in lead
    if found.recommendation is None:
        assert "none is recommended" in lead
    else:
        assert f"look first at {found.recommendation.title}" in lead
    none = replace(found, recommendation=None, because="none is fairer than the baseline")
    bare = audit.Audit(replace(attached.record, candidates=()))
    said = section(audit.attach(bare, comparison=none)).blocks[0].lines[0][0]
    assert "none is recommended: none is fairer than the baseline." in said


def test_nothing_is_called_lawful(attached: audit.Audit) -> None:
    """The section never says compliant, legal or fair."""
    page = html(attached.record, charts="none")
    inside = page[page.index('id="alternatives"') : page.index('id="data"')]
    assert not re.search(r"\b(compliant|legal|lawful|fair)\b", re.sub(r"<[^>]+>", " ", inside))


def test_who_changes_adds_up(attached: audit.Audit) -> None:
    """Gains and losses by group sum to everyone's, and net change is their difference."""
    tables = grids(section(attached).blocks)
    for key in ("changes", "changes-comparison"):
        rows = tables[key].rows
        everyone = rows[0]
        own = [r for r in rows[1:] if r[0].text in ("f", "m")]
        for column in (1, 2, 3):
            assert sum(told(r[column].text) for r in own) == told(everyone[column].text)
        for r in rows:
            people, gained, lost = (told(r[i].text) for i in (1, 2, 3))
            assert told(r[5].text) == pytest.approx(100 * (gained - lost) / people, abs=0.06)


def test_a_search_tells_how_many_it_tried(attached: audit.Audit) -> None:
    """Number tried, people of each split, the baseline's spread; the log is capped, not cut."""
    text = markdown(attached.record)
    assert "60 alternatives tried (1 gave no model)" in text
    assert "533 to learn from, 267 to select on and 800 to confirm on" in text
    assert "trained with 10 further seeds, moves: AUC 0.700 to 0.710" in text
    log = grids(section(attached).blocks)["tried"]
    assert len(log.rows) == 40
    assert "20 more are in the JSON report" in log.note
    kept = next(c for c in attached.record.candidates if c["part"] == "alternatives")
    assert len(kept["found"]["log"]) == 60


def test_every_chart_is_drawn_from_the_tables_numbers(attached: audit.Audit) -> None:
    """Each chart of the section has a drawing; its points are the candidates'."""
    found, _, _, _ = examples.compared()
    specs = drawings(Look(attached.record))
    charts = [b for b in section(attached).blocks if isinstance(b, Chart)]
    assert {c.name for c in charts} == {"frontier:comparison", "frontier:alternatives", "cutoffs"}
    assert all(c.name in specs for c in charts)
    points = {
        (x, y)
        for trace in specs["frontier:comparison"]["data"]
        if trace["mode"] == "markers+text"
        for x, y in zip(trace["x"], trace["y"], strict=True)
    }
    assert points == {(c.disparity.value, c.utility.value) for c in found}


def test_the_cut_off_in_use_is_marked(attached: audit.Audit) -> None:
    """One row of the table is the operating point, with the audit's own ratio."""
    rows = grids(section(attached).blocks)["cutoffs"].rows
    marked = [r for r in rows if r[0].note == "in use"]
    assert len(marked) == 1
    ratio = attached.estimates.where(
        metric="disparate_impact_ratio", attribute=("sex",), group=("f",), reference=("m",)
    )[0]
    assert told(marked[0][2].text) == pytest.approx(ratio.value, abs=6e-4)


def test_methods_that_gave_nothing_keep_their_reason(attached: audit.Audit) -> None:
    """What is unavailable stands in the report with its reason."""
    found, _, _, _ = examples.compared()
    text = markdown(attached.record)
    assert found.unavailable
    for method in found.unavailable:
        assert method.title in text
        assert method.reason.split(":")[0] in text.replace("\\", "")


def test_it_survives_json(attached: audit.Audit, tmp_path: Any) -> None:
    """Loaded, the audit is equal and its page the same bytes; the schema takes it."""
    audit.write(attached, tmp_path / "a.json")
    back = audit.load(tmp_path / "a.json")
    assert back == attached
    assert html(back.record, charts="none") == html(attached.record, charts="none")
    validate = pytest.importorskip("jsonschema").validate
    validate(attached.to_dict(), schema())
    assert embedded(attached.record)["candidates"] == []
    assert "alternatives" in embedded(attached.record, 10**7)["excerpt"]


def test_parts_replace_their_like_only(attached: audit.Audit) -> None:
    """A new comparison takes the old one's place; the other parts, and the order, stay."""
    found, _, _, _ = examples.compared()
    again = audit.attach(attached, comparison=replace(found, because="another reason"))
    assert [c["part"] for c in again.record.candidates] == [
        *("comparison", "alternatives", "sweep", "changes")
    ]
    assert again.record.candidates[0]["found"]["because"] == "another reason"
    assert again.record.candidates[1:] == attached.record.candidates[1:]
    assert audit.attach(attached) == attached


def test_what_no_verb_returned_is_refused(attached: audit.Audit) -> None:
    """RUN020 names the part, and where another part is meant, which."""
    found, _, _, _ = examples.compared()
    for part in ("comparison", "alternatives", "sweep", "changes"):
        for bad in ({}, "why", 3, found.baseline):
            with pytest.raises(audit.InputError, match="RUN020"):
                audit.attach(attached, **{part: bad})
    with pytest.raises(audit.InputError, match="comparison="):
        audit.attach(attached, alternatives=found)
    with pytest.raises(audit.InputError, match="alternatives="):
        audit.attach(attached, comparison=examples.searched())


def test_what_was_found_elsewhere_is_refused(attached: audit.Audit) -> None:
    """RUN021: another attribute, another group, more people, other rows, another score."""
    found, table, scored, roles = examples.compared()
    rest = {k: v for k, v in roles.items() if k != "features"}
    swept = audit.sweep_cutoffs(table)
    for part, other in (
        ("comparison", replace(found, attribute="race")),
        ("comparison", replace(found, group=("x",))),
        ("comparison", replace(found, rows={"train": 5, "test": 801})),
        ("sweep", replace(swept, rows=799)),
        ("sweep", replace(swept, column="other")),
        (
            "changes",
            audit.who_changes(audit.read(scored[:500], decision="other", **rest), "other", "other"),
        ),
    ):
        with pytest.raises(audit.InputError, match="RUN021"):
            audit.attach(attached, **{part: other})
    audit.attach(attached, comparison=replace(found, rows={"train": 5, "test": 300}))


@pytest.mark.parametrize("width", [40, 60, 88, 100])
def test_the_terminal_says_the_same_at_every_width(width: int) -> None:
    """Lines fit; every candidate, its verdict and the reason are there."""
    found, _, _, _ = examples.compared()
    words = remedies(found.to_dict(), width)
    assert all(len(line) <= width for line in words.splitlines())
    flat = " ".join(words.split())
    for c in found:
        assert c.name in words
    assert found.because.replace("\n", " ") in flat
    if width >= 88:
        assert all(c.verdict in words for c in found if c.name != "baseline")


def test_undefined_numbers_are_dashes(attached: audit.Audit) -> None:
    """A candidate without a disparity is listed last, with dashes and no bar."""
    found, _, _, _ = examples.compared()
    none = type(found.baseline.disparity)(value=math.nan, low=math.nan, high=math.nan)
    last = replace(
        found.candidates[-1], disparity=none, disparity_change=none, utility=none,
        utility_change=none, changed=None,
    )  # fmt: skip
    bare = audit.Audit(replace(attached.record, candidates=()))
    told_of = replace(found, candidates=(*found.candidates[:-1], last), recommendation=None)
    result = audit.attach(bare, comparison=told_of)
    rows = grids(section(result).blocks)["frontier-comparison"].rows
    assert rows[-1][1].text == "—"
    assert rows[-1][2].bar is None
    page = html(result.record, charts="none").lower().split('id="alternatives"')[1]
    assert not re.search(r"\bnan\b", page)
    assert drawings(Look(result.record))["frontier:comparison"]
    assert "—" in remedies(told_of.to_dict(), 88)
