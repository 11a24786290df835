"""Protected attributes given as arrays: groups as tuples of levels, and what to remark on them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.roles import Group
from audit.table.vectors import (
    Codes,
    Vector,
    columns_of,
    dates,
    encode,
    is_frame,
    module_of,
)

ARGUMENT = "sensitive_features"
MOST_NUMBERS = 50
"""Distinct numbers beyond which an attribute is a quantity, not a set of groups."""
MANY_LEVELS = 1000
"""Levels beyond which a remark is made."""
INVISIBLE = ("Cf", "Cc")
"""Unicode categories that show nothing: zero-width, bidirectional and control characters."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupCodes:
    """Group of each row."""

    codes: Codes
    """Index into `groups`."""
    groups: tuple[Group, ...]
    """Groups that occur, sorted by level."""
    attribute: tuple[str, ...]
    """Names of the attributes, where given."""
    remarks: tuple[tuple[str, str], ...] = ()
    """What deserves a warning: message and code."""


def group_codes(source: Any) -> GroupCodes:
    """Groups from one vector or several.

    Several are a frame, a dict of vectors, a 2-D array, or a list of tuples; their groups are the
    combinations that occur. Raises `InputError` for missing levels, mixed types, dates,
    quantities and columns of one name.

    >>> group_codes({"sex": ["f", "m", "f"], "old": [True, True, False]}).groups
    (('f', False), ('f', True), ('m', True))
    """
    columns = _columns(source)
    remarks: list[tuple[str, str]] = []
    coded = [_levels(encode(column, ARGUMENT), name, remarks) for name, column in columns]
    sizes = {len(codes) for codes, _ in coded}
    if len(sizes) > 1:
        listed = ", ".join(f"{n} {len(c):,}" for (n, _), (c, _) in zip(columns, coded, strict=True))
        raise InputError(
            "TBL406", f"lengths differ: {listed}", argument=ARGUMENT, fix="give one value a row"
        )
    names = tuple(name for name, _ in columns if name is not None)
    if len(coded) == 1:
        codes, levels = coded[0]
        groups: tuple[Group, ...] = tuple((level,) for level in levels)
        return GroupCodes(codes=codes, groups=groups, attribute=names, remarks=tuple(remarks))
    fused, combinations = _combined(coded)
    return GroupCodes(codes=fused, groups=combinations, attribute=names, remarks=tuple(remarks))


def _columns(source: Any) -> list[tuple[str | None, Any]]:
    if is_frame(source):
        columns = columns_of(source, ARGUMENT)
    elif isinstance(source, Mapping):
        columns = {str(name): vector for name, vector in source.items()}
    elif module_of(source) == "numpy" and np.ndim(source) == 2:
        columns = {}
        if source.shape[1]:
            return [(None, source[:, i]) for i in range(source.shape[1])]
    else:
        return _of_rows(source)
    if not columns:
        raise InputError("TBL401", "has no columns", argument=ARGUMENT, fix="give at least one")
    return list(columns.items())


def _of_rows(source: Any) -> list[tuple[str | None, Any]]:
    """One vector, or as many as its tuples are long."""
    rows = source
    if str(getattr(source, "dtype", "")) == "object" and hasattr(source, "tolist"):
        rows = source.tolist()
    if isinstance(rows, (list, tuple)) and len(rows) and _is_row(rows[0]):
        widths = {len(row) if _is_row(row) else -1 for row in rows}
        if len(widths) > 1 or widths == {0}:
            raise InputError(
                "TBL402",
                "rows differ in how many attributes they have",
                argument=ARGUMENT,
                fix="give a tuple of the same length for every row",
            )
        return [(None, [row[i] for row in rows]) for i in range(widths.pop())]
    name = getattr(source, "name", None)
    return [(name if isinstance(name, str) else None, source)]


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _where(name: str | None) -> str:
    return ARGUMENT if name is None else f"{ARGUMENT}[{name!r}]"


