"""What a user sees when something is wrong: coded errors and warnings.

Every message says what is wrong, in which argument, how many rows are affected, the first bad
one, and what to do. Codes are stable and never reused.
"""

from __future__ import annotations

import sys
import warnings

__all__ = ["DataWarning", "InputError", "UndefinedMetricWarning", "VerdictError"]


class InputError(ValueError):
    """Input that cannot be audited as given; nothing was computed.

    >>> raise InputError("TBL001", "no column 'sx'", argument="protected", fix="'sex'?")
    Traceback (most recent call last):
    ...
    audit.errors.InputError: [TBL001] protected: no column 'sx' — 'sex'?
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        argument: str | None = None,
        count: int | None = None,
        first: object = None,
        fix: str | None = None,
    ) -> None:
        """Build the one-line message from its parts.

        `code` is stable (TBL…, TLY…, MET…, INF…, FND…, RPT…, CLI…); `count` the number of bad
        rows; `first` the first bad row's number (0-based) or label.
        """
        self.code, self.message, self.argument = code, message, argument
        self.count, self.first, self.fix = count, first, fix
        text = f"[{code}] {argument}: {message}" if argument else f"[{code}] {message}"
        if count is not None:
            text += f" ({count:,} row{'' if count == 1 else 's'}"
            text += f", first: {first})" if first is not None else ")"
        if fix:
            text += f" — {fix}"
        super().__init__(text)


class DataWarning(UserWarning):
    """A number was computed, but something about the data deserves a look; `code` says what."""

    def __init__(self, message: str, code: str = "TBL000") -> None:
        """Keep the code beside the text."""
        super().__init__(f"[{code}] {message}")
        self.code = code


def tell(warning: DataWarning) -> None:
    """Warn at the caller's own line: the nearest one outside this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "audit":
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, stacklevel=level)


class UndefinedMetricWarning(DataWarning):
    """A metric has no value here (a denominator is empty); the result is nan."""

    def __init__(self, message: str, code: str = "MET001") -> None:
        """Keep the code beside the text."""
        super().__init__(message, code)


class VerdictError(Exception):
    """Raised by `Audit.raise_for_verdict` when the overall verdict is at or above `fail_on`."""

    def __init__(self, message: str, verdict: str) -> None:
        """Keep the verdict beside the text."""
        super().__init__(message)
        self.verdict = verdict
