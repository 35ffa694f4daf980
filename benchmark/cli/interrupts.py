"""What Ctrl-C does: it ends a command at once, but a study in order."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
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
def stopping_in_order(tell: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Let the first interrupt ask for an end, and the second raise KeyboardInterrupt.

    Inside `ending_at_once`. Gives a function that says whether an end was asked for; `tell` is
    called when it is.
    """
    asked = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        tell()

    with _handler(signal.SIG_DFL, ask):
        yield asked.is_set


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
