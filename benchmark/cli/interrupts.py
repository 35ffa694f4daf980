"""The effect of Ctrl-C: it ends most commands at once, but lets a study finish its current runs."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def end_at_once() -> Iterator[None]:
    """Restore the system's default: an interrupt kills the process (status 130 in a shell).

    Python's default, raising an exception, can be swallowed by or crash inside the import of a
    C++ library. Killing loses nothing, because every file is written under a temporary name first.
    """
    with _handler(signal.default_int_handler, signal.SIG_DFL):
        yield


@contextmanager
def stop_gracefully(notify: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Let the first interrupt request a stop, and the second raise KeyboardInterrupt.

    Only has an effect inside `end_at_once`.

    Args:
        notify: Called when a stop is requested, inside the signal handler.

    Yields:
        A function that returns whether a stop has been requested.
    """
    requested = threading.Event()

    def handle(signum: int, frame: FrameType | None) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        notify()

    with _handler(signal.SIG_DFL, handle):
        yield requested.is_set


@contextmanager
def _handler(old: Any, new: Any) -> Iterator[None]:
    """Replace the handler `old` by `new` for a while.

    Any other handler is kept: a shell that starts a background job ignores interrupts on purpose.
    """
    if signal.getsignal(signal.SIGINT) is not old:
        yield
        return
    signal.signal(signal.SIGINT, new)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
