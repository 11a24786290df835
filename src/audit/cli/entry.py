"""`audit`: the command, its exit codes and what is said when something goes wrong.

0 nothing at or above `--fail-on` · 1 the verdict is · 2 the command, configuration or data is
wrong · 3 insufficient, with `--strict` · 70 a defect of ours · 130 interrupted · 141 the reader
of our output went away.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from audit.cli.lazy import Entry, LazyGroup, debug_option, write_examples
from audit.errors import InputError

AUDIT, REMEDY, OPERATE, LEARN = "Audit", "Understand and remedy", "Operate", "Learn"
_HERE = "audit.cli.commands"
_COMPLETE = "_AUDIT_COMPLETE"

COMMANDS = {
    "demo": Entry(module=f"{_HERE}.demo", section=AUDIT,
                  help="Audit sample credit models on real data, with reports."),
    "init": Entry(module=f"{_HERE}.init", section=AUDIT,
                  help="Write a commented audit.toml, by asking or from flags."),
    "check": Entry(module=f"{_HERE}.check", section=AUDIT,
                   help="Read and validate a file; show what would be judged."),
    "run": Entry(module=f"{_HERE}.run", section=AUDIT,
                 help="Audit a file of decisions: verdict, numbers, report."),
    "count": Entry(module=f"{_HERE}.tallies", section=AUDIT,
                   help="Count a file into a tally that holds no rows."),
    "merge": Entry(module=f"{_HERE}.tallies", section=AUDIT,
                   help="Add tallies of months, branches or partners."),
    "power": Entry(module=f"{_HERE}.power", section=AUDIT,
                   help="How many rows a group an audit needs."),
    "explain": Entry(module=f"{_HERE}.explain", section=REMEDY,
                     help="Say why a gap arises: features, proxies, reasons."),
    "mitigate": Entry(module=f"{_HERE}.mitigate", section=REMEDY,
                      help="Compare ways to narrow a gap, and search for alternatives."),
    "gate": Entry(module=f"{_HERE}.gate", section=OPERATE,
                  help="Turn a report's verdict into an exit code."),
    "render": Entry(module=f"{_HERE}.render", section=OPERATE,
                    help="Make a page or file from a JSON report."),
    "metrics": Entry(module=f"{_HERE}.metrics", section=LEARN,
                     help="List, search and explain the metrics."),
    "policies": Entry(module=f"{_HERE}.policies", section=LEARN,
                      help="List and explain the policies: what is judged, and why."),
    "datasets": Entry(module=f"{_HERE}.datasets", section=LEARN,
                      help="List, explain and export the bundled data."),
    "completion": Entry(module=f"{_HERE}.completion", section="Set up",
                        help="Print a completion script for bash, zsh or fish."),
}  # fmt: skip
"""Every command, in the order of `audit --help`."""

_EXAMPLES = (
    ("a first look, on real data", "audit demo"),
    ("your own decisions; it asks what it must not guess", "audit run loans.csv"),
    (
        "the same without questions",
        "audit run loans.csv --protected sex --decision approved --favorable decision=1 \\\n"
        "      -o reports/loans.html",
    ),
)


class _Root(LazyGroup):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, _EXAMPLES)
        formatter.write(
            "\nExit codes: 0 passed, 1 the verdict failed, 2 wrong input, 3 insufficient "
            "(--strict), 70 our defect.\n`audit COMMAND --help` shows a command's options "
            "and examples.\n"
        )


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("evenhand")
    except PackageNotFoundError:
        number = "(not installed)"
    click.echo(f"audit {number}")
    ctx.exit()


@click.group(
    cls=_Root,
    entries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
              help="Print the version.")  # fmt: skip
@click.pass_context
def app(ctx: click.Context) -> None:
    """Audit credit decisions and credit-scoring models for unequal treatment of groups.

    From a file of decisions to a verdict with its evidence: both rates, their ratio, an interval,
    the rule and its source, and how many people it concerns.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


app.params.append(debug_option())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; never a traceback unless asked for."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        _own(given)
    sys.exit(run(given))


def _own(given: list[str]) -> None:
    """This process does nothing else: a model that will not give it back may cost it its life."""
    from audit.table.patience import may_end

    def words(problem: InputError) -> str:
        from audit.cli.trouble import words_of

        return words_of(problem, given)

    may_end(words)


def run(given: list[str]) -> int:
    """Run the command line on these words; returns the exit code."""
    import warnings

    from audit.cli.trouble import Warned

    _ready_streams()
    debug = "--debug" in given or os.environ.get("AUDIT_DEBUG", "") not in ("", "0")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default" if debug else "ignore")
            with Warned(quiet="-q" in given or "--quiet" in given):
                code = _invoked(given)
            sys.stdout.flush()
        return code
    except BaseException as problem:
        return _ended(problem, given, debug)


def _ready_streams() -> None:
    """Closed streams read and write nothing; a terminal without █ shows ? in its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 (kept to the end)
            setattr(sys, name, nowhere)
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _invoked(given: list[str]) -> int:
    """The command's own exit code; click's would turn a closed pipe into 1, which is a verdict."""
    completing = os.environ.get(_COMPLETE)
    if completing:
        from click.shell_completion import shell_complete

        return shell_complete(app, {}, "audit", _COMPLETE, completing)
    with app.make_context("audit", list(given)) as context:
        code = app.invoke(context)
    return code if isinstance(code, int) else 0


def _ended(problem: BaseException, given: list[str], debug: bool) -> int:
    from audit.cli import trouble

    match problem:
        case SystemExit():
            return problem.code if isinstance(problem.code, int) else 0
        case click.exceptions.Exit():
            return problem.exit_code
        case BrokenPipeError():
            _forget_stdout()
            return 141
        case KeyboardInterrupt() | click.Abort():
            trouble.say("\naudit: interrupted; no file is half written.")
            return 130
        case _:
            _flushed()
            return trouble.explain(problem, given, debug)


def _flushed() -> None:
    """What was printed so far is shown, unless it is stdout itself that failed."""
    try:
        sys.stdout.flush()
    except OSError:
        _forget_stdout()


def _forget_stdout() -> None:
    """Nobody reads it: what is left in its buffer must not fail again when Python exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
