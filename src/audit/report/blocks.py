"""What a report is made of: sections of blocks. Data only; renderers add no word and no order."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A piece of a sentence that is set apart."""

    text: str
    """The words."""
    kind: str = "strong"
    """"strong", "code", "group" (a name from the data), "link"."""
    href: str = ""
    """For a link: "#section"."""


Line = tuple[str | Mark, ...]
"""A sentence or paragraph: plain strings and marks, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Paragraphs."""

    lines: tuple[Line, ...]
    """One paragraph each."""
    kind: str = "plain"
    """"plain", "lead" (the section's reading), "note" (small print) or "list"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Terms and what they stand for."""

    items: tuple[tuple[str, Line], ...]
    """Term and text."""
    kind: str = "plain"
    """"plain" or "glossary"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A small drawing inside a cell; it repeats the cell's number and adds none."""

    kind: str
    """"interval" (point and limits), "share" (a filled length), "range" (bounds only) or
    "curve" (heights)."""
    start: float
    """Value at the left edge."""
    end: float
    """Value at the right edge."""
    value: float = math.nan
    """Point."""
    low: float = math.nan
    """Lower limit."""
    high: float = math.nan
    """Upper limit; beyond the edge it is drawn as an arrow."""
    log: bool = False
    """Logarithmic axis."""
    line: float = math.nan
    """The rule's line."""
    parity: float = math.nan
    """Where equality lies."""
    heights: tuple[float, ...] = ()
    """For a curve: 0 … 1, left to right."""
    tone: str = "plain"
    """A verdict word, "plain" or "quiet"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a grid."""

    text: str = ""
    """What it says; it is never empty where the bar says something."""
    note: str = ""
    """A second, quieter line."""
    bar: Bar | None = None
    """A drawing of the same number."""
    tone: str = ""
    """A verdict word: shown with its shape and colour."""
    name: bool = False
    """A name from the data: set apart from the direction of the text around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's head."""

    title: str
    """Words of the head."""
    align: str = "left"
    """"left", "right" (numbers), "wide" (sentences) or "bar"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table."""

    key: str
    """Anchor, unique in the document."""
    title: str
    """Caption."""
    columns: tuple[Column, ...]
    """Heads."""
    rows: tuple[tuple[Cell, ...], ...]
    """Cells, one for each column; the first is the row's head."""
    note: str = ""
    """Small print below."""
    scale: Bar | None = None
    """An axis for the column of bars, drawn in its head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawn figure and the table that says the same without a script."""

    name: str
    """Key in `charts.figures(record)`."""
    title: str
    """What is shown."""
    reading: str
    """What to see in it, in a sentence."""
    twin: Grid
    """The same numbers as a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A remark that must not be missed."""

    tone: str
    """"note" or a verdict word."""
    title: str
    """A few words."""
    lines: tuple[Line, ...]
    """Paragraphs, or items."""
    key: str = ""
    """Anchor, where something links here."""
    itemized: bool = False
    """Whether the lines are items of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Text to copy: a command or a configuration."""

    title: str
    """What it is."""
    text: str
    """As it is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Blocks that open on demand (and are always open in print)."""

    title: str
    """What is inside."""
    blocks: tuple[Block, ...]
    """The content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateBar:
    """One of the two rates on the verdict card."""

    label: str
    """The group."""
    role: str
    """"compared" or "reference"."""
    text: str
    """"45.3 %"."""
    note: str
    """"86 of 190 · 95% interval 38.3 to 52.4%"."""
    short: str
    """The same where there is little room: "86 of 190 (38.3 to 52.4%)"."""
    bar: Bar
    """The same, drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An estimate on the verdict card."""

    title: str
    """"Ratio of approval rates"."""
    tone: str
    """Its own verdict word."""
    word: str
    """The same for people."""
    value: str
    """The point."""
    interval: str
    """"95% interval 0.58 to 0.81", or why there is none."""
    bar: Bar | None
    """The same, drawn."""
    test: str
    """The adjusted p-value in words."""
    rates: str
    """Both approval rates, for a ratio of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLine:
    """One of the three lines under the verdict."""

    label: str
    """"Outcome gap"."""
    tone: str
    """A verdict word, for the shape and colour."""
    word: str
    """The same for people: "Fail", "Not judged"."""
    text: str
    """A sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do next."""

    title: str
    """A few words, in the imperative."""
    text: str
    """Why."""
    href: str
    """Where in the report to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCard:
    """The first screen."""

    verdict: str
    """Verdict word."""
    word: str
    """For people: "Fail", "Not enough evidence"."""
    headline: str
    """The worst planned finding in one sentence."""
    because: str
    """Why this verdict, in another."""
    rate_title: str
    """"Approval rate"."""
    rates: tuple[RateBar, ...]
    """Group and reference."""
    measures: tuple[Measure, ...]
    """The leading finding's estimate; beside it the approval ratio, where another measure leads."""
    stages: str
    """The same comparison at each stage of the decision; empty without stages."""
    people: str
    """"38 more"; empty where nobody is affected."""
    people_note: str
    """"of 104 denied would be approved at the comparison rate"."""
    rule: str
    """The rule, its line and source."""
    beside: str
    """What the policy says of the attribute itself, of age; empty where it says nothing."""
    change: str
    """What would change the verdict."""
    lines: tuple[SubLine, ...]
    """Outcome gap, error gap, documentation."""
    steps: tuple[Step, ...]
    """Three next steps."""


Block = Prose | Facts | Grid | Chart | Callout | Listing | Fold | VerdictCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report."""

    key: str
    """Anchor."""
    title: str
    """Heading."""
    short: str
    """In the navigation."""
    blocks: tuple[Block, ...]
    """Content in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole report, in order and in words."""

    title: str
    """What was audited."""
    disclaimer: str
    """"A screening result, not a legal finding."."""
    facts: tuple[tuple[str, str], ...]
    """The header's terms."""
    sections: tuple[Section, ...]
    """In order; the first is the verdict."""
    footer: str
    """Last line."""
