"""Did you mean …? For commands, options, columns, keys and file names."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, or None where none is near.

    >>> closest("protcted", ["protected", "policy"]), closest("zzz", ["protected"])
    ('protected', None)
    """
    from audit.table.wording import nearest_words

    by_folded = {name.lstrip("-").casefold().replace("_", "-"): name for name in known}
    near = nearest_words(word.lstrip("-").casefold().replace("_", "-"), by_folded, most=1)
    return by_folded[near[0]] if near else None
