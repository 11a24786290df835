"""click, with commands imported only when they run and errors that suggest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from audit.cli.suggest import closest


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command by name: where it lives and what it does, without importing it."""

    module: str
    """Module that defines it."""
    section: str
    """Heading in `audit --help`."""
    help: str
    """One line."""


class LazyGroup(click.Group):
    """A group whose commands are listed from a table and imported when called."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        """Keep the table; nothing is imported."""
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the table's order."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and take the command from it."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        name = args[0]
        if name not in self.entries and not name.startswith("-"):
            raise UnknownCommand(name, closest(name, self.entries), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands under the headings of their jobs."""
        width = max(map(len, self.entries))
        for section in dict.fromkeys(entry.section for entry in self.entries.values()):
            rows = [
                (name.ljust(width), entry.help)
                for name, entry in self.entries.items()
                if entry.section == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


class UnknownCommand(click.UsageError):
    """A command that does not exist, with the one probably meant."""

    def __init__(self, name: str, meant: str | None, ctx: click.Context) -> None:
        """Keep both names for the corrected command."""
        hint = f" Did you mean {meant!r}?" if meant else ""
        super().__init__(f"no command {name!r}.{hint}", ctx)
        self.name, self.meant = name, meant


class Command(click.Command):
    """A command with examples in its help, options under headings, and `--debug`."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        sections: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Examples are (what it does, command line); `sections` maps a parameter to a heading."""
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.sections = dict(sections or {})
        self.params.append(debug_option())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options under their headings; those without one come last."""
        by_section: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                section = self.sections.get(param.name or "", "Options")
                by_section.setdefault(section, []).append(record)
        last = by_section.pop("Options", [])
        for section, rows in [*by_section.items(), ("Options", last)]:
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, each with what it does."""
        write_examples(formatter, self.examples)


class CommandGroup(click.Group):
    """A small group (`audit metrics show …`) with examples and did-you-mean."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **kw: Any) -> None:
        """Examples are (what it does, command line)."""
        super().__init__(*args, **kw)
        self.examples = tuple(examples)
        self.params.append(debug_option())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise UnknownCommand(args[0], closest(args[0], self.commands), ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, each with what it does."""
        write_examples(formatter, self.examples)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[tuple[str, str]]) -> None:
    """Examples as comment and command, never re-wrapped so that they can be pasted."""
    if not examples:
        return
    with formatter.section("Examples"):
        for number, (purpose, command) in enumerate(examples):
            if number:
                formatter.write("\n")
            formatter.write(f"{'':>{formatter.current_indent}}# {purpose}\n")
            for text in command.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{text}\n")


def debug_option() -> click.Option:
    """`--debug`, accepted after any command; the entry point looks for it itself."""
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False,
        help="Show the traceback of a defect (or set AUDIT_DEBUG=1).",
    )  # fmt: skip
