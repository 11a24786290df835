"""Tables of continuous decisions: every amount, every attribute, in its own unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import audit
from audit.report.blocks import Grid, Prose
from audit.report.document import document

RNG = np.random.default_rng(3)
SEX = RNG.choice(["f", "m"], 400)
LIMIT = np.where(SEX == "f", 2000.0, 2500.0) + RNG.integers(0, 100, 400)
TOLD: dict[str, Any] = {"protected": "sex", "reference": {"sex": "m"}}


def scores(result: Any) -> Any:
    (found,) = [s for s in document(result.record).sections if s.key == "scores"]
    return found


@pytest.fixture(scope="module")
def section() -> Any:
    rows = {"sex": SEX, "limit": LIMIT, "rate": LIMIT / 1000}
    return scores(audit.run(rows, amount={"limit": "higher", "rate": "lower"}, **TOLD))


def test_every_amount_has_its_tables(section: Any) -> None:
    """Means with both gaps, and percentile gaps; titles and anchors differ."""
    grids = [b for b in section.blocks if isinstance(b, Grid) and b.key.startswith("amount")]
    assert [g.title for g in grids] == [
        "limit by sex",
        "Gaps in limit by percentile, sex",
        "rate by sex",
        "Gaps in rate by percentile, sex",
    ]
    assert len({g.key for g in grids}) == 4
    means = grids[0]
    female = next(r for r in means.rows if r[0].text.startswith("f"))
    assert female[1].text == f"{LIMIT[SEX == 'f'].mean():,.0f}"
    gap = LIMIT[SEX == "f"].mean() - LIMIT[SEX == "m"].mean()
    assert female[2].text == f"−{abs(gap):.1f}"
    assert " to " in female[2].note
    assert "reference" in next(r for r in means.rows if r[0].text.startswith("m"))[0].note


def test_the_reading_names_direction_gap_and_interval(section: Any) -> None:
    """In a sentence, before each table."""
    said = [str(line[0]) for b in section.blocks if isinstance(b, Prose) for line in b.lines]
    limit = next(s for s in said if "limit" in s and "widest" in s)
    assert limit.startswith("A higher limit is better for the applicant.")
    assert "f has on average" in limit
    assert "less than m (95% interval −" in limit
    assert any(s.startswith("A lower rate is better") for s in said)


def test_an_amount_is_no_score(section: Any) -> None:
    """Without a score nothing is said of how it ranks."""
    assert not any(isinstance(b, Grid) and b.key == "ranking" for b in section.blocks)


def test_a_score_that_nothing_cuts_off_is_compared_as_an_amount() -> None:
    """Its tables stand beside those of ranking; with a cut-off only the latter."""
    rows = {"sex": SEX, "s": LIMIT / 4000}
    alone = scores(audit.run(rows, score="s", **TOLD))
    assert any(isinstance(b, Grid) and b.title == "s by sex" for b in alone.blocks)
    cut = scores(audit.run(rows, score="s", cutoff=0.55, **TOLD))
    assert not any(isinstance(b, Grid) and b.title == "s by sex" for b in cut.blocks)


def test_it_is_written_in_every_form(tmp_path: Any) -> None:
    """HTML without charts, Markdown and JSON; hostile column names stay text."""
    name = "<script>limit</script> 限"
    result = audit.run({"sex": SEX, name: LIMIT}, amount={name: "higher"}, **TOLD)
    for suffix in (".html", ".md", ".json"):
        path = audit.write(result, tmp_path / f"r{suffix}", charts="none")
        assert suffix != ".html" or "<script>limit" not in path.read_text("utf-8")
    assert audit.load(tmp_path / "r.json") == result
