"""How numbers and names are written in a report: `findings.words`, with bins made readable.

Records keep every digit; only here, and in `findings.words`, is anything rounded.
"""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterable

from audit.findings import words
from audit.findings.words import bins
from audit.inference.estimate import Estimate
from audit.table.roles import Group, Level

_INVISIBLE = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
_ISOLATE, _POP = "\u2068", "\u2069"


def visible(text: str, longest: int | None = None) -> str:
    """The text with every character that cannot be seen replaced by its code point.

    Direction overrides, zero-width and control characters could otherwise reorder or hide what a
    reviewer reads. Balanced isolates, which only keep a name apart, stay.

    >>> visible("male\\u202eelam")
    'male[U+202E]elam'
    """
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 1]}… ({len(text):,} characters)"
    if text.isprintable():
        return text
    kept = {"\n"} | ({_ISOLATE, _POP} if _balanced(text) else set())
    return "".join(
        f"[U+{ord(c):04X}]" if unicodedata.category(c) in _INVISIBLE and c not in kept else c
        for c in text
    )


def _balanced(text: str) -> bool:
    depth = 0
    for c in text:
        depth += (c == _ISOLATE) - (c == _POP)
        if depth not in (0, 1):
            return False
    return depth == 0


def said(text: str, longest: int | None = None) -> str:
    """A sentence made elsewhere, ready to be shown."""
    return bins(visible(text, longest))


def level(value: Level) -> str:
    """One level in words: a missing level, a bin, or the value itself.

    >>> level("(-inf, 26)"), level(None), level(30.0)
    ('under 26', 'missing', '30')
    """
    return bins(words.level_words(value))


def group(attribute: Iterable[str], levels: Group) -> str:
    """A group in words; levels that are no words bring their attribute along.

    >>> group(("sex", "age"), ("female", "(-inf, 26)"))
    'female × age under 26'
    >>> group((), ())
    'everyone'
    """
    return bins(words.who(tuple(attribute), levels))


def compared(e: Estimate) -> str:
    """Whom a group is compared with; see `words.compared_words`."""
    return bins(words.compared_words(e))


def name(column: str | None, otherwise: str = "none") -> str:
    """A column's name."""
    return otherwise if column is None else words.level_words(column)


def attributes(names: Iterable[str]) -> str:
    """The attributes that are crossed: "sex × age"."""
    return words.attribute_words(tuple(names))


def count(number: float) -> str:
    """A number of people, or a sum of weights.

    >>> count(12345), count(12.5)
    ('12,345', '12.5')
    """
    if math.isnan(number):
        return "—"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def plural(number: float, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> plural(1, "row"), plural(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def percent(value: float, digits: int = 1) -> str:
    """A share as a percentage; only a true 0 or 1 reads as 0 or 100.

    >>> percent(0.4526), percent(0.99999), percent(1.0), percent(0.00001), percent(math.nan)
    ('45.3%', '>99.9%', '100%', '<0.1%', '—')
    """
    if math.isnan(value):
        return "—"
    shown = words.percent(value, digits)
    return minus(shown.replace("more than ", ">").replace("less than ", "<"))


def percents(low: float, high: float, digits: int = 1) -> str:
    """Two shares as the ends of a range.

    >>> percents(0.3, 0.4567)
    '30.0 to 45.7%'
    """
    return f"{percent(low, digits).removesuffix('%')} to {percent(high, digits)}"


def points(value: float) -> str:
    """A difference of two shares in percentage points, with its sign.

    >>> points(-0.149448), points(-0.0001)
    ('−14.9 pp', '−0.01 pp')
    """
    if math.isnan(value):
        return "—"
    for digits in range(1, 6):
        text = f"{100 * value + math.copysign(words.TIE, value):+.{digits}f}"
        if float(text) != 0 or value == 0:
            break
    return f"{minus('0.0' if float(text) == 0 else text)} pp"


def minus(text: str) -> str:
    """A true minus sign."""
    return text.replace("-", "−")


def number(value: float, digits: int = 3, away_from: Iterable[float] = ()) -> str:
    """A number with enough digits that rounding never puts it on the other side of a line.

    >>> number(0.79996, away_from=[0.8]), number(0.6969), number(math.inf), number(math.nan)
    ('0.79996', '0.697', '∞', '—')
    """
    if math.isnan(value):
        return "—"
    if math.isfinite(value) and abs(value) >= 1e6:
        return minus(f"{value:.3g}")
    return minus(words.number(value, digits, lines=[x for x in away_from if x == x]))


def p_value(p: float) -> str:
    """A p-value that is never zero, for a column headed p.

    >>> p_value(0.0000002), p_value(0.0231), p_value(1.0), p_value(math.nan)
    ('< 0.0001', '0.023', '1', '—')
    """
    return "—" if math.isnan(p) else words.p_words(p).removeprefix("p ").removeprefix("= ")


def p_sentence(p: float) -> str:
    """The same in a sentence: "p = 0.023"."""
    return words.p_words(p)


def level_percent(value: float) -> str:
    """A confidence level.

    >>> level_percent(0.95), level_percent(0.995)
    ('95%', '99.5%')
    """
    return words.level_text(value)


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop.

    >>> sentence("no gap was seen")
    'No gap was seen.'
    """
    text = text.strip()
    if not text:
        return ""
    # a name such as nyc-ll144@2026-11 is written as it is
    name = "@" in text.split(maxsplit=1)[0]
    head = text if name else text[0].upper() + text[1:]
    return head if head[-1] in ".!?" else head + "."


def wrapped(words: str, width: int) -> list[str]:
    """A paragraph for the terminal: whole words to a line, those after the first indented."""
    return textwrap.wrap(
        words, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def fitted(words: str, room: int) -> str:
    """The words, cut where they are longer than `room`.

    >>> fitted("reweighing", 8)
    'reweigh…'
    """
    return words if len(words) <= room else words[: room - 1] + "…"


def listed(items: Iterable[str]) -> str:
    """Items with commas and a final "and".

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    found = list(items)
    if len(found) < 2:
        return found[0] if found else ""
    return f"{', '.join(found[:-1])} and {found[-1]}"
