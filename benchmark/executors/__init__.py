"""Executors: where runs are computed."""

from ..errors import ParameterError
from .base import Executor, Place


def executor_of(text: str, place: Place, jobs: int) -> Executor:
    """The executor that a text names.

    Args:
        text: `local`; `dask`, a cluster of processes on this machine; `dask:tcp://HOST:PORT`, a
            scheduler that runs; or `dask:FILE.toml`, a job queue.
        place: Of the study.
        jobs: Runs at once.

    Raises:
        ParameterError: If it names none.
        MissingDataError: If its package is not installed.
    """
    if text == "local":
        from .local import LocalExecutor

        return LocalExecutor(place, jobs)
    name, _, where = text.partition(":")
    if name == "dask":
        from .dask import dask_executor

        return dask_executor(where, place, jobs)
    raise ParameterError(
        f"`--executor` must be local, dask, dask:tcp://HOST:PORT or dask:FILE.toml. Found `{text}`."
    )
