"""The grammar of row filters: text to conditions, by recursive descent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audit.errors import InputError
from audit.table.wording import shown

DEEPEST = 50
"""Parentheses inside each other."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A column compared with values: operator ==, !=, <, <=, >, >=, in, or null."""

    column: str
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Join:
    """Conditions joined by "and" or "or"."""

    word: str
    parts: tuple[Condition, ...]


Condition = Compare | Not | Join

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<text>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")
    | `(?P<quoted>[^`]+)`
    | (?P<sign>==|!=|<>|<=|>=|<|>|=|\(|\)|\[|\]|,|&&?|\|\|?|~)
    | (?P<word>[^\W\d][\w.]*)
    )""",
    re.VERBOSE,
)
_JOINS = {"&": "and", "&&": "and", "|": "or", "||": "or", "~": "not"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_CONSTANTS = {"true": True, "false": False}
_KEYWORDS = {"and", "or", "not", "in", "is", "null", "none", "true", "false"}


def parse(text: str) -> Condition:
    """The condition that a filter says; raises `InputError` TBL037 pointing at the fault.

    >>> parse("product == 'card' and amount >= 1000")
    Join(word='and', parts=(Compare(column='product', operator='==', values=('card',)),
    Compare(column='amount', operator='>=', values=(1000,))))
    """
    if not isinstance(text, str) or not text.strip():
        raise _fault(str(text), 0, "a condition is expected")
    return _Parser(text).whole()


def columns_of(condition: Condition) -> tuple[str, ...]:
    """The columns a condition reads, each once.

    >>> columns_of(parse("a == 1 or b is null and a < 3"))
    ('a', 'b')
    """
    return tuple(dict.fromkeys(c.column for c in leaves(condition)))


def leaves(condition: Condition) -> Iterator[Compare]:
    """Every comparison in a condition, from left to right."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, Not):
        yield from leaves(condition.inner)
    else:
        for part in condition.parts:
            yield from leaves(part)


def _fault(text: str, at: int, message: str) -> InputError:
    return InputError(
        "TBL037",
        f"{message} at position {at + 1} of {shown(text)}",
        argument="where",
        fix="for example \"product == 'card' and amount >= 1000\"; "
        "text in quotes, odd column names in `backticks`",
    )


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth = text, 0, 0
        self.tokens: list[tuple[str, Any, int]] = []
        at = 0
        end = len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                start = at + len(text[at:]) - len(text[at:].lstrip())
                raise _fault(text, start, f"{shown(text[start])} is not understood")
            kind = found.lastgroup or ""
            self.tokens.append((kind, found.group(kind), found.start(kind)))
            at = found.end()
        self.tokens.append(("end", "", end))

    def whole(self) -> Condition:
        condition = self.either()
        if self.tokens[self.place][0] != "end":
            raise self.fault("'and', 'or' or the end is expected")
        return condition

    def fault(self, message: str) -> InputError:
        return _fault(self.text, self.tokens[self.place][2], message)

    def word(self, offset: int = 0) -> str:
        kind, value, _ = self.tokens[min(self.place + offset, len(self.tokens) - 1)]
        if kind == "sign":
            return _JOINS.get(value, str(value))
        return str(value).lower() if kind == "word" and str(value).lower() in _KEYWORDS else ""

    def take(self, word: str) -> bool:
        if self.word() == word:
            self.place += 1
            return True
        return False

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Join("or", tuple(parts))

    def both(self) -> Condition:
        parts = [self.one()]
        while self.take("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Join("and", tuple(parts))

    def one(self) -> Condition:
        if self.depth >= DEEPEST:
            raise self.fault("conditions are nested too deeply")
        self.depth += 1
        try:
            if self.take("not"):
                return Not(self.one())
            if self.take("("):
                inner = self.either()
                if not self.take(")"):
                    raise self.fault("')' is expected")
                return inner
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Condition:
        kind, value, _ = self.tokens[self.place]
        if kind in ("number", "text"):  # 1000 <= amount
            constant = self.constant()
            operator = self.operator()
            return Compare(self.column(), _MIRRORED[operator], (constant,))
        del value
        column = self.column()
        if self.take("is"):
            negated = self.take("not")
            if not (self.take("null") or self.take("none")):
                raise self.fault("'null' is expected")
            leaf = Compare(column, "null")
            return Not(leaf) if negated else leaf
        negated = self.take("not")
        if self.take("in"):
            leaf = Compare(column, "in", self.several())
            # a missing value is in no list and outside of none
            return Join("and", (Not(leaf), Not(Compare(column, "null")))) if negated else leaf
        if negated:
            raise self.fault("'in' is expected")
        if self.tokens[self.place][0] == "end" or self.word() in ("and", "or", ")"):
            return Compare(column, "==", (True,))  # a bool column by itself
        operator = self.operator()
        return Compare(column, operator, (self.constant(),))

    def column(self) -> str:
        kind, value, _ = self.tokens[self.place]
        if kind == "quoted" or (kind == "word" and not self.word()):
            self.place += 1
            return str(value)
        raise self.fault("a column name is expected")

    def operator(self) -> str:
        kind, value, _ = self.tokens[self.place]
        operator = {"=": "==", "<>": "!="}.get(value, str(value))
        if kind != "sign" or operator not in _MIRRORED:
            raise self.fault("a comparison such as == or >= is expected")
        self.place += 1
        return operator

    def constant(self) -> Any:
        kind, value, _ = self.tokens[self.place]
        if kind == "number":
            self.place += 1
            return int(value) if re.fullmatch(r"[+-]?\d+", value) else float(value)
        if kind == "text":
            self.place += 1
            quote = value[0]
            return re.sub(r"\\(.)", r"\1", value[1:-1].replace(quote * 2, quote))
        if self.word() in _CONSTANTS:
            self.place += 1
            return _CONSTANTS[value.lower()]
        if self.word() in ("null", "none"):
            raise self.fault("write 'is null'")
        raise self.fault("a number or a text in quotes is expected")

    def several(self) -> tuple[Any, ...]:
        opening = self.word()
        if opening not in ("(", "["):
            raise self.fault("'(' is expected")
        self.place += 1
        values = [self.constant()]
        while self.take(","):
            if self.word() in (")", "]"):
                break
            values.append(self.constant())
        if not self.take(")" if opening == "(" else "]"):
            raise self.fault("',' or the closing bracket is expected")
        return tuple(values)