def _levels(
    vector: Vector, name: str | None, remarks: list[tuple[str, str]]
) -> tuple[Codes, tuple[Any, ...]]:
    """Codes into sorted levels, after every check."""
    where = _where(name)
    if vector.missing:
        raise InputError(
            "TBL430",
            "a group is missing",
            argument=where,
            count=vector.missing,
            first=int(np.argmax(vector.codes < 0)),
            fix="name it, for instance 'unknown', or use audit.run, which keeps a missing group",
        )
    if "date" in vector.kinds:
        raise dates(where, len(vector))
    if len(vector.kinds) > 1:
        raise InputError(
            "TBL431",
            f"mixes types ({', '.join(sorted(vector.kinds))}), so that equal-looking groups may "
            "differ",
            argument=where,
            fix="convert the column to one type, for instance text",
        )
    if not vector.kinds <= {"text", "bool", "int", "float"}:
        raise InputError(
            "TBL401",
            f"holds values of type {', '.join(vector.kinds)}",
            argument=where,
            fix="give text, whole numbers or booleans",
        )
    if vector.kinds & {"int", "float"}:
        _check_quantity(vector, where)
    levels = vector.levels
    codes = vector.codes
    if "text" in vector.kinds:
        levels, codes = _text(levels, codes, where, remarks)
    if len(levels) > MANY_LEVELS:
        remarks.append((f"{where} has {len(levels):,} groups", "TBL435"))
    order = sorted(range(len(levels)), key=levels.__getitem__)
    if order != list(range(len(levels))):
        place = np.empty(len(levels), dtype=np.int64)
        place[order] = np.arange(len(levels))
        codes = place[codes]
    return codes, tuple(levels[i] for i in order)


def _check_quantity(vector: Vector, where: str) -> None:
    broken = [i for i, v in enumerate(vector.levels) if v != v // 1]
    many = len(vector.levels) > MOST_NUMBERS
    if not broken and not many:
        return
    count, first = vector.where(broken) if broken else (len(vector), 0)
    what = "numbers that are not whole" if broken else f"{len(vector.levels):,} different numbers"
    raise InputError(
        "TBL432",
        f"holds {what}: a quantity, not groups",
        argument=where,
        count=count,
        first=first,
        fix="cut it into bands first, for instance pandas.cut(age, [0, 26, 62, 120]).astype(str)",
    )


def _text(
    levels: tuple[str, ...], codes: Codes, where: str, remarks: list[tuple[str, str]]
) -> tuple[tuple[str, ...], Codes]:
    """Levels in Unicode's composed form (NFC), with remarks on names that look alike."""
    composed = [v if v.isascii() else unicodedata.normalize("NFC", v) for v in levels]
    kept = tuple(dict.fromkeys(composed))
    if len(kept) < len(levels):
        remarks.append(
            (
                f"{where}: {len(levels) - len(kept)} group name(s) were spelt in two Unicode "
                "forms and are counted as one (NFC)",
                "TBL433",
            )
        )
        place = {v: i for i, v in enumerate(kept)}
        codes = np.array([place[v] for v in composed])[codes]
    elif tuple(composed) != levels:
        remarks.append((f"{where}: group names were put in Unicode form NFC", "TBL433"))
    seen: dict[str, str] = {}
    for level in kept:
        look = _look(level)
        if look in seen:
            remarks.append(
                (
                    f"{where}: groups {_shown(seen[look])} and {_shown(level)} look alike but are "
                    "counted apart",
                    "TBL434",
                )
            )
        elif level != level.strip() or any(
            not level.isascii() and unicodedata.category(c) in INVISIBLE for c in level
        ):
            remarks.append(
                (f"{where}: group {_shown(level)} has blanks or invisible characters", "TBL434")
            )
        seen.setdefault(look, level)
    return kept, codes


LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTXaeopcyxijsABEZHIKMNOPTYXo"
)
"""Cyrillic and Greek letters that look Latin."""


def _look(name: str) -> str:
    """What a reader sees of a name: no case, outer blanks, invisible or look-alike characters."""
    if name.isascii():
        return " ".join(name.split()).casefold()
    plain = unicodedata.normalize("NFKC", name).translate(LOOKALIKES)
    plain = "".join(c for c in plain if unicodedata.category(c) not in INVISIBLE)
    return " ".join(plain.split()).casefold()


def _shown(name: str) -> str:
    text = ascii(name)
    return text if len(text) <= 40 else text[:37] + "..."


def _combined(
    coded: list[tuple[Codes, tuple[Any, ...]]],
) -> tuple[Codes, tuple[Group, ...]]:
    """Codes of the combinations that occur, in the order of their levels."""
    codes, levels = coded[0]
    fused = np.asarray(codes, dtype=np.int64)
    groups: list[Group] = [(level,) for level in levels]
    for codes, levels in coded[1:]:
        fused = fused * len(levels) + codes
        wide = len(groups) * len(levels)
        if wide <= max(1 << 16, 4 * len(fused)):
            counts = np.bincount(fused, minlength=wide)
            used = np.flatnonzero(counts)
            fused = (np.cumsum(counts > 0) - 1)[fused]
        else:
            used, fused = np.unique(fused, return_inverse=True)
        groups = [(*groups[i // len(levels)], levels[i % len(levels)]) for i in used.tolist()]
    return fused, tuple(groups)
