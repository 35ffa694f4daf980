"""The command `fusefront`. Nothing heavy is imported before a command needs it."""

import importlib
import sys
from typing import NoReturn

from ...errors import FusefrontError
from .app import app
from .interrupts import ending_at_once


def main() -> None:
    """Run the command line; errors are one line, exit status 2, an interrupt 130."""
    with ending_at_once():
        _run()


def _run() -> NoReturn:
    for commands in (
        "run",
        "show",
        "look",
        "new",
        "check",
        "store",
        "data",
    ):  # the order of the help
        importlib.import_module(f"{__name__}.{commands}")
    try:
        status = app(prog_name="fusefront", standalone_mode=False)
    except FusefrontError as error:
        _fail(str(error))
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help is shown already
            raise SystemExit(2) from None
        if not hasattr(error, "format_message"):  # what typer raises of arguments has it
            raise
        _fail(error.format_message())
    raise SystemExit(status or 0)


def _fail(message: str) -> NoReturn:
    print(f"fusefront: error: {message}", file=sys.stderr)
    raise SystemExit(2)
