"""What is said when a command cannot do what was asked: one message, then the corrected command."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from types import TracebackType
from typing import Any

import click

from audit.cli import corrections, shell
from audit.cli.suggest import closest
from audit.errors import DataWarning, InputError

WRONG, DEFECT = 2, 70


class Warned:
    """While open, data warnings are said once each on stderr and others are left alone."""

    def __init__(self, *, quiet: bool) -> None:
        """Nothing is said when quiet; the report holds them anyway."""
        self.quiet = quiet
        self.seen: set[str] = set()

    def __enter__(self) -> Warned:
        """Take over how warnings are shown."""
        self.before = warnings.showwarning
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = self._show
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put everything back."""
        warnings.showwarning = self.before

    def _show(self, message: Any, category: type[Warning], *rest: Any, **named: Any) -> None:
        if not issubclass(category, DataWarning):
            self.before(message, category, *rest, **named)
            return
        text = str(message)
        if not self.quiet and text not in self.seen:
            self.seen.add(text)
            say(f"note: {text}")


def say(text: str) -> None:
    """One message on stderr; a closed stderr is not our business."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def explain(problem: BaseException, given: list[str], debug: bool) -> int:
    """Say what went wrong and how to put it right; returns the exit code."""
    if isinstance(problem, InputError | click.ClickException | OSError):
        said = words_of(problem, given)
        if debug:
            _traceback(problem)
        say(said)
        return WRONG
    if debug:
        _traceback(problem)
    what = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
    again = shell.line(["audit", *(word for word in given if word != "--debug"), "--debug"])
    say(_wrapped(f"audit: this is a defect of ours, not of your data: {what}"))
    say(f"No verdict was reached. Please report it with what this prints:\n  {again}")
    return DEFECT


def words_of(problem: BaseException, given: list[str]) -> str:
    """What is said of wrong input: the message, and the corrected command where there is one."""
    said = _wrapped(f"audit: {_message(problem)}")
    correct = corrections.corrected(problem, ["audit", *given])
    if correct is None:
        return said
    return f"{said}\nTry:\n  {shell.wrapped(correct).replace(chr(10), chr(10) + '  ')}"


def _wrapped(text: str) -> str:
    """Whole words to a line for a person; one line for a log."""
    if not sys.stderr.isatty():
        return text
    import shutil
    import textwrap

    width = min(100, shutil.get_terminal_size((88, 24)).columns)
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def _traceback(problem: BaseException) -> None:
    import traceback

    traceback.print_exception(problem, file=sys.stderr)


def _message(problem: BaseException) -> str:
    match problem:
        case click.NoSuchOption():
            near = closest(
                problem.option_name, problem.possibilities or corrections.options_of(problem.ctx)
            )
            hint = f" Did you mean {near}?" if near else ""
            return f"no option {problem.option_name}.{hint}"
        case click.ClickException():
            text = problem.format_message()
            return text[:1].lower() + text[1:]
        case OSError():
            name = f"{problem.filename}: " if problem.filename else ""
            return f"{name}{problem.strerror or problem}"
        case _:
            return corrections.spoken(str(problem))


def is_terminal() -> bool:
    """Whether questions can be asked: someone types, and someone reads stderr."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("AUDIT_NO_INPUT")
