"""The HTML page: escaped everywhere, the same bytes each time, small, and whole without script."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from functools import cache
from html.parser import HTMLParser

import pytest

from audit.errors import InputError
from audit.report.html_page import html, tight
from audit.report.plotly_script import plotly_script, sha256
from report import attacks, examples

VOID = {"meta", "link", "br", "img", "input", "hr", "path", "use", "base"}


class Reader(HTMLParser):
    """Start tags with the names of their attributes, and the words outside scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.ids += [v or "" for name, v in attrs if name == "id"]
        self.links += [v or "" for name, v in attrs if name == "href"]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.ids += [v or "" for name, v in attrs if name == "id"]
        self.links += [v or "" for name, v in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.stack or self.stack[-1] not in ("script", "style"):
            self.words.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.stack, f"unclosed: {reader.stack}"
    return reader


def words(page: str) -> str:
    return " ".join(" ".join(read(page).words).split()).replace("\u00a0", " ")


@cache
def plain_page() -> Reader:
    return read(html(examples.hostile("plain name"), charts="shared"))


@pytest.mark.parametrize("attack", attacks.ATTACKS)
def test_no_name_becomes_markup(attack: str) -> None:
    """A page of hostile names has the very tags and attributes of a page of plain ones."""
    plain = plain_page()
    hostile = read(html(examples.hostile(attack), charts="shared"))
    assert [t for t in hostile.tags if t[0] != "use"] == [t for t in plain.tags if t[0] != "use"]
    assert all(link.startswith("#") for link in hostile.links)


@pytest.mark.parametrize("name", examples.ALL)
def test_page_is_well_formed(name: str) -> None:
    """One h1, unique ids, every link inside the page points at something, landmarks are there."""
    page = read(html(examples.ALL[name](), charts="none"))
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == names.count("main") == names.count("nav") == 1
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert "script" in names  # the JSON
    assert ("html", ("lang",)) in page.tags


@pytest.mark.parametrize("name", examples.ALL)
def test_size_without_charts(name: str) -> None:
    """At most 150 KB without the charts' script."""
    assert len(html(examples.ALL[name](), charts="none").encode()) <= 150_000


def test_size_with_charts() -> None:
    """At most 2.3 MB as one interactive file."""
    assert len(html(examples.many()).encode()) <= 2_300_000


@pytest.mark.parametrize("charts", ["inline", "none", "shared"])
def test_same_bytes_each_time(charts: str) -> None:
    """The page is a pure function of the record."""
    assert html(examples.german(), charts) == html(examples.german(), charts)


def policy(page: str) -> dict[str, list[str]]:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    parts = [p.split() for p in found[1].replace("&#39;", "'").split(";")]
    return {p[0]: p[1:] for p in parts if p}


@pytest.mark.parametrize("charts", ["inline", "none", "shared"])
def test_policy_admits_only_our_own(charts: str) -> None:
    """Nothing by default; style and scripts by the hash of the very text in the page."""
    page = html(examples.german(), charts)
    rules = policy(page)
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert style is not None
    assert sha256(style[1]) in rules["style-src"]
    for source in (*rules["script-src"], *rules["style-src"]):
        assert source == "'none'" or source.startswith("'sha256-") or charts == "shared"
    if charts == "none":
        assert rules["script-src"] == ["'none'"]
        assert rules["style-src-attr"] == ["'none'"]
        assert " style=" not in page
        return
    boot = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(boot) == 1
    assert sha256(boot[0]) in rules["script-src"]


def test_script_travels_once_and_unpacks() -> None:
    """The packed script is plotly.min.js, without a time stamp, and its hash is admitted."""
    page = html(examples.german())
    packed = re.findall(r'<script type="text/plain" id="plotly-gz">(.*?)</script>', page, re.S)
    assert len(packed) == 1
    raw = base64.b64decode(packed[0])
    assert raw[4:8] == b"\0\0\0\0"
    script = gzip.decompress(raw)
    assert script.decode() == plotly_script().text
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    assert f"'sha256-{digest}'" in policy(page)["script-src"]


def test_embedded_json_is_json_and_cannot_close_its_element() -> None:
    """The report inside the page parses, says what it leaves out, and holds no "<"."""
    page = html(examples.hostile("</script><b>"), charts="none")
    found = re.search(r'id="audit-report">(.*?)</script>', page, re.S)
    assert found is not None
    assert "<" not in found[1]
    data = json.loads(found[1])
    assert data["schema"] == "audit.report/1"
    assert data["verdict"] == "fail"
    assert "excerpt" in data


def test_every_chart_has_its_table() -> None:
    """Without a script the page says the same: each chart's name comes with a table in it."""
    page = html(examples.german(), charts="shared")
    figures = re.findall(r"<figure>(.*?)</figure>", page, re.S)
    assert len(figures) == 5
    assert all("<table" in f and "data-figure" in f for f in figures)


def test_first_section_says_it_all() -> None:
    """Verdict, both rates, ratio, interval, rule and people affected are in the card."""
    page = html(examples.german(), charts="none")
    found = re.search(r'<section id="verdict".*?</section>', page, re.S)
    assert found is not None
    said = words(found[0])
    for part in ("Fail", "45.3%", "64.9%", "0.697", "0.586 to 0.814", "UGESP", "38 more", "of 190"):
        assert part in said


def test_disclaimer_and_never_a_legal_word() -> None:
    """Every page says that it screens; none says compliant, illegal or fair."""
    for make in examples.ALL.values():
        said = words(html(make(), charts="none"))
        assert "A screening result, not a legal finding." in said
        assert not re.search(r"\b(compliant|illegal|is fair|are fair)\b", said)


def test_unknown_charts_are_refused() -> None:
    """A wrong value is named, with what would be right."""
    with pytest.raises(InputError, match="RPT001"):
        html(examples.german(), charts="all")


def test_numbers_stay_together() -> None:
    """An interval is not broken between its limits."""
    assert tight("0.586 to 0.814") == "0.586\u00a0to\u00a00.814"
    assert tight("age 26 to under 40") == "age 26 to under 40"
