"""The document: what is said, in which order, and never two things at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audit.findings.record import AuditRecord
from audit.inference.estimate import Estimate, Estimates
from audit.report.blocks import (
    Block,
    Callout,
    Chart,
    Document,
    Facts,
    Fold,
    Grid,
    Listing,
    Mark,
    Prose,
    VerdictCard,
)
from audit.report.document import decision_rule, document
from audit.report.sections.calibration import common_bins
from audit.report.sections.distribution import quantile
from audit.report.svg import draw
from audit.table.roles import Roles
from report import examples

GOLDEN = Path(__file__).parent / "golden_fair.txt"


def blocks_of(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for b in blocks:
        yield b
        if isinstance(b, Fold):
            yield from blocks_of(b.blocks)


def every(page: Document) -> Iterator[Block]:
    for s in page.sections:
        yield from blocks_of(s.blocks)


def grids(page: Document) -> dict[str, Grid]:
    found = [b.twin if isinstance(b, Chart) else b for b in every(page)]
    return {g.key: g for g in found if isinstance(g, Grid)}


def line(pieces: tuple[str | Mark, ...]) -> str:
    return "".join(p if isinstance(p, str) else p.text for p in pieces)


def outline(page: Document) -> str:
    """The document as plain lines, for the golden file."""
    out = [page.title, page.disclaimer, *(f"{k}: {v}" for k, v in page.facts)]
    for s in page.sections:
        out.append(f"# {s.title}")
        for b in blocks_of(s.blocks):
            if isinstance(b, Prose):
                out += [line(x) for x in b.lines]
            elif isinstance(b, Facts):
                out += [f"{k}: {line(v)}" for k, v in b.items]
            elif isinstance(b, Callout):
                out += [f"[{b.title}]", *(line(x) for x in b.lines)]
            elif isinstance(b, Listing):
                out += [b.title, b.text]
            elif isinstance(b, Fold):
                out.append(b.title)
            elif isinstance(b, VerdictCard):
                out += [b.word, b.headline, b.because, b.people, b.rule]
                out += [w for m in b.measures for w in (m.title, m.value, m.interval)]
                out += [f"{x.label}: {x.word}. {x.text}" for x in b.lines]
            else:
                g = b.twin if isinstance(b, Chart) else b
                out += [f"| {g.title}", " | ".join(c.title for c in g.columns)]
                out += [
                    " | ".join(f"{c.text} ({c.note})" if c.note else c.text for c in row)
                    for row in g.rows
                ]
    return "\n".join(out) + "\n"


def said(page: Document) -> str:
    return outline(page)


def test_golden_document() -> None:
    """A small report, word for word; rewrite the file on purpose, with the change reviewed."""
    now = outline(document(steady(examples.fair())))
    assert now == GOLDEN.read_text(encoding="utf-8")


def steady(record: AuditRecord) -> AuditRecord:
    """Without the policy's own prose, which has its own tests."""
    return replace(record, policy=replace(record.policy, rules=record.policy.rules[:1], notes=()))


@pytest.mark.parametrize("name", examples.ALL)
def test_order(name: str) -> None:
    """The verdict stands first, the way to reproduce it last."""
    keys = [s.key for s in document(examples.ALL[name]()).sections]
    first = ["verdict", "gaps", "crossed", "scores", "errors", "why", "alternatives", "reasons"]
    order = [*first, "data", "rules", "reproduce"]
    assert keys == [k for k in order if k in keys]
    assert {"verdict", "gaps", "scores", "errors", "data", "rules", "reproduce"} <= set(keys)


@pytest.mark.parametrize("name", examples.ALL)
def test_never_p_zero(name: str) -> None:
    """A p-value is never printed as nothing."""
    assert not re.search(r"\bp ?=? ?0\.0+\b(?!\d)", said(document(examples.ALL[name]())))


