"""What Ctrl-C does: it ends a command at once, but a study in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let an interrupt end the process by itself, status 130 in a shell.

    Python's own way, an exception, can get lost or crash inside the import of a C++ library. All
    files are written whole or not at all, so nothing is lost.
    """
    with _handler(signal.default_int_handler, signal.SIG_DFL):
        yield


@contextmanager
def raising() -> Iterator[None]:
    """Let an interrupt raise KeyboardInterrupt, inside `ending_at_once`."""
    with _handler(signal.SIG_DFL, signal.default_int_handler):
        yield


@contextmanager
def _handler(old: Any, new: Any) -> Iterator[None]:
    """Put `new` in the place of `old`; anything else, such as ignoring, was wanted and stays."""
    if signal.getsignal(signal.SIGINT) is not old:
        yield
        return
    signal.signal(signal.SIGINT, new)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
