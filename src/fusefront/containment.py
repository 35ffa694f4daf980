"""Keep the code of plug-ins from changing the process around it."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Restore the current directory afterwards, and send standard output to standard error.

    Relative paths of the process stay valid, and what the command itself prints (`--json`) stays
    readable. Output of subprocesses and of compiled code is redirected, too.
    """
    with _kept_directory(), _kept_output():
        yield


@contextlib.contextmanager
def _kept_directory() -> Iterator[None]:
    try:
        before = os.getcwd()  # noqa: PTH109 - Path.cwd() is the same call
    except FileNotFoundError:  # the directory was deleted: there is none to return to
        yield
        return
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _kept_output() -> Iterator[None]:
    out = sys.stdout
    _flush(out)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            saved = os.dup(1)
        except OSError:  # standard output is closed
            yield
            return
        try:
            os.dup2(2, 1)
            yield
        finally:
            _flush(out)  # of code that took hold of it earlier
            os.dup2(saved, 1)
            os.close(saved)


def _flush(stream: object) -> None:
    flush = getattr(stream, "flush", None)
    if flush is not None:
        with contextlib.suppress(OSError, ValueError):  # a closed pipe or file
            flush()
