"""The command `fusefront`. Nothing heavy is imported before a command needs it."""

import importlib
import sys

from ..errors import FusefrontError
from .app import app


def main() -> None:
    """Run the command line; errors are one line, exit status 2, an interrupt 130."""
    for commands in ("run", "show", "look", "data"):  # the order of the help
        importlib.import_module(f"{__name__}.{commands}")
    try:
        app(prog_name="fusefront")
    except FusefrontError as error:
        print(f"fusefront: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        sys.stderr.close()  # the reader, such as `head`, has gone; nothing is wrong
        raise SystemExit(0) from None
