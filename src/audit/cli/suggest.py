"""Did you mean …? For commands, options, columns, keys and file names."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, or None where none is near.

    >>> closest("protcted", ["protected", "policy"]), closest("zzz", ["protected"])
    ('protected', None)
    """
    import difflib

    by_folded = {name.casefold().replace("_", "-"): name for name in known}
    wanted = word.casefold().replace("_", "-")
    if wanted in by_folded:
        return by_folded[wanted]
    near = difflib.get_close_matches(wanted, by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None
