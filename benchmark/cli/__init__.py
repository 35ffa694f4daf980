"""The command line, `fusefront`. Heavy packages are imported only by the commands that use them."""

import importlib
import sys
from typing import Final, NoReturn

import typer
from typer.models import CommandInfo

from ...errors import FusefrontError
from .app import app
from .encoding import make_printable
from .interrupts import end_at_once

COMMANDS: Final = (
    *("run", "tune", "status", "table", "summary", "power", "stats", "choose", "plot", "report"),
    *("list", "info", "doctor", "new", "check", "verify", "merge", "split", "export", "retrain"),
    "data",
)
"""One module per command, in the order of `fusefront --help`."""


def main() -> None:
    """Run the command line.

    An error is one line on standard error with exit status 2; an interrupt exits with 130.
    """
    for stream in (sys.stdout, sys.stderr):
        make_printable(stream)
    with end_at_once():
        _run()


def load_app(command: str = "") -> typer.Typer:
    """Return the application, whose commands are registered by the import of their modules.

    Args:
        command: The only command that is needed. Anything else, such as an option or a misspelt
            name, loads all commands, since the help and the suggestions list them.
    """
    for name in (command,) if command in COMMANDS else COMMANDS:
        importlib.import_module(f"{__name__}.{name}")
    # A program that imported some of them before has registered those first.
    app.registered_commands.sort(key=lambda command: COMMANDS.index(_name(command)))
    return app


def _run() -> NoReturn:
    try:
        status = load_app(*sys.argv[1:2])(prog_name="fusefront", standalone_mode=False)
    except FusefrontError as error:
        _fail(str(error))
    except Exception as error:
        # Typer's own errors are recognised by name and method: importing its private copy of
        # click for an `except` clause would tie this module to one version of typer.
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been printed already
            raise SystemExit(2) from None
        if not hasattr(error, "format_message"):
            raise
        _fail(error.format_message())
    raise SystemExit(status or 0)


def _name(command: CommandInfo) -> str:
    return str(command.name or getattr(command.callback, "__name__", ""))


def _fail(message: str) -> NoReturn:
    from ...results.escape import printable_lines

    print(f"fusefront: error: {printable_lines(message)}", file=sys.stderr)
    raise SystemExit(2)
