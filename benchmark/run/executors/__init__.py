"""Executors: where runs are computed. A name on the command line becomes an executor here."""

from collections.abc import Callable

from ....errors import ParameterError
from .base import Executor, Site

Start = Callable[[Site, int], Executor]
"""Starts an executor for a study, given the number of runs at once."""


def start_of(text: str) -> Start:
    """Return what starts the executor of this name; it is checked, but not started.

    Args:
        text: `local`, one process per run; `inline`, everything in this process; `dask`, a cluster
            of processes on this machine; `dask:tcp://HOST:PORT`, a running scheduler; or
            `dask:FILE.toml`, a job queue.

    Raises:
        ParameterError: If there is no such executor.
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


def processes(site: Site, jobs: int) -> Executor:
    """Start the executor `local`: one process per run, at most `jobs` at once."""
    from .local import LocalExecutor

    return LocalExecutor(site, jobs)


def _inline(site: Site, jobs: int) -> Executor:
    from .inline import InlineExecutor

    return InlineExecutor(site)
