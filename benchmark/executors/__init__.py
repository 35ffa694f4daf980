"""Executors: where runs are computed."""

from ..errors import ParameterError
from .base import Executor, Place


def executor_of(text: str, place: Place, jobs: int) -> Executor:
    """The executor that a text names.

    Args:
        text: `local`, a process a run; `inline`, all in this process; `dask`, a cluster of
            processes on this machine; `dask:tcp://HOST:PORT`, a scheduler that runs; or
            `dask:FILE.toml`, a job queue.
        place: Of the study.
        jobs: Runs at once.

    Raises:
        ParameterError: If it names none.
        MissingDataError: If its package is not installed.
    """
    if text == "local":
        from .local import LocalExecutor

        return LocalExecutor(place, jobs)
    if text == "inline":
        from .inline import InlineExecutor

        return InlineExecutor(place)
    name, _, where = text.partition(":")
    if name == "dask":
        from .dask import dask_executor

        return dask_executor(where, place, jobs)
    raise ParameterError(
        "`--executor` must be local, inline, dask, dask:tcp://HOST:PORT or dask:FILE.toml. "
        f"Found `{text}`."
    )
