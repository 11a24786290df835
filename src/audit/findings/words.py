"""Groups, metrics and numbers in words, the same in every sentence, table and chart.

Display only: records keep tuples and full floats.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from audit.inference.estimate import Estimate
from audit.inference.shared_rows import is_apart
from audit.table.roles import Group, Level

LONGEST = 60
"""Characters of a name that are shown; longer ones are shortened, in display only."""

CROSS = " × "

_OPEN, _CLOSE = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_RIGHT_TO_LEFT = {"R", "AL", "AN"}


_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_BIN = re.compile(rf"(?:\(-inf|\[({_NUMBER})), (?:inf|({_NUMBER}))\)")


def bins(text: str) -> str:
    """Bins in words, wherever they stand in a text.

    >>> bins("age (-inf, 26) against age [26, 40)"), bins("[62, inf)")
    ('age under 26 against age 26 to under 40', '62 and over')
    """
    if ", " not in text:
        return text

    def say(match: re.Match[str]) -> str:
        low, high = match.groups()
        if low is None:
            return f"under {high}" if high is not None else match.group()
        return f"{low} to under {high}" if high is not None else f"{low} and over"

    return _BIN.sub(say, text)


def level_words(level: Level) -> str:
    """One level for people: None is "missing", hidden characters are shown by code point.

    A text that would read like something else (empty, blank at an end, "missing", holding the
    cross that joins levels) stands in quotes.

    >>> level_words(None), level_words("missing"), level_words(""), level_words(30.0)
    ('missing', '“missing”', '“”', '30')
    >>> level_words("a" * 1_000_000)
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (1,000,000 characters, #cdc76e)'
    """
    if level is None:
        return "missing"
    if isinstance(level, bool):
        return str(level)
    if isinstance(level, float):
        return f"{level:.15g}"
    if not isinstance(level, str):
        return str(level)
    if level.endswith(")") and (said := bins(level)) != level:
        return said
    text = _shown(_short(level))
    plain = level.strip() == level and level != "" and CROSS not in level
    return text if plain and level.casefold() != "missing" else f"“{text}”"


def _short(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{text[:40]}… ({len(text):,} characters, #{mark})"


def _shown(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(f"[U+{ord(c):04X}]" if unicodedata.category(c) in _HIDDEN else c for c in text)
    turned = any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in shown)
    # isolated, so that right-to-left text or a control cannot reorder the sentence around it
    return f"{_OPEN}{shown}{_CLOSE}" if turned or shown != text else shown


def group_words(group: Group) -> str:
    """A group for people.

    >>> group_words(("female", "[26, 40)")), group_words((None,)), group_words(())
    ('female × 26 to under 40', 'missing', 'everyone')
    """
    return CROSS.join(level_words(v) for v in group) if group else "everyone"


def attribute_words(attribute: Sequence[str]) -> str:
    """Protected attributes for people: "sex × age"; () is "everyone".

    >>> attribute_words(("sex", "age"))
    'sex × age'
    """
    return CROSS.join(level_words(a) for a in attribute) if attribute else "everyone"


def who(attribute: Sequence[str], group: Group) -> str:
    """A group as a sentence needs it: levels that are no words bring their attribute along.

    >>> who(("sex",), ("female",)), who(("age",), ("[26, 40)",)), who(("sex", "age"), ("f", None))
    ('female', 'age 26 to under 40', 'f × age missing')
    """
    if len(attribute) != len(group) or not group:
        return group_words(group)
    pairs = zip(attribute, group, strict=True)
    return CROSS.join(
        level_words(v)
        if isinstance(v, str) and v[:1].isalpha()
        else f"{level_words(a)} {level_words(v)}"
        for a, v in pairs
    )


def stratum_words(strata: Sequence[str], stratum: Sequence[Level] | None) -> str:
    """The strata a comparison is inside of: "purpose = car"; empty without strata.

    >>> stratum_words(("purpose",), ("car",))
    'purpose = car'
    """
    if stratum is None:
        return ""
    pairs = zip(strata, stratum, strict=False)
    return ", ".join(f"{level_words(name)} = {level_words(level)}" for name, level in pairs)


_METRICS = {
    "disparate_impact_ratio": "approval-rate ratio",
    "statistical_parity_difference": "approval-rate difference",
    "standardized_mean_difference": "standardized mean difference",
    "true_positive_rate_difference": "equal opportunity difference",
    "predictive_equality_difference": "predictive equality difference",
    "decision_level_rate": "share",
    "decision_level_rate_difference": "difference of shares",
    "decision_level_rate_ratio": "ratio of shares",
    "selection_rate": "approval rate",
    "base_rate": "rate of favourable outcomes",
    "base_rate_difference": "difference in favourable outcomes",
    "true_positive_rate": "approval rate of those who would repay",
    "false_positive_rate": "approval rate of those who would not repay",
}


def metric_words(key: str) -> str:
    """A metric for people; a key unknown here is its own words.

    >>> metric_words("disparate_impact_ratio"), metric_words("average_odds_difference")
    ('approval-rate ratio', 'average odds difference')
    """
    return _METRICS.get(key, key.replace("_", " "))


def measure_words(key: str, column: str | None, level: Level = None) -> str:
    """A metric, and the column (and value of the decision) it is of, where there is one.

    >>> measure_words("standardized_mean_difference", "limit")
    'standardized mean difference of limit'
    >>> measure_words("decision_level_rate_ratio", "decision", "refer")
    'ratio of shares with decision = refer'
    """
    if column is None:
        return metric_words(key)
    joint = "with" if level is not None else "of"
    return f"{metric_words(key)} {joint} {column_words(column, level)}"


def compared_words(estimate: Estimate) -> str:
    """Whom a group is compared with: where the two share rows, those of the reference who are
    not in the group.

    >>> from audit.inference.estimate import Estimate
    >>> from audit.inference.shared_rows import APART
    >>> compared_words(Estimate(metric="selection_rate", attribute=("race",), group=("Black",),
    ...                         reference=("White",), method="Miettinen-Nurminen" + APART))
    'White (not also Black)'
    """
    whole = who(estimate.attribute, estimate.reference or ())
    if not is_apart(estimate):
        return whole
    return f"{whole} (not also {who(estimate.attribute, estimate.group)})"


def column_words(column: str, level: Level = None) -> str:
    """A column, and which of its values is meant.

    >>> column_words("limit"), column_words("grade", "B")
    ('limit', 'grade = B')
    """
    return level_words(column) + ("" if level is None else f" = {level_words(level)}")


TIE = 1e-9
"""A share of 259/2000 is 12.95 %, which one way of computing it holds as 12.9499…, another as
12.9500…: both must read the same, so ties go up."""


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage; only a true 0 or 1 reads as "0%" or "100%".

    >>> percent(0.67512), percent(1.0), percent(0.0), percent(0.99996), percent(0.00001)
    ('67.5%', '100%', '0%', 'more than 99.9%', 'less than 0.1%')
    """
    if math.isnan(share):
        return "undefined"
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    text = f"{share * 100 + TIE:.{digits}f}"
    if 0 < share < 1:
        step = f"{10.0**-digits:.{digits}f}"
        if float(text) == 0:
            return f"less than {step}%"
        if float(text) == 100:
            return f"more than {100 - 10.0**-digits:.{digits}f}%"
    return f"{text}%"


def p_words(p: float) -> str:
    """A p-value that never reads as nothing: "p = 0.012", "p < 0.0001".

    >>> p_words(0.0), p_words(0.00123), p_words(0.04996), p_words(1.0)
    ('p < 0.0001', 'p = 0.0012', 'p = 0.04996', 'p = 1')
    """
    if math.isnan(p):
        return "no p-value"
    if p < 0.0001:
        return "p < 0.0001"
    if p >= 0.9995:
        return "p = 1" if p == 1 else "p > 0.999"
    return f"p = {number(p, 4 if p < 0.01 else 3, lines=(0.05,))}"


def number(value: float, digits: int = 3, *, lines: Sequence[float] = ()) -> str:
    """A number with `digits` decimals, more where rounding would put it on a line it is not on.

    >>> number(0.7431), number(0.79996, lines=(0.8,)), number(0.8, lines=(0.8,))
    ('0.743', '0.79996', '0.800')
    >>> number(float("inf")), number(float("nan")), number(-0.0001)
    ('∞', 'undefined', '-0.0001')
    """
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    for more in range(digits, digits + 8):
        text = f"{value:.{more}f}"
        shown = float(text)
        hidden = shown == 0 and abs(value) >= 1e-9
        if not hidden and all(_same_side(shown, value, at) for at in lines):
            return text.lstrip("-") if shown == 0 else text
    return text


def floor_words(value: float, significant: int = 3) -> tuple[str, int]:
    """A positive number rounded down, so that "at most" stays true, and its decimals.

    >>> floor_words(0.0301511), floor_words(1234.56), floor_words(0.3)
    (('0.0301', 4), ('1,234', 0), ('0.300', 3))
    """
    digits = max(0, significant - 1 - math.floor(math.log10(value)))
    return f"{math.floor(value * 10**digits + 1e-9) / 10**digits:,.{digits}f}", digits


def _same_side(shown: float, value: float, at: float) -> bool:
    if abs(value - at) < 1e-9:  # on the line, whatever binary arithmetic made of it
        return abs(shown - at) < 1e-9
    return (shown < at) == (value < at) and (shown > at) == (value > at)


def interval_words(low: float, high: float, digits: int = 3, *, lines: Sequence[float] = ()) -> str:
    """An interval: "0.594 to 0.936"; without an upper limit "at least 1.212".

    >>> interval_words(0.5941, 0.9362), interval_words(1.2123, float("inf"))
    ('0.594 to 0.936', 'at least 1.212')
    """
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    if math.isinf(high):
        return f"at least {number(low, digits, lines=lines)}"
    return f"{number(low, digits, lines=lines)} to {number(high, digits, lines=lines)}"


def count_words(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count_words(1, "approval"), count_words(1200, "approval")
    ('1 approval', '1,200 approvals')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def level_text(level: float) -> str:
    """A confidence level: "95%".

    >>> level_text(0.95), level_text(0.999)
    ('95%', '99.9%')
    """
    return f"{level * 100:.10g}%"


def sentence(text: Any) -> str:
    """The first letter raised and a full stop at the end."""
    words = str(text).strip()
    return (words[:1].upper() + words[1:]).rstrip(".") + "."
