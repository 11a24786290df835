"""`audit completion`: the shell's completion script."""

from __future__ import annotations

import click

from audit.cli.lazy import Command


@click.command(
    cls=Command,
    examples=(
        ("bash: in ~/.bashrc", 'eval "$(audit completion bash)"'),
        ("zsh: in ~/.zshrc", 'eval "$(audit completion zsh)"'),
        ("fish", "audit completion fish > ~/.config/fish/completions/audit.fish"),
    ),
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and column names in your shell."""
    from click.shell_completion import get_completion_class

    from audit.cli.entry import app

    kind = get_completion_class(shell)
    if kind is not None:
        script = kind(app, {}, "audit", "_AUDIT_COMPLETE")
        click.echo(script.source_template % script.source_vars())
