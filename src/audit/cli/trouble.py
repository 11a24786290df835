"""What is said when a command cannot do what was asked: one message, then the corrected command."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
from types import TracebackType
from typing import Any

import click

from audit.cli import shell
from audit.cli.lazy import UnknownCommand
from audit.cli.settings import SETTINGS
from audit.cli.suggest import closest
from audit.errors import DataWarning, InputError

WRONG, DEFECT = 2, 70
ISSUES = "https://github.com/evenhand/evenhand/issues"


class CommandError(InputError):
    """Input that is wrong, with the command that would be right."""

    def __init__(self, code: str, message: str, *, correct: list[str], **kwargs: Any) -> None:
        """`correct` is the corrected command, word by word."""
        super().__init__(code, message, **kwargs)
        self.correct = correct


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
        message = _message(problem)
        correct = _corrected(problem, ["audit", *given])
        if debug:
            _traceback(problem)
        say(f"audit: {message}")
        if correct is not None:
            say(f"Try:\n  {shell.wrapped(correct).replace(chr(10), chr(10) + '  ')}")
        return WRONG
    if debug:
        _traceback(problem)
    what = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
    say(
        f"audit: this is a defect of ours, not of your data: {what}\n"
        f"No verdict was reached. Please report it with the output of the same command and "
        f"--debug:\n  {shell.line(['audit', *given, '--debug'])}\n  {ISSUES}"
    )
    return DEFECT


def _traceback(problem: BaseException) -> None:
    import traceback

    traceback.print_exception(problem, file=sys.stderr)


def _message(problem: BaseException) -> str:
    match problem:
        case click.NoSuchOption():
            near = closest(problem.option_name, problem.possibilities or _options(problem.ctx))
            hint = f" Did you mean {near}?" if near else ""
            return f"no option {problem.option_name}.{hint}"
        case click.ClickException():
            text = problem.format_message()
            return text[:1].lower() + text[1:]
        case OSError():
            name = f"{problem.filename}: " if problem.filename else ""
            return f"{name}{problem.strerror or problem}"
        case _:
            return str(problem)


def _options(ctx: click.Context | None) -> list[str]:
    if ctx is None:
        return []
    return [o for p in ctx.command.get_params(ctx) for o in p.opts if o.startswith("--")]


_MEANT = re.compile(r"did you mean '([^']+)'\?")
_WRONG = re.compile(r"'([^']+)'")


def _corrected(problem: BaseException, command: list[str]) -> list[str] | None:
    """The command the user probably wanted; None where only they can know."""
    match problem:
        case CommandError():
            return problem.correct
        case UnknownCommand():
            if problem.meant is None:
                return ["audit", "--help"]
            return [problem.meant if w == problem.name else w for w in command]
        case click.NoSuchOption():
            near = closest(problem.option_name, problem.possibilities or _options(problem.ctx))
            if near is not None:
                return _renamed(command, problem.option_name, near)
            return _help(problem.ctx)
        case click.MissingParameter() | click.BadParameter():
            return _usage(problem, command)
        case click.UsageError():
            return _help(problem.ctx)
        case InputError():
            return _mended(problem, command)
    return None


def _renamed(command: list[str], wrong: str, right: str) -> list[str]:
    return [
        right + word[len(wrong) :] if word == wrong or word.startswith(wrong + "=") else word
        for word in command
    ]


def _help(ctx: click.Context | None) -> list[str]:
    path = ctx.command_path.split() if ctx is not None else ["audit"]
    return [*path, "--help"]


def _usage(problem: click.BadParameter, command: list[str]) -> list[str] | None:
    param = problem.param
    if isinstance(problem, click.MissingParameter) and param is not None:
        flags = [o for o in param.opts if o.startswith("-")][:1]
        example = _EXAMPLES.get(param.name or "", (param.metavar or "VALUE").upper())
        return [*command, *flags, example]
    if param is not None and isinstance(param.type, click.Choice):
        for number, word in enumerate(command):
            flag, equals, value = word.partition("=")
            if flag not in param.opts:
                continue
            value = value if equals else "".join(command[number + 1 : number + 2])
            choices = [str(choice) for choice in param.type.choices]
            near = closest(value, choices) or choices[0]
            rest = command[number + (1 if equals else 2) :]
            return [*command[:number], flag, near, *rest]
    return _help(problem.ctx)


_EXAMPLES = {"base_rate": "0.3", "ratio": "0.8", "report": "reports/loans.json",
             "tallies": "jan.tally.json"}  # fmt: skip


def _mended(problem: InputError, command: list[str]) -> list[str] | None:
    meant = _MEANT.search(problem.fix or "")
    wrong = _WRONG.search(problem.message)
    if meant and wrong:
        return shell.replaced(command, wrong.group(1), meant.group(1))
    setting = SETTINGS.get((problem.argument or "").split("[")[0].split(".")[0])
    if setting is None or setting.kind == "switch":
        return None
    flags = [setting.flag] + ([setting.short] if setting.short else [])
    without = _dropped(command, flags)
    return [*without, setting.flag, setting.example or "|".join(setting.choices)]


def _dropped(command: list[str], flags: list[str]) -> list[str]:
    """The command without an option and its value."""
    kept: list[str] = []
    skip = False
    for word in command:
        if skip:
            skip = False
        elif word in flags:
            skip = True
        elif not any(word.startswith(flag + "=") for flag in flags):
            kept.append(word)
    return kept


def is_terminal() -> bool:
    """Whether questions can be asked: someone types, and someone reads stderr."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("AUDIT_NO_INPUT")
