"""The HTML report: one offline file, whole without JavaScript, the same bytes each time."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from audit.errors import InputError
from audit.findings.record import AuditRecord
from audit.report import svg, text
from audit.report.blocks import Block, Document, Grid, VerdictCard
from audit.report.charts import page_figures
from audit.report.document import document
from audit.report.json_file import embedded
from audit.report.look import Look
from audit.report.plotly_script import plotly_script, sha256

if TYPE_CHECKING:
    from jinja2 import Environment

MARKER = '<meta name="generator" content="evenhand audit.report/1">'
"""How a page made by `audit` is known again."""

CHARTS = ("inline", "none", "shared")


def html(record: AuditRecord, charts: str = "inline") -> str:
    """The report as one HTML page; a pure function of the record.

    `charts`: "inline" (plotly.js inside, compressed; about 2 MB), "none" (tables and drawings
    only, no script, at most 150 KB) or "shared" (loads `plotly.min.js` from the same folder).
    Raises `InputError` RPT001 for another value.
    """
    if charts not in CHARTS:
        raise InputError(
            "RPT001", f"{charts!r} is not one of {text.listed(CHARTS)}", argument="charts",
            fix='use charts="inline"',
        )  # fmt: skip
    page = document(record)
    style = compact_style(asset("style.css"))
    boot = asset("boot.js") if charts != "none" else ""
    packed = plotly_script().packed if charts == "inline" else ""
    figures = dumps(page_figures(Look(record), page)) if charts != "none" else ""
    rendered = (
        environment()
        .get_template("page.html.j2")
        .render(
            page=page,
            style=Markup(style),
            boot=Markup(boot),
            policy=Markup(content_policy(style, boot, charts)),
            charts=charts,
            packed=Markup(packed),
            figures=Markup(figures),
            report=Markup(PLACE),
        )
    )
    room = FULL - (
        len(rendered.encode("utf-8", "replace")) - len(packed) - len(figures) - len(boot)
    )
    report = dumps(embedded(record, min(max(room, LEAST), MOST)))
    # data is escaped, so a bare "<" of ours is the only one of its kind
    return rendered.replace(PLACE, report, 1).encode("utf-8", "replace").decode()


FULL, LEAST, MOST = 140_000, 6_000, 48_000
"""Bytes a page may have without the charts' script, and of the JSON inside it."""

PLACE = "<report>"
"""Where the JSON goes once it is known how much room there is."""


def dumps(value: Any) -> str:
    """JSON that may stand inside a script element."""
    from jinja2.utils import htmlsafe_json_dumps

    return str(htmlsafe_json_dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False))


def content_policy(style: str, boot: str, charts: str) -> str:
    """The content-security policy: nothing but our own style and, by hash, our scripts."""
    scripts, styles, attributes = "'none'", sha256(style), "'none'"
    if charts != "none":
        plotly = plotly_script()
        source = plotly.script_hash if charts == "inline" else "'self' file:"
        scripts = f"{sha256(boot)} {source}"
        styles = " ".join((styles, sha256(""), *plotly.style_hashes))
        attributes = "'unsafe-inline'"
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:; "
        f"script-src {scripts}; style-src {styles}; style-src-attr {attributes}"
    )


def asset(name: str) -> str:
    """A file of the template folder."""
    return (files("audit.report") / "templates" / name).read_text(encoding="utf-8")


@cache
def compact_style(style: str) -> str:
    """A style sheet without comments, indentation and line ends."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    return re.sub(r"\s*([{};,])\s+", r"\1", re.sub(r"\s+", " ", style)).strip()


@cache
def environment() -> Environment:
    """Jinja with escaping on and undefined names refused."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    env = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["draw"] = svg.draw
    env.filters["icon"] = svg.icon
    env.filters["axis"] = svg.axis
    env.filters["kind"] = block_kind
    env.filters["wide"] = svg.wide
    env.filters["small"] = _small
    env.filters["tight"] = tight
    env.globals["under"] = _under
    env.globals["symbols"] = svg.symbols
    return env


def block_kind(block: Block) -> str:
    """The name of a block's type, by which a template lays it out."""
    return type(block).__name__


def tight(words: str) -> str:
    """Numbers that belong together kept on one line.

    >>> tight("0.586 to 0.814").count("\\u00a0")
    2
    """
    return re.sub(JOINED, _unbroken, words)


JOINED = re.compile(
    r"(?<=[\d%p∞]) to (?=[−+<>\d∞])|(?<=\bvs) (?=\S)|(?<=\bn) (?=\d)|(?<=\d) (?=pp\b)"
)
"""Blanks inside "0.58 to 0.81", "vs 90%", "n 40" and "−2.1 pp"."""


def _unbroken(match: re.Match[str]) -> str:
    return match.group().replace(" ", "\u00a0")


def _small(bar: Any) -> Markup:
    return svg.draw(bar, small=True)


def _under(bar: Any) -> Markup:
    return svg.axis(bar, under=True)


def card_html(page: Document, card: VerdictCard, grid: Grid | None, shown: int) -> str:
    """The verdict card and the first rows of a table, without script, for notebooks."""
    return environment().get_template("card.html.j2").render(
        page=page, card=card, grid=grid, shown=shown,
        style=Markup(compact_style(asset("card.css"))),
    )  # fmt: skip
