"""Executors: where runs are computed."""

from collections.abc import Callable

from ....errors import ParameterError
from .base import Executor, Place

Start = Callable[[Place, int], Executor]
"""Starts an executor for a study and so many runs at once."""


def start_of(text: str) -> Start:
    """The executor that a text names, checked but not started.

    Args:
        text: `local`, a process a run; `inline`, all in this process; `dask`, a cluster of
            processes on this machine; `dask:tcp://HOST:PORT`, a scheduler that runs; or
            `dask:FILE.toml`, a job queue.

    Raises:
        ParameterError: If it names none.
        MissingDataError: If its package is not installed.
        StudyError: If its file cannot be read.
    """
    name, _, where = text.partition(":")
    if name == "dask":
        from .dask import dask_of

        return dask_of(where)
    if text == "inline":
        return _inline
    if text == "local":
        return processes
    raise ParameterError(
        "`--executor` must be local, inline, dask, dask:tcp://HOST:PORT or dask:FILE.toml. "
        f"Found `{text}`."
    )


def processes(place: Place, jobs: int) -> Executor:
    """A process a run, at most `jobs` at once."""
    from .local import LocalExecutor

    return LocalExecutor(place, jobs)


def _inline(place: Place, jobs: int) -> Executor:
    from .inline import InlineExecutor

    return InlineExecutor(place)
