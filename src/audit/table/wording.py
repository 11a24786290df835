"""How values and names are shown in messages: short, and never more than a few."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 60
"""Longest name shown whole."""


def shown(value: object) -> str:
    """One value as Python would write it, shortened in the middle.

    >>> shown("female"), len(shown("x" * 1_000_000))
    ("'female'", 60)
    """
    if isinstance(value, str) and len(value) > WIDTH:
        value = value[: WIDTH // 2] + "…" + value[-WIDTH // 2 + 3 :]
    text = repr(value)
    if len(text) > WIDTH:
        text = text[: WIDTH // 2] + "…" + text[-WIDTH // 2 + 1 :]
    return text


def listed(values: Sequence[Any], most: int = 5) -> str:
    """A few values, and how many more there are.

    >>> listed([1, 2, 3], most=2)
    '1, 2 and 1 more'
    """
    text = ", ".join(shown(v) for v in values[:most])
    rest = len(values) - most
    return f"{text} and {rest:,} more" if rest > 0 else text


def nearest(name: object, known: Iterable[object]) -> object | None:
    """The known name closest to `name`, or None where nothing is close.

    >>> nearest("sexx", ["sex", "race"])
    'sex'
    """
    by_text: dict[str, object] = {}
    for k in known:
        by_text.setdefault(str(k).casefold(), k)
        if len(by_text) >= 1000:
            break
    text = str(name)[:200].casefold()
    close = difflib.get_close_matches(text, list(by_text), n=1, cutoff=0.6)
    return by_text[close[0]] if close else None


def suggestion(name: object, known: Sequence[object]) -> str:
    """ "did you mean …?", or the list to choose from.

    >>> suggestion("sexx", ["sex", "race"]), suggestion("q", ["sex", "race"])
    ("did you mean 'sex'?", "it has 'sex', 'race'")
    """
    close = nearest(name, known)
    if close is not None:
        return f"did you mean {shown(close)}?"
    return f"it has {listed(list(known), most=8)}" if known else "there are none"


def not_null(column: str) -> str:
    """The filter that leaves out rows without a value, as it is typed.

    >>> not_null("pd"), not_null("loan type")
    ('where="pd is not null"', 'where="`loan type` is not null"')
    """
    keyword = column.lower() in ("and", "or", "not", "in", "is", "null", "none", "true", "false")
    name = column if column.isidentifier() and not keyword else f"`{column}`"
    return f'where="{name} is not null"'