@pytest.mark.parametrize("name", examples.ALL)
def test_undefined_is_words(name: str) -> None:
    """No nan, None or inf reaches a reader."""
    text = said(document(examples.ALL[name]()))
    assert not re.search(r"\b(nan|None|inf)\b(?!\))", text.replace("-inf", ""))


def test_a_fail_says_nothing_of_doubt() -> None:
    """A fail never stands beside words that take it back, nor a pass beside words of harm."""
    for make in examples.ALL.values():
        record = make()
        card = document(record).sections[0].blocks[0]
        assert isinstance(card, VerdictCard)
        doubt = re.search(r"cannot|neither|not enough|insufficient", card.because)
        if record.verdict == "fail":
            assert not doubt
        if record.verdict == "pass":
            assert "beyond the rule was seen" not in card.because


def test_verdict_card_repeats_the_record() -> None:
    """The card is the worst planned finding, rounded only here."""
    record = examples.german()
    card = document(record).sections[0].blocks[0]
    assert isinstance(card, VerdictCard)
    # 86 of 190 and 526 of 810, by hand: .4526, .6494, ratio .69701, 37.4 people more
    assert [r.text for r in card.rates] == ["45.3%", "64.9%"]
    assert card.measures[0].value == "0.697"
    assert card.people == "38 more"
    assert "0.80" in card.rule
    assert [x.label for x in card.lines] == ["Outcome gap", "Error gap", "Documentation"]


def test_rounding_never_crosses_the_line() -> None:
    """0.79996 is below the line, so it is not printed as 0.800."""
    record = examples.german()
    lead = next(f for f in record.findings if f.planned)
    near = replace(lead, estimate=replace(lead.estimate, value=0.79996))
    card = document(replace(record, findings=(near, *record.findings[1:]))).sections[0].blocks[0]
    assert isinstance(card, VerdictCard)
    assert card.measures[0].value == "0.79996"


def test_a_ratio_above_the_inverse_line_says_how_it_is_read() -> None:
    """1.311 is beyond 1/0.80 = 1.25: rule, row, caption and drawing say so (1/1.311 = 0.763)."""
    record = examples.german()
    lead = next(f for f in record.findings if f.planned)
    e = replace(lead.estimate, value=1.311, low=1.22, high=1.41)
    high = replace(lead, estimate=e, line=0.8, verdict="fail")
    page = document(replace(record, findings=(high,)))
    card = page.sections[0].blocks[0]
    assert isinstance(card, VerdictCard)
    assert card.rule.startswith("Below 0.80, or above 1.25 read as its inverse, is beyond the rule")
    assert "read as its inverse: 0.763 for " in said(page)
    forest = next(b for b in every(page) if isinstance(b, Chart))
    assert forest.reading.startswith("1 planned interval crosses the line at 0.80, or its inverse")
    bar = card.measures[0].bar
    assert bar is not None
    assert "<path class=i " in draw(bar)


def test_every_planned_test_is_listed() -> None:
    """Nothing vanishes: as many rows as planned findings, family by family."""
    record = examples.many()
    tables = grids(document(record))
    planned = [f for f in record.findings if f.planned]
    rows = sum(len(g.rows) for k, g in tables.items() if k.startswith("tests-"))
    assert rows == len(planned)


def test_worst_first() -> None:
    """Verdicts within a table of tests never improve and then worsen."""
    rank = {"Fail": 0, "Review": 1, "Insufficient": 2, "Pass": 3}
    for key, grid in grids(document(examples.many())).items():
        if key.startswith("tests-"):
            order = [rank[row[1].text] for row in grid.rows]
            assert order == sorted(order)


def test_both_reference_readings() -> None:
    """Beside the declared reading stands the one against the highest rate, with its interval."""
    tables = grids(document(examples.many()))
    grid = tables["tests-aud001"]
    column = [c.title for c in grid.columns].index("Against the highest rate")
    shown = [row[column] for row in grid.rows]
    assert all(c.text for c in shown)
    assert any(" to " in c.note for c in shown)
    assert "references" in tables


