"""Charts and cell drawings: what is drawn is what is said."""

from __future__ import annotations

import itertools
import json
import math
import re

import pytest

from audit.report import svg
from audit.report.blocks import Bar
from audit.report.charts import figures
from audit.report.drawings.parts import label, safe
from audit.report.palette import DARK, GROUPS, GROUPS_DARK, LIGHT, to_dark
from audit.report.plotly_script import inserted_styles, plotly_script
from report import attacks, examples


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read() -> None:
    """WCAG 2.2: 4.5 to 1 for every text and mark colour on its paper, in both themes."""
    for theme in (LIGHT, DARK):
        for name in ("ink", "quiet", "fail", "review", "pass", "insufficient", "waived"):
            assert contrast(theme[name], theme["paper"]) >= 4.5
    assert all(contrast(c, LIGHT["paper"]) >= 4.5 for c in GROUPS)
    assert all(contrast(c, DARK["paper"]) >= 4.5 for c in GROUPS_DARK)
    assert len(set(to_dark().values())) >= len(GROUPS)


def test_log_axis_by_hand() -> None:
    """On an axis from 0.5 to 2, parity lies in the middle and 0.8 where its logarithm says."""
    bar = Bar(kind="interval", start=0.5, end=2.0, log=True, value=1.0)
    assert svg.position(bar, 1.0, 176) == 88
    share = math.log(0.8 / 0.5) / math.log(4)
    assert svg.position(bar, 0.8, 176) == round(7 + 162 * share)


def test_outside_values_become_arrows() -> None:
    """A limit beyond the edge stops there, with an arrow."""
    inside = Bar(kind="interval", start=0, end=1, value=0.5, low=0.4, high=0.6)
    beyond = Bar(kind="interval", start=0, end=1, value=0.5, low=-math.inf, high=math.inf)
    assert svg.draw(inside).count("l") < svg.draw(beyond).count("l5,4") + svg.draw(beyond).count(
        "l"
    )
    assert "nan" not in svg.draw(beyond)


def test_share_bar_starts_at_the_edge() -> None:
    """45 % of a 96-pixel bar is 43 pixels, from 0."""
    drawn = svg.draw(Bar(kind="share", start=0, end=1, value=0.45), small=True)
    assert "d=M0,0H43V8H0" in drawn


def test_axis_labels_do_not_touch() -> None:
    """Labels on an axis keep 26 pixels apart."""
    for start, end, log in ((-0.33, 0.33, False), (0.6, 1.4, True), (0.125, 8, True)):
        bar = Bar(
            kind="interval", start=start, end=end, log=log,
            line=0.8 if log else -0.1, parity=1.0 if log else 0.0,
        )  # fmt: skip
        places = sorted(int(x) for x in re.findall(r'<path[^>]* d="M(\d+) ', svg.axis(bar)))
        gaps = [b - a for a, b in itertools.pairwise(places)]
        assert min(gaps) >= 15


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_plotly_reads_no_tags_in_names(attack: str) -> None:
    """Plotly draws <a> and <b> in labels, so no unescaped "<" of the data reaches it."""
    assert "<" not in safe(attack)
    assert "<" not in label(attack).replace("<br>", "")
    for figure in figures(examples.hostile(attack)).values():
        text = json.dumps(figure.to_plotly_json(), ensure_ascii=False)
        tags = set(re.findall(r"<(/?[a-z]+)", text))
        assert tags <= {"br", "b", "/b", "extra", "/extra"}


def test_figures_are_plain_json_and_themed() -> None:
    """No NaN, no binary arrays; dark differs from light in colour only."""
    record = examples.german()
    light, dark = figures(record), figures(record, theme="dark")
    assert list(light) == list(dark)
    for name, figure in light.items():
        text = json.dumps(figure.to_plotly_json(), allow_nan=False, sort_keys=True)
        assert "bdata" not in text
        other = json.dumps(dark[name].to_plotly_json(), allow_nan=False, sort_keys=True)
        blank = re.compile(r"#[0-9a-f]{6}")
        assert blank.sub("#", text) == blank.sub("#", other)
        assert not any(c in other for c in GROUPS)


def test_groups_differ_by_more_than_colour() -> None:
    """In every chart, traces of groups have their own marker or dash."""
    for name, figure in figures(examples.german()).items():
        if name == "forest":
            continue
        marks = [
            (t.marker.symbol, t.line.dash if t.mode and "lines" in t.mode else None)
            for t in figure.data
            if t.type == "scatter" and t.name
        ]
        assert len(marks) == len(set(marks))


def test_style_sheet_that_plotly_inserts_is_found() -> None:
    """Its hash must be in the policy, or maps and heat maps lose their style."""
    found = inserted_styles(plotly_script().text)
    assert any(".maplibregl-map" in s for s in found)
