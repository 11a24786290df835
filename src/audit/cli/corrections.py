"""The corrected command: what the user probably wanted to type, or what they have to fill in.

It starts from the words that were typed, so that everything else they said stays said. What only
the user can know stands in capitals: COLUMN, VALUE, CUT.
"""

from __future__ import annotations

import re
from typing import Any

import click

from audit.cli import shell
from audit.cli.lazy import UnknownCommand
from audit.cli.settings import SETTINGS
from audit.cli.suggest import closest
from audit.errors import InputError


class CommandError(InputError):
    """Input that is wrong, with the command that would be right."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        correct: list[str] | None = None,
        add: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """`correct` is the whole command; `add` are words to add to the one that was typed."""
        super().__init__(code, message, **kwargs)
        self.correct, self.add = correct, add or []


def corrected(problem: BaseException, command: list[str]) -> list[str] | None:
    """The corrected command, word by word; None where there is nothing to type instead."""
    match problem:
        case CommandError():
            return problem.correct or _added(command, problem.add)
        case UnknownCommand():
            if problem.meant is None:
                return ["audit", "--help"]
            return [problem.meant if w == problem.name else w for w in command]
        case click.NoSuchOption():
            near = closest(problem.option_name, problem.possibilities or options_of(problem.ctx))
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


def spoken(message: str) -> str:
    """A library's message as one would type it here.

    >>> spoken("say which: favorable={'outcome': VALUE}")
    'say which: --favorable outcome=VALUE'
    """
    return _UNTOLD.sub(r"--favorable \1=VALUE", message)


def options_of(ctx: click.Context | None) -> list[str]:
    """Long options of the command being parsed."""
    if ctx is None:
        return []
    return [o for p in ctx.command.get_params(ctx) for o in p.opts if o.startswith("--")]


def _added(command: list[str], words: list[str]) -> list[str]:
    """An operand goes right after the verb, options to the end."""
    operands = words[:1] if words and not words[0].startswith("-") else []
    return [*command[:2], *operands, *command[2:], *words[len(operands) :]]


def _renamed(command: list[str], wrong: str, right: str) -> list[str]:
    return [
        right + word[len(wrong) :] if word == wrong or word.startswith(wrong + "=") else word
        for word in command
    ]


def _help(ctx: click.Context | None) -> list[str]:
    path = ctx.command_path.split() if ctx is not None else ["audit"]
    return [*path, "--help"]


_EXAMPLES = {
    "base_rate": "0.3",
    "ratio": "0.8",
    "report": "reports/loans.json",
    "tallies": "jan.tally.json",
}


def _usage(problem: click.BadParameter, command: list[str]) -> list[str]:
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


# --- wrong data or arguments ----------------------------------------------------------------

_MEANT = re.compile(r"did you mean '([^']+)'")
_NAMED = re.compile(r"'([^']+)'")
_COLUMN = re.compile(r"column '([^']+)'")
_FILE = re.compile(
    r"^(?:cannot tell what kind of file ')?([^']+?)(?:' is| has no suffix of a report)"
)
_WHERE = re.compile(r'where="([^"]+)"')
_ENCODING = re.compile(r"--encoding ([\w-]+)")

NEEDS_CUTS = ("TBL013", "TBL014", "TBL015")
NEEDS_FAVORABLE = ("TBL021", "TBL022")
NEEDS_UNFAVORABLE = ("TBL025",)
ASKABLE = (*NEEDS_CUTS, *NEEDS_FAVORABLE, *NEEDS_UNFAVORABLE)
"""Codes of what was left unsaid about a column: questions that a person can be asked."""

_PLACEHOLDERS = {
    "favorable": "decision=VALUE",
    "unfavorable": "decision=VALUE",
    "reference": "COLUMN=LEVEL",
    "bins": "COLUMN=CUT,CUT",
    "where": "column == 'value'",
}
_SHELVES = {"name": ["audit", "datasets"], "metric": ["audit", "metrics"],
            "policy": ["audit", "policies"]}  # fmt: skip
_REMEDIES = {
    "estimator": "logistic", "methods": "reweighing", "attribute": "COLUMN", "utility": "auc",
    "costs": "0.18,0.82", "alternatives": "60", "budget": "60", "test_share": "0.3",
    "cutoff": "0.5", "approval_rate": "0.7", "log": "FILE.jsonl", "test": "FILE.csv",
    "metric": "disparate_impact_ratio", "save": "recommended=FILE.skops",
}  # fmt: skip
"""What `audit mitigate` takes, as it may be typed."""
_SAID_AS = {"budget": "alternatives"}
"""Arguments whose option has another name."""
_UNTOLD = re.compile(r"favorable=\{'([^']+)': VALUE\}")
_DROPPED = re.compile(r"leave out (\w+)")


def _mended(problem: InputError, command: list[str]) -> list[str] | None:
    fix, argument = problem.fix or "", problem.argument or ""
    if problem.code in ("RPT020", "TBL102") and (named := _FILE.search(problem.message)):
        name = named.group(1)
        return [_renamed_file(word, name, problem.code) for word in command]
    if argument == "config":
        made = ["--config", *_typed(command, "config")] if "--config" in command else []
        return ["audit", "init"] if problem.code == "CLI010" else ["audit", "check", *made]
    if problem.code == "TBL129":
        return _with(command, "model_seconds", "SECONDS")
    meant, wrong = _MEANT.search(fix), _NAMED.search(problem.message)
    if meant and wrong:
        return shell.replaced(command, wrong.group(1), meant.group(1))
    if command[1:2] == ["mitigate"] and argument in _REMEDIES:
        return _with(command, _SAID_AS.get(argument, argument), _REMEDIES[argument])
    column = _COLUMN.search(problem.message)
    name = column.group(1) if column else "COLUMN"
    if problem.code in NEEDS_CUTS:
        return [*command, "--bins", f"{name}=CUT,CUT"]
    if problem.code in NEEDS_FAVORABLE:
        untold = _UNTOLD.search(fix)
        part = untold.group(1) if untold else _part(command, name)
        return [*command, "--favorable", f"{part}=VALUE"]
    if problem.code in NEEDS_UNFAVORABLE:
        return [*command, "--unfavorable", f"{_part(command, name)}=VALUE"]
    if where := _WHERE.search(fix):
        return _with(command, "where", where.group(1), joined_by=" and ")
    if encoding := _ENCODING.search(fix):
        return _with(command, "encoding", encoding.group(1))
    if "force" in fix:
        return [*command, "--force"]
    dropped = _DROPPED.match(fix)
    if dropped and dropped.group(1) in SETTINGS:
        return _without(command, dropped.group(1))
    if argument in _EXAMPLES and argument != "tallies":  # an operand, and what is in it is wrong
        return _with(command, argument, _EXAMPLES[argument])
    if argument in SETTINGS and _can_be_retyped(problem, command):
        sided = argument in ("favorable", "unfavorable")
        text = f"{_part(command, name)}=VALUE" if sided else _placeholder(argument)
        return _with(command, argument, text)
    return _SHELVES.get(argument)


def _renamed_file(word: str, name: str, code: str) -> str:
    """A report's name with .html, a file of rows with .csv, in place of what cannot be made out."""
    if not word.endswith(name):
        return word
    stem = word[: len(word) - len(name)] + (name.rpartition(".")[0] or name)
    return stem + (".html" if code == "RPT020" else ".csv")