def test_what_was_not_checked_is_there() -> None:
    """The record's list, and the sections that nothing was attached for."""
    page = document(replace(examples.fair(), not_checked=("seasonal effects: no time column",)))
    box = next(b for b in every(page) if isinstance(b, Callout) and b.key == "not-checked")
    text = " ".join(line(x) for x in box.lines)
    assert "Seasonal effects: no time column." in text
    for part in ("why the gap arises", "alternatives", "reasons", "governance"):
        assert part in text


def test_selective_labels_show_bounds_only() -> None:
    """Where approval creates the label, error rates are bounds, and the page says why."""
    page = document(examples.lender())
    text = said(page)
    assert "Outcomes exist only for the approved" in text
    errors = next(g for k, g in grids(page).items() if k.startswith("errors-"))
    assert errors.rows[0][1].note == "bounds only"


def test_impossibility_by_hand() -> None:
    """FPR = p/(1−p) · (1−PPV)/PPV · TPR, at both base rates (Chouldechova 2017, eq. 2.6)."""
    text = said(document(examples.german()))
    tpr, ppv = 440 / 590, 440 / 526
    odds = (1 - ppv) / ppv * tpr
    low, high = 110 / 80 * odds, 590 / 220 * odds
    assert f"{100 * low:.1f}% among age under 26" in text
    assert f"{100 * high:.1f}% among age 26 and over" in text


def test_counts_of_the_data() -> None:
    """Excluded, undecided, unknown and missing rows are all counted."""
    text = said(document(examples.many()))
    assert "35 rows by limit > 0" in text
    assert re.search(r"Undecided: \d+ rows", text)
    assert re.search(r"Unknown outcome: \d+ rows", text)
    assert "education: " in text


def test_the_verdict_rule_is_printed_in_full() -> None:
    """All seven clauses, the overall order, and every cited rule with status and date."""
    record = examples.german()
    page = document(record)
    rule = next(b for b in every(page) if isinstance(b, Prose) and b.kind == "list")
    assert len(rule.lines) == 9
    cited = grids(page)["cited"]
    assert len(cited.rows) == len(record.policy.rules)
    assert all(row[4].text and row[4].note for row in cited.rows)


def test_no_estimates_at_all() -> None:
    """An empty record still makes a report that says so."""
    record = replace(
        examples.fair(), estimates=Estimates.of([]), findings=(), verdict="insufficient"
    )
    assert "No planned test" in said(document(record))


def test_decision_rules_in_words() -> None:
    """Higher scores are approved, lower risks are."""
    by_score = Roles(score="s", cutoff=620.0, decided_by="cutoff")
    assert decision_rule(by_score) == "approved at s 620 or more"
    by_rate = Roles(risk="pd", cutoff=0.2, approval_rate=0.6, decided_by="approval_rate")
    assert decision_rule(by_rate).endswith("the strictest cut-off approving 60%")


def test_quantiles_of_bins() -> None:
    """Uniform bins give the quantile itself."""
    edges = [k / 64 for k in range(65)]
    for q in (0.1, 0.25, 0.5, 0.9):
        assert quantile(edges, [1 / 64] * 64, q) == pytest.approx(q)


def test_charts_and_document_agree() -> None:
    """Each chart of the document has a figure of that name, and titles that match."""
    from audit.report.charts import figures

    for make in examples.ALL.values():
        record = make()
        drawn = figures(record)
        for b in every(document(record)):
            if isinstance(b, Chart):
                assert b.name in drawn
                assert b.twin.rows
                assert drawn[b.name].layout.title.subtitle.text
    assert json.dumps(sorted(drawn)) is not None


def test_calibration_bins_meet_and_none_is_lost() -> None:
    """Groups' bins stand side by side; each bin appears once, each group once a row."""
    a = {"bins": [{"low": 0.0, "high": 0.1, "rows": 5}, {"low": 0.2, "high": 0.3, "rows": 5}]}
    b = {"bins": [{"low": 0.15, "high": 0.16, "rows": 1}, {"low": 0.25, "high": 0.4, "rows": 9}]}
    rows = common_bins([a, b])
    assert [sorted(r) for r in rows] == [[0, 1], [0, 1]]
    assert rows[1][0]["low"] == 0.2
    assert rows[1][1]["low"] == 0.25


