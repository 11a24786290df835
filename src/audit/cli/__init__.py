"""The command line: arguments in, the public verbs called, answers out. No logic of its own."""

from audit.cli.entry import main

__all__ = ["main"]
