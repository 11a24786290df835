"""One judge for `run`, `gate`, pytest and `raise_for_verdict`: does a verdict block?"""

from __future__ import annotations

from audit.errors import InputError
from audit.findings.record import VERDICTS

FAIL_ON = (*VERDICTS, "never")
"""What `fail_on` may say."""


def blocks(verdict: str, fail_on: str = "fail") -> bool:
    """Whether `verdict` is at or above `fail_on` (fail > review > insufficient > pass).

    A waived fail never blocks. Raises `InputError` FND010 for an unknown `fail_on`.

    >>> blocks("fail"), blocks("review"), blocks("review", "review"), blocks("waived", "pass")
    (True, False, True, False)
    """
    if not isinstance(fail_on, str) or fail_on not in FAIL_ON:
        raise InputError(
            "FND010",
            f"{fail_on!r} is not a verdict",
            argument="fail_on",
            fix=f"one of {', '.join(FAIL_ON)}",
        )
    if fail_on == "never" or verdict == "waived":
        return False
    return VERDICTS.index(verdict) <= VERDICTS.index(fail_on)


def exit_code(verdict: str, *, fail_on: str = "fail", strict: bool = False) -> int:
    """The command line's exit code: 1 blocked, 3 insufficient under `strict`, else 0.

    >>> exit_code("fail"), exit_code("insufficient", strict=True), exit_code("pass")
    (1, 3, 0)
    """
    if blocks(verdict, fail_on):
        return 1
    return 3 if strict and verdict == "insufficient" else 0
