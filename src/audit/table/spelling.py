"""What a level's spelling may hide: blanks, case, other Unicode forms, look-alikes, controls."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from audit.table.codes import note, warning
from audit.table.roles import Issue
from audit.table.wording import listed, shown

ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f")
"""Characters without width: two levels that look the same may differ by one."""

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Characters that change the direction of what follows."""

# Letters of other alphabets drawn like Latin ones (Unicode confusables, the everyday part).
_LOOKS = str.maketrans(
    "АВЕЗКМНОРСТУХЅІЈаеорсухѕіјԁԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαινρυχ",
    "ABE3KMHOPCTYXSIJaeopcyxsijdqwhlABEZHIKMNOPTYXoaivpux",
)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def normalised(text: str) -> str:
    """The text in Unicode's composed form (NFC).

    >>> normalised("e\\u0301") == "\\u00e9"
    True
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def notice(column: str, raw: Sequence[str]) -> list[Issue]:
    """Everything worth a look about the spellings of one column's levels, as issues.

    Nothing is merged here but what NFC makes equal, which `levels` does.
    """
    raw = sorted(raw)
    levels = list(dict.fromkeys(normalised(t) for t in raw))
    issues: list[Issue] = []
    merged = _groups(raw, normalised)
    if merged:
        issues.append(
            warning(
                "TBL053",
                column,
                f"{len(merged)} levels are spelled in several Unicode forms and were read as one "
                f"(NFC): {listed([g[0] for g in merged], 3)}",
                "write the text in one form (NFC) at its origin",
            )
        )
    ended = [t for t in levels if t != t.strip() and t.strip()]
    variants = _groups(levels, lambda t: " ".join(t.split()).casefold())
    if variants or ended:
        pairs = "; ".join(listed(g, 3) for g in variants[:3]) or listed(ended, 3)
        what = "differ by blanks or case only" if variants else "begin or end with blanks"
        issues.append(
            warning(
                "TBL052",
                column,
                f"levels {what}: {pairs}",
                "they are kept apart; make the spellings one if they mean the same group",
            )
        )
    unusual = [t for t in levels if not t.isascii()]
    hidden = [t for t in unusual if ZERO_WIDTH.intersection(t)]
    if hidden:
        issues.append(
            warning(
                "TBL054",
                column,
                f"{len(hidden)} levels hold characters without width: "
                + listed([_escaped(t) for t in hidden], 3),
                "remove them if the level means the same as the one it looks like",
            )
        )
    alike = _groups(levels, _skeleton) if unusual else []
    alike = [g for g in alike if not any(set(g) <= set(v) for v in variants)]
    mixed = [t for t in unusual if _mixes_alphabets(t)]
    if alike or mixed:
        found = "; ".join(" and ".join(_escaped(t) for t in g[:3]) for g in alike[:3])
        issues.append(
            warning(
                "TBL055",
                column,
                f"levels look alike and differ: {found}"
                if alike
                else f"levels mix alphabets: {listed([_escaped(t) for t in mixed], 3)}",
                "letters of another alphabet may stand for Latin ones; they are kept apart",
            )
        )
    turned = [t for t in unusual if BIDI.intersection(t)]
    if turned:
        points = sorted({f"U+{ord(c):04X}" for t in turned for c in BIDI.intersection(t)})
        issues.append(
            note(
                "TBL056",
                column,
                f"{len(turned)} levels hold text-direction controls ({', '.join(points)}): "
                + listed([_escaped(t) for t in turned], 3),
                "the report isolates them and shows the code point",
            )
        )
    return issues


def _groups(levels: Sequence[str], key: object) -> list[list[str]]:
    """Levels that share a key, two or more together."""
    by: defaultdict[str, list[str]] = defaultdict(list)
    for text in dict.fromkeys(levels):
        by[key(text)].append(text)  # type: ignore[operator]
    return [group for group in by.values() if len(group) > 1]


def _skeleton(text: str) -> str:
    if text.isascii():
        return text
    seen = "".join(c for c in text if c not in ZERO_WIDTH)
    return unicodedata.normalize("NFKC", seen).translate(_LOOKS)


def _mixes_alphabets(text: str) -> bool:
    for word in text.split():
        scripts = {
            script
            for c in word[:200]
            if c.isalpha()
            for script in _SCRIPTS
            if unicodedata.name(c, "").startswith(script)
        }
        if len(scripts) > 1:
            return True
    return False


def _escaped(text: str) -> str:
    """Text with its invisible or foreign characters as code points, short."""
    return shown(text.encode("ascii", "backslashreplace").decode()).replace("\\\\", "\\")
