"""Sections 5 and 7: what a report says of an attached explanation."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import audit
from audit.report.blocks import Block, Chart, Fold, Grid
from audit.report.charts import drawings
from audit.report.document import document
from audit.report.html_page import html
from audit.report.look import Look
from audit.report.why_card import why
from report import examples
from report.attacks import ATTACKS


def grids(blocks: tuple[Block, ...]) -> list[Grid]:
    """Every table of a section, also inside charts and folds."""
    out: list[Grid] = []
    for b in blocks:
        if isinstance(b, Grid):
            out.append(b)
        elif isinstance(b, Chart):
            out.append(b.twin)
        elif isinstance(b, Fold):
            out.extend(grids(b.blocks))
    return out


@pytest.fixture(scope="module")
def attached() -> audit.Audit:
    """A logistic model on two features, one of which tells the group."""
    return audit.Audit(examples.explained())


def section(result: audit.Audit, key: str) -> Any:
    """One section of the document."""
    return next(s for s in document(result.record).sections if s.key == key)


def test_an_explanation_changes_no_verdict(attached: audit.Audit) -> None:
    """Attaching leaves verdict, findings and estimates as they were."""
    bare = audit.Audit(replace(attached.record, explanation=None))
    assert bare.verdict == attached.verdict
    assert bare.findings == attached.findings
    assert all(s.key not in ("why", "reasons") for s in document(bare.record).sections)


def test_parts_in_the_table_sum_to_the_gap(attached: audit.Audit) -> None:
    """The printed parts sum to the printed gap, up to rounding."""
    twin = next(g for g in grids(section(attached, "why").blocks) if g.key == "contributions-0")
    values = [float(r[1].text.replace("−", "-")) for r in twin.rows]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.002)
    shares = [float(r[3].text.rstrip("%").replace("−", "-")) for r in twin.rows]
    assert sum(shares[:-1]) == pytest.approx(100, abs=2)


def test_every_chart_of_the_section_is_drawn(attached: audit.Audit) -> None:
    """Each chart named in the document has a drawing, and its bars are the table's numbers."""
    look = Look(attached.record)
    specs = drawings(look)
    charts = [b for b in section(attached, "why").blocks if isinstance(b, Chart)]
    assert charts
    assert all(c.name in specs for c in charts)
    bars = next(specs[c.name] for c in charts if c.name.startswith("contributions"))
    kept = (attached.record.explanation or {})["attributions"]
    assert bars["data"][0]["x"] == pytest.approx([a["value"] for a in kept])


def test_the_part_not_accounted_for_is_never_itemised(attached: audit.Audit) -> None:
    """Only the explained part has items; the word discrimination does not stand in the section."""
    found = grids(section(attached, "why").blocks)
    items = next(g for g in found if g.key == "decomposition-parts-0")
    assert [r[0].text for r in items.rows] == ["income", "debt"]
    page = html(attached.record, charts="none")
    inside = page[page.index('id="why"') : page.index('id="data"')]
    assert "discriminat" not in re.sub("discriminate less", "", inside)


def test_reasons_and_recourse_are_told_by_group_and_by_nobody(attached: audit.Audit) -> None:
    """Section 7 has shares by group; what is kept holds no applicant's row."""
    keys = {g.key for g in grids(section(attached, "reasons").blocks)}
    assert {"reasons-by-group", "reasons-quality", "recourse"} <= keys
    more = (attached.record.explanation or {})["more"]
    assert "rows" not in more["recourse"]
    table = next(
        g for g in grids(section(attached, "reasons").blocks) if g.key == "reasons-by-group"
    )
    heads = [c.title for c in table.columns]
    assert heads[1].startswith("Everyone (")
    assert [h.split(" (")[0] for h in heads[2:]] == ["f", "m"]


def test_it_survives_json(attached: audit.Audit, tmp_path: Any) -> None:
    """Loaded, the audit is equal and its page is the same bytes."""
    audit.write(attached, tmp_path / "a.json")
    back = audit.load(tmp_path / "a.json")
    assert back == attached
    assert html(back.record, charts="none") == html(attached.record, charts="none")


def test_the_terminal_says_the_same(attached: audit.Audit) -> None:
    """The terminal's lines fit, and name the gap and its largest part."""
    words = why(attached.record.explanation or {}, 72)
    assert all(len(line) <= 72 for line in words.splitlines())
    assert words.startswith("Why · score gap of f against m")
    assert re.search(r"^  income +−[\d.]+ +█", words, re.M)


def test_what_is_not_an_explanation_is_refused(attached: audit.Audit) -> None:
    """`attach` takes what explain and decompose return, and nothing else."""
    for bad in ({"gap": 1}, "why", 3):
        with pytest.raises(audit.InputError, match="RUN020"):
            audit.attach(attached, bad)  # type: ignore[arg-type]
    with pytest.raises(audit.InputError, match="RUN020"):
        audit.attach({"verdict": "fail"})  # type: ignore[arg-type]


@pytest.mark.parametrize("attack", ATTACKS[::4])
def test_names_of_features_stay_names(attached: audit.Audit, attack: str) -> None:
    """A feature's name that tries to be markup is shown, not obeyed."""

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: renamed(v) for k, v in value.items()}
        if isinstance(value, list):
            return [renamed(v) for v in value]
        return attack if value == "income" else value

    hostile = replace(attached.record, explanation=renamed(dict(attached.record.explanation or {})))
    page = html(hostile, charts="none")
    for word in ("<script>window", "<img src=x", "<iframe", 'onmouseover="', "<style>*"):
        assert word not in page
