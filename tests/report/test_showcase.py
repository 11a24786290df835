"""The pages and the picture in the repository are ours, small, and say what the audit says."""

from __future__ import annotations

import html
import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "reports" / "small"
PAGES = ("german_credit", "taiwan_credit", "boston_mortgages")


@pytest.mark.parametrize("name", PAGES)
def test_small_pages_are_small_and_whole(name: str) -> None:
    """At most 150 KB, made by audit, with no script that runs and nothing from outside."""
    page = (SMALL / f"{name}.html").read_text(encoding="utf-8")
    assert len(page.encode()) <= 150_000
    assert 'content="evenhand audit.report/1"' in page
    assert set(re.findall(r"<script[^>]*>", page)) == {
        '<script type="application/json" id="audit-report">'
    }
    assert "script-src 'none'" in html.unescape(page)
    assert not re.search(r"(?:src|href)=[\"']?https?:", page)


def test_the_index_leads_to_each() -> None:
    """`index.html` has a link to every page beside it, and to nothing else."""
    index = (SMALL / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"#]+)"', index))
    assert links == {f"{name}.html" for name in PAGES}


def test_only_pages_are_kept() -> None:
    """The JSON twins are made again by the demo, so the repository leaves them out."""
    assert "/reports/small/*.json" in (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_the_boston_page_says_what_the_audit_says() -> None:
    """The committed page carries today's headline, rule and people affected."""
    from audit.demo.showing import lenders
    from audit.report.document import document

    card = document(lenders().record).sections[0].blocks[0]
    page = html.unescape((SMALL / "boston_mortgages.html").read_text(encoding="utf-8"))
    for words in (card.headline, card.rule, card.people_note, card.change):
        assert words in page


def test_the_picture_is_a_first_screen() -> None:
    """A PNG of 1280 × 800 under 150 KB."""
    picture = (ROOT / "docs" / "images" / "boston_mortgages.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1280, 800)
    assert len(picture) < 150_000
