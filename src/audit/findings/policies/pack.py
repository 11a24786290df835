"""Read a policy pack: one of ours by name, or a user's own TOML file, checked key by key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

from audit.errors import InputError
from audit.findings.record import Family, Policy, Rule
from audit.table.wording import nearest_words

SCHEMA = "audit.policy/1"
"""The first line of every pack; another one is refused by name."""

FOLDER = Path(__file__).parent

_DATED = re.compile(r"(?P<id>[a-z0-9][a-z0-9-]*)-(?P<date>\d{4}-\d{2})")
_CODE = re.compile(r"[A-Z]{2,8}\d{3}")
_TOP = {
    "schema": str,
    "id": str,
    "date": str,
    "title": str,
    "summary": str,
    "reference_rule": str,
    "alpha": float,
    "min_share": float,
    "notes": list,
    "family": list,
    "rule": list,
}
_FAMILY = {
    "code": str,
    "letter": str,
    "title": str,
    "metric": str,
    "line": float,
    "caution": float,
    "worst": str,
    "needs": list,
    "rule": str,
    "intersections": int,
}
_RULE = {
    "code": str,
    "title": str,
    "text": str,
    "jurisdiction": str,
    "source": str,
    "status": str,
    "status_date": str,
    "status_checked": bool,
    "use": str,
}
_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    list: "a list",
}


@cache
def _packs() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for path in FOLDER.glob("*.toml"):
        match = _DATED.fullmatch(path.stem)
        if match:
            found.setdefault(match["id"], []).append(match["date"])
    # us-credit leads: it is the default
    order = sorted(found, key=lambda name: (name != "us-credit", name))
    return {name: tuple(sorted(found[name])) for name in order}


def names() -> tuple[str, ...]:
    """Every pack with its date, the newest of each first.

    >>> names()
    ('us-credit@2026-11', 'nyc-ll144@2026-11', 'research@2026-11')
    """
    return tuple(f"{name}@{date}" for name, dates in _packs().items() for date in reversed(dates))


def load(name: str | Path | Policy = "us-credit") -> Policy:
    """The policy called `name`: "us-credit" (its newest), "us-credit@2026-11", or a TOML file.

    A `Policy` is returned as it is. Anything ending in ".toml" or holding a path separator is
    read as a file of the user's own. Raises `InputError`: FND001 no such pack, FND002 no such
    date, FND003 the file cannot be read, FND004 an unknown key, FND005 a missing key, FND006 a
    value that cannot be used.

    >>> load("research").families[0].title
    'Parity ratio'
    """
    if isinstance(name, Policy):
        return name
    text = str(name)
    if isinstance(name, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return _read(Path(name))
    wanted, _, date = text.partition("@")
    packs = _packs()
    if wanted not in packs:
        raise InputError(
            "FND001",
            f"no policy called {wanted!r}",
            argument="policy",
            fix=_near(wanted, packs, f"choose from {', '.join(packs)} or give a .toml file"),
        )
    if date and date not in packs[wanted]:
        raise InputError(
            "FND002",
            f"{wanted} has no pack dated {date!r}",
            argument="policy",
            fix=f"it has {', '.join(f'{wanted}@{d}' for d in packs[wanted])}",
        )
    return _own(f"{wanted}-{date or packs[wanted][-1]}")


@cache
def _own(stem: str) -> Policy:
    return _read(FOLDER / f"{stem}.toml", metrics=False)


def _near(word: str, choices: Iterable[str], otherwise: str) -> str:
    close = nearest_words(word, choices, most=1)
    return f"did you mean {close[0]!r}?" if close else otherwise


def _read(path: Path, *, metrics: bool = True) -> Policy:
    import tomllib

    argument = "policy"
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(
            "FND003",
            f"cannot read {path}: {error.strerror or error}",
            argument=argument,
            fix=f"give the path of a .toml file, or one of {', '.join(_packs())}",
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            "FND003",
            f"{path} is not UTF-8 (byte {error.start})",
            argument=argument,
            fix="save it as UTF-8",
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            "FND003", f"{path} is not TOML: {error}", argument=argument, fix="mend that line"
        ) from None
    return parse(data, where=path.name, metrics=metrics)


def parse(data: Mapping[str, Any], *, where: str = "policy", metrics: bool = True) -> Policy:
    """A policy from the keys and values of a pack, every one of them checked.

    `metrics` false leaves the metric keys unchecked: our own packs are checked by a test, and a
    run need not import the whole catalogue for them.

    Raises `InputError` FND004, FND005 or FND006 naming the table and key.
    """
    _keys(data, _TOP, optional={"notes", "family", "rule"}, where=where)
    if data["schema"] != SCHEMA:
        _refuse(where, "schema", f"is {data['schema']!r}", f"this version reads {SCHEMA!r}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", data["id"]):
        _refuse(where, "id", f"is {data['id']!r}", "use small letters, digits and hyphens")
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", data["date"]):
        _refuse(where, "date", f"is {data['date']!r}", 'use year and month, as "2026-11"')
    if data["reference_rule"] not in ("largest", "highest-rate"):
        _refuse(
            where,
            "reference_rule",
            f"is {data['reference_rule']!r}",
            'use "largest" or "highest-rate"',
        )
    if not 0 < data["alpha"] < 0.5:
        _refuse(where, "alpha", f"is {data['alpha']}", "use a number between 0 and 0.5")
    if not 0 <= data["min_share"] < 1:
        _refuse(where, "min_share", f"is {data['min_share']}", "use a share, as 0.02")
    rules = tuple(_rule(r, f"{where} [[rule]] {i + 1}") for i, r in enumerate(data.get("rule", [])))
    known = [r.code for r in rules]
    families = tuple(
        _family(f, known, f"{where} [[family]] {i + 1}", metrics)
        for i, f in enumerate(data.get("family", []))
    )
    _once(where, "rule", known)
    _once(where, "family", [f.code for f in families])
    notes = data.get("notes", [])
    if not all(isinstance(n, str) for n in notes):
        _refuse(where, "notes", "holds something that is not text", "write each note in quotes")
    return Policy(
        id=data["id"],
        date=data["date"],
        title=data["title"].strip(),
        summary=data["summary"].strip(),
        reference_rule=data["reference_rule"],
        alpha=float(data["alpha"]),
        min_share=float(data["min_share"]),
        families=families,
        rules=rules,
        notes=tuple(notes),
    )


def _rule(data: Any, where: str) -> Rule:
    _keys(data, _RULE, optional=_defaults(Rule), where=where)
    _code(data["code"], where)
    return Rule(**data)


def _family(data: Any, rules: list[str], where: str, metrics: bool) -> Family:
    _keys(data, _FAMILY, optional=_defaults(Family), where=where)
    _code(data["code"], where)
    if metrics:
        _metric(data["metric"], where)
    if data["worst"] not in ("fail", "review"):
        _refuse(where, "worst", f"is {data['worst']!r}", 'use "fail" or "review"')
    if data["rule"] not in rules:
        _refuse(
            where,
            "rule",
            f"names {data['rule']!r}, which no [[rule]] has as its code",
            _near(data["rule"], rules, "add that [[rule]] with its source and status"),
        )
    line, caution = float(data["line"]), float(data["caution"])
    ratio = data["metric"].endswith("_ratio")
    fits = 0 < line <= caution <= 1 and line < 1 if ratio else 0 <= caution <= line and line > 0
    if not fits:
        order = "0 < line ≤ caution ≤ 1" if ratio else "0 ≤ caution ≤ line"
        _refuse(where, "caution", f"is {caution} with line {line}", f"this metric needs {order}")
    allowed = ("decision", "outcome", "score")
    for need in data["needs"]:
        if need not in allowed:
            _refuse(where, "needs", f"holds {need!r}", f"choose from {', '.join(allowed)}")
    if data.get("intersections", 1) < 1:
        _refuse(where, "intersections", f"is {data['intersections']}", "use 1 or more")
    values = {**data, "line": line, "caution": caution, "needs": tuple(data["needs"])}
    return Family(**values)


def _metric(key: str, where: str) -> None:
    from audit.metrics.catalogue import CATALOGUE

    if key not in CATALOGUE:
        contrasts = [k for k, m in CATALOGUE.items() if m.contrast]
        _refuse(
            where,
            "metric",
            f"names {key!r}, which is not in the catalogue",
            _near(key, contrasts, "see `audit metrics` for the names"),
        )


def _code(code: str, where: str) -> None:
    if not _CODE.fullmatch(code):
        _refuse(where, "code", f"is {code!r}", 'use letters and three digits, as "BANK001"')


def _once(where: str, key: str, codes: list[str]) -> None:
    for code in codes:
        if codes.count(code) > 1:
            _refuse(where, key, f"has the code {code!r} twice", "give each its own code")


def _defaults(record: Any) -> set[str]:
    return {f.name for f in fields(record) if f.default is not MISSING}


def _keys(data: Any, known: Mapping[str, type], *, optional: set[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise InputError(
            "FND006", f"{where} is not a table", argument="policy", fix="write it as [[…]]"
        )
    for key, value in data.items():
        if key not in known:
            raise InputError(
                "FND004",
                f"{where} has an unknown key {key!r}",
                argument="policy",
                fix=_near(key, known, f"known keys are {', '.join(known)}"),
            )
        kind = known[key]
        fits = isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
        if not fits or (isinstance(value, bool) and kind is not bool) or value != value:
            _refuse(where, key, f"is {value!r}", f"it needs {_WORDS[kind]}")
    for key in known:
        if key not in data and key not in optional:
            raise InputError(
                "FND005", f"{where} has no {key!r}", argument="policy", fix=f"add {key} = …"
            )


def _refuse(where: str, key: str, what: str, fix: str) -> None:
    raise InputError("FND006", f"{where}: {key} {what}", argument="policy", fix=fix)