def test_calibration_of_a_risk_counts_unfavourable_outcomes() -> None:
    """A risk rises with defaults: the words must say so."""
    assert "observed unfavourable outcomes" in said(document(examples.many()))
    assert "observed favourable outcomes" in said(document(examples.german()))


def test_ratio_stands_beside_another_lead() -> None:
    """Where an error gap leads, the card still shows the ratio and counts people by it."""
    card = document(examples.many()).sections[0].blocks[0]
    assert isinstance(card, VerdictCard)
    lead, ratio = card.measures
    assert lead.title == "Difference of true positive rates"
    assert ratio.title == "Ratio of approval rates"
    assert ratio.value == "0.907"
    assert ratio.interval.startswith("95% interval 0.")
    assert ratio.rates.startswith("approved: ")
    assert ratio.word == "Pass"
    assert card.people.endswith("more")


COMPARISON = [
    {
        "model": name, "auc": auc, "approval_rate": 0.6, "metric": "disparate_impact_ratio",
        "attribute": ["age"], "group": ["(-inf, 26)"], "reference": ["[26, inf)"],
        "ratio": ratio, "low": ratio - 0.1, "high": ratio + 0.1,
    }
    for name, auc, ratio in (("logistic regression", 0.78, 0.5), ("a <b>forest</b>", 0.81, 0.9))
]  # fmt: skip


def with_settings(record: AuditRecord, **settings: object) -> AuditRecord:
    p = record.provenance
    return replace(record, provenance=replace(p, settings={**p.settings, **settings}))


def test_models_stand_side_by_side() -> None:
    """A comparison is a table with the audited decisions in it; nothing of it is raw text."""
    record = with_settings(examples.german(), comparison=COMPARISON)
    page = document(record)
    grid = next(b for b in every(page) if isinstance(b, Grid) and b.key == "comparison")
    assert [row[0].text for row in grid.rows] == [
        "the audited decisions", "logistic regression", "a <b>forest</b>",
    ]  # fmt: skip
    assert [row[0].note for row in grid.rows] == ["audited here", "", ""]
    assert [row[3].text for row in grid.rows] == ["0.697", "0.500", "0.900"]
    assert "approval_rate" not in said(page)
    own = next(
        e.value for e in record.estimates
        if e.metric == "disparate_impact_ratio" and e.group == ("(-inf, 26)",)
    )  # fmt: skip
    rows = [{**COMPARISON[0], "ratio": own}, COMPARISON[1]]
    page = document(with_settings(examples.german(), comparison=rows))
    grid = next(b for b in every(page) if isinstance(b, Grid) and b.key == "comparison")
    assert [row[0].note for row in grid.rows] == ["audited here", ""]


@pytest.mark.parametrize("odd", ["text", 3, [], [1], [{"model": "x"}], {"model": "x"}])
def test_an_odd_comparison_is_shown_as_a_setting(odd: object) -> None:
    """What is no comparison makes no table and no error."""
    page = document(with_settings(examples.german(), comparison=odd))
    assert not [b for b in every(page) if isinstance(b, Grid) and b.key == "comparison"]