def _typed(command: list[str], key: str) -> list[str]:
    flag = f"--{key}"
    return [command[i + 1] for i, w in enumerate(command[:-1]) if w == flag][:1]


def _part(command: list[str], column: str) -> str:
    """Whether a column was given as the outcome, or no other was; else it is the decision."""
    given = [command[i + 1] for i, w in enumerate(command[:-1]) if w == "--outcome"]
    alone = column == "COLUMN" and bool(given) and "--decision" not in command
    named = column in given or f"--outcome={column}" in command
    return "outcome" if named or alone else "decision"


def _can_be_retyped(problem: InputError, command: list[str]) -> bool:
    """Whether typing the option anew can help: what is wrong is not inside the data."""
    flag = SETTINGS[problem.argument or ""].flag
    typed = any(word == flag or word.startswith(flag + "=") for word in command)
    return typed and problem.count is None


def _placeholder(key: str) -> str:
    setting = SETTINGS[key]
    if setting.kind in ("column", "columns", "attributes"):
        return "COLUMN"
    return _PLACEHOLDERS.get(key) or setting.default or setting.example


def _with(command: list[str], key: str, text: str, *, joined_by: str | None = None) -> list[str]:
    """The command with an option's value replaced (or joined to what was there)."""
    flag = "--" + key.replace("_", "-")
    before = [command[i + 1] for i, w in enumerate(command[:-1]) if w == flag]
    before += [w.partition("=")[2] for w in command if w.startswith(flag + "=")]
    if joined_by is not None:
        text = joined_by.join([*before, text])
    return [*_without(command, key), flag, text]


def _without(command: list[str], key: str) -> list[str]:
    """The command without an option and its value."""
    flag = "--" + key.replace("_", "-")
    kept: list[str] = []
    skip = False
    for word in command:
        if skip:
            skip = False
        elif word == flag:
            skip = True
        elif not word.startswith(flag + "="):
            kept.append(word)
    return kept
