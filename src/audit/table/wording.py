"""How values and names are shown in messages: short, and never more than a few."""

from __future__ import annotations

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
    close = nearest_words(str(name), list(by_text), most=1)
    return by_text[close[0]] if close else None


def nearest_words(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known words that `word` may have been meant to be, nearest first.

    Near is a slip or two of the keyboard (a letter more, less, other or swapped; one for every
    five letters), or a whole word or beginning of a longer name. What merely shares letters is
    not near: a wrong guess is worse than the list.

    >>> nearest_words("protcted", ["protected", "policy"]), nearest_words("loan", ["loan_type"])
    (['protected'], ['loan_type'])
    >>> nearest_words("outcome", ["income"]), nearest_words("foo", ["for"])
    ([], [])
    """
    import difflib

    wanted = _plain(word)[:LONGEST]
    found = [k for k in known if _is_near(wanted, _plain(k)[:LONGEST])]
    like = {k: difflib.SequenceMatcher(None, wanted, _plain(k)).ratio() for k in found}
    return sorted(found, key=lambda k: -like[k])[:most]


LONGEST = 100
"""Letters of a name that are compared."""


def _plain(word: str) -> str:
    return "_".join(word.casefold().replace("-", "_").split())


def _is_near(wanted: str, known: str) -> bool:
    if not wanted or not known:
        return wanted == known
    if len(wanted) >= 3 and (known.startswith(wanted) or wanted.startswith(known + "_")):
        return True
    return any(_is_slip(wanted, k) for k in {known, *known.split("_")})


def _is_slip(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter > 3:
        return _slips(one, other, most=max(1, shorter // 5)) is not None
    slips = _slips(one, other, most=1)  # of so few letters none may be another: foo is not for
    alike = len(one) != len(other) or sorted(one) == sorted(other)
    return slips == 0 or (slips == 1 and alike)


def _slips(one: str, other: str, most: int) -> int | None:
    """Letters to add, drop, change or swap with their neighbour, to make one of the other.

    Optimal string alignment; None where that takes more than `most`.
    """
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        next_row = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            next_row.append(cost)
        before, row = row, next_row
    return row[-1] if row[-1] <= most else None


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