def test_model_stamp_and_metrics_have_their_places() -> None:
    """The model in words, the time in the header and the last section, metrics folded."""
    record = with_settings(
        examples.german(), model="a scorecard of 9 columns", stamp="2026-11-24T11:07:31+00:00",
        metrics=["selection_rate", "f1"],
    )  # fmt: skip
    page = document(record)
    assert ("Made", "2026-11-24 11:07:31 UTC") in page.facts
    data = next(s for s in page.sections if s.key == "data")
    assert any(isinstance(b, Callout) and b.title == "The model" for b in data.blocks)
    last = page.sections[-1]
    terms = [t for b in last.blocks if isinstance(b, Facts) for t, _ in b.items]
    assert "Made" in terms
    assert not {"Setting model", "Setting stamp", "Setting metrics"} & set(terms)
    folds = [b.title for b in last.blocks if isinstance(b, Fold)]
    assert "Every metric with an estimate (1)" in folds  # f1 was asked for, and not estimated
    assert "Made" not in dict(document(examples.german()).facts)


def test_weighted_sums_are_never_put_over_rows() -> None:
    """With weights, "153.4 of 197" would be no count; rates come from rates."""
    record = examples.lender()
    roles = replace(record.roles, weight="w")
    card = document(replace(record, roles=roles)).sections[0].blocks[0]
    assert isinstance(card, VerdictCard)
    assert all(r.note.startswith("weighted, ") for r in card.rates)
    heavy = [
        replace(e, favorable=e.favorable * 3) if e.stage is not None else e
        for e in record.estimates
    ]
    page = document(replace(record, roles=roles, estimates=Estimates.of(heavy)))
    stages = next(b for b in every(page) if isinstance(b, Grid) and b.key == "stages")
    assert [row[2].text for row in stages.rows] == ["72.9%", "81.0%", "72.9%", "81.0%"]


def test_without_a_decision_the_page_says_what_cannot_be_said() -> None:
    """Base rates only: no approval rate, no error, and the words say why."""
    import pandas as pd

    import audit

    frame = pd.DataFrame({"sex": ["f"] * 60 + ["m"] * 60, "paid": [1, 0] * 30 + [1, 1, 0] * 20})
    record = audit.run(
        frame, protected=["sex"], outcome="paid", favorable={"outcome": 1}
    ).record  # fmt: skip
    page = document(record)
    words = said(page)
    assert "No decision was given, so approvals cannot be compared." in words
    assert "No outcome was given" not in words
    assert "every row: no decision was given" in words
    assert "Approval rate" not in [
        c.title for b in every(page) if isinstance(b, Grid) for c in b.columns
    ]


def test_exploration_is_counted_on_the_card() -> None:
    """A pass beside explored gaps says that some ask for a review."""
    record = examples.fair()
    planned = record.findings[0]
    seen = replace(planned, planned=False, code="AUD901", verdict="review")
    record = replace(record, findings=(*record.findings, seen))
    card = document(record).sections[0].blocks[0]
    assert isinstance(card, VerdictCard)
    assert (
        card.lines[0].text
        == "1 planned comparison: 1 pass. Explored: at least 1 asks for a review."
    )


def test_what_the_tally_left_out_is_listed() -> None:
    """`Tally.skipped` reaches the list of what was not checked, once."""
    record = examples.fair()
    record = replace(record, tally=replace(record.tally, skipped=("sex × age: too many cells",)))
    assert said(document(record)).count("too many cells") == 2  # not checked, and the limits
    known = replace(record, not_checked=("sex × age: too many cells",))
    assert said(document(known)).count("too many cells") == 1


def test_operating_point_has_the_audits_own_numbers() -> None:
    """The sweep's row at the cut-off in use repeats the card's ratio, not a neighbour's."""
    page = document(examples.german())
    sweep = grids(page)["sweep-0"]
    here = [row for row in sweep.rows if row[0].note == "operating point"]
    assert [row[3].text for row in here] == ["0.697"]


def test_a_worst_case_shows_the_rates_it_is_made_of() -> None:
    """113 of 190 against 587 of 810: the largest less the smallest is +13.0 pp, from 59.5 %."""
    from audit.report import look

    e = Estimate(
        metric="demographic_parity_difference",
        attribute=("age",),
        group=("young",),
        reference=("old",),
        value=587 / 810 - 113 / 190,
        reference_value=587 / 810,
    )
    assert look.own_rate(e) == pytest.approx(113 / 190)
