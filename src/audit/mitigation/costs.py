"""What a loan gains where it is repaid and loses where it is not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.errors import InputError
from audit.table.wording import shown

FORMS = 'costs=(gain, loss), such as (0.18, 0.82), or {"gain": 0.18, "loss": 0.82}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Profit of one loan; every loan counts alike, whatever its size."""

    gain: float
    """Won by a loan that is repaid, above 0."""
    loss: float
    """Lost by one that is not, above 0."""

    @property
    def break_even(self) -> float:
        """Share of repaid loans at which lending neither gains nor loses: loss / (gain + loss).

        >>> Costs(gain=1, loss=4).break_even
        0.8
        """
        return self.loss / (self.gain + self.loss)


def costs_of(told: Any) -> Costs:
    """Checked costs from a pair (gain, loss) or a mapping with both names.

    Raises `InputError` MIT201.

    >>> costs_of((1, 4)) == costs_of({"gain": 1, "loss": 4})
    True
    """
    if isinstance(told, Costs):
        return told
    if isinstance(told, Mapping):
        if set(told) != {"gain", "loss"}:
            raise _refused(f"{shown(list(told))} are not gain and loss", FORMS)
        pair = [told["gain"], told["loss"]]
    else:
        try:
            pair = [] if isinstance(told, str | bytes) else list(told)
        except TypeError:
            pair = []
        if len(pair) != 2:
            raise _refused(f"{shown(told)} is no pair", FORMS)
    gain, loss = (_above_zero(v, n) for v, n in zip(pair, ("gain", "loss"), strict=True))
    return Costs(gain=gain, loss=loss)


def at_break_even(told: Any) -> Costs:
    """Costs of a loan that breaks even where this share of loans is repaid: 1 - share, share.

    Raises `InputError` MIT201 outside (0, 1).

    >>> at_break_even(0.75)
    Costs(gain=0.25, loss=0.75)
    """
    share = _number(told)
    if not 0 < share < 1:
        raise InputError(
            "MIT201",
            f"{shown(told)} is no share strictly between 0 and 1",
            argument="break_even",
            fix="0.82 where 82 of 100 loans must be repaid",
        )
    return Costs(gain=1 - share, loss=share)


def _number(told: Any) -> float:
    if isinstance(told, bool | str | bytes):
        return math.nan
    try:
        return float(told)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _above_zero(told: Any, name: str) -> float:
    value = _number(told)
    if not (value > 0 and math.isfinite(value)):
        raise _refused(
            f"a {name} of {shown(told)}", "give finite numbers above 0: both are amounts of money"
        )
    return value


def _refused(message: str, fix: str) -> InputError:
    return InputError("MIT201", message, argument="costs", fix=fix)
