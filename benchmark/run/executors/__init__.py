"""Executors compute runs: their interface, and how a name on the command line becomes one."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from ....errors import ParameterError, StudyError
from ...study.study import RunSpec


@final
@dataclass(frozen=True, kw_only=True)
class WorkerFailure:
    """The reason why a worker ended without writing a part.

    Attributes:
        error_class: `WorkerLost` or `TimedOut`.
        message: The cause, and a remedy.
        retryable: Whether the machine may be the cause, so that another try is worthwhile.
    """

    error_class: str
    message: str
    retryable: bool


@final
@dataclass(frozen=True, kw_only=True)
class Ended:
    """A run that is no longer being computed; its part is written unless the worker failed."""

    spec: RunSpec
    failure: WorkerFailure | None


@final
@dataclass(frozen=True, kw_only=True)
class Site:
    """The facts of a study that executors need: where parts go, and the hashes of its problems."""

    directory: Path
    problem_hashes: Mapping[str, str]


class Executor(ABC):
    """Computes runs. Closing it stops current runs and leaves no process behind."""

    @property
    @abstractmethod
    def free(self) -> int:
        """Number of further runs that it accepts now."""

    @property
    @abstractmethod
    def running(self) -> Sequence[RunSpec]:
        """The runs it computes now."""

    @abstractmethod
    def check(self, gpus: int) -> None:
        """Refuse a number of GPUs per run that will never be available, before any run starts.

        Raises:
            StudyError: If fewer GPUs exist.
        """

    @abstractmethod
    def fits(self, spec: RunSpec) -> bool:
        """Return whether the GPUs of a run are free, given that the executor is `free`."""

    @abstractmethod
    def start(self, spec: RunSpec) -> None:
        """Start a run that `fits`, while the executor is `free`."""

    @abstractmethod
    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Return runs that ended, as soon as one has, or after `timeout` seconds.

        Raises:
            StoreError: If parts can no longer be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop current runs."""


VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
"""The variable that CUDA reads when it starts: the GPUs that a process may see."""


@final
class Gpus:
    """The GPUs that this process may see, assigned to runs."""

    def __init__(self) -> None:
        self._all = visible()
        self._taken: dict[str, list[str]] = {}

    def check(self, wanted: int) -> None:
        """Refuse a number that will never be free.

        Raises:
            StudyError: If this machine has fewer GPUs.
        """
        if wanted > len(self._all):
            raise StudyError(
                f"`gpus` must be at most the number of GPUs of this machine, {len(self._all)} "
                f"(`{VISIBLE}`, or /dev/nvidia*). Found {wanted}. Ask for fewer."
            )

    def free(self, wanted: int) -> bool:
        """Return whether this many GPUs are unassigned."""
        return wanted <= len(self._left())

    def take(self, run_id: str, wanted: int) -> Mapping[str, str]:
        """Assign GPUs to a run, and return the environment with which it sees these only."""
        self._taken[run_id] = self._left()[:wanted]
        return {VISIBLE: ",".join(self._taken[run_id])}

    def give_back(self, run_id: str) -> None:
        """Free the GPUs of a run that ended."""
        del self._taken[run_id]

    def _left(self) -> list[str]:
        taken = {gpu for gpus in self._taken.values() for gpu in gpus}
        return [gpu for gpu in self._all if gpu not in taken]


def visible() -> list[str]:
    """Return the names of the GPUs, from the environment if set, else from the driver's files."""
    names = os.environ.get(VISIBLE)
    if names is not None:
        return [name.strip() for name in names.split(",") if name.strip()]
    return sorted(path.name[6:] for path in Path("/dev").glob("nvidia[0-9]*"))


Start = Callable[[Site, int], Executor]
"""Starts an executor for a study, given the number of runs at once."""


def start_of(text: str) -> Start:
    """Return a function that starts the executor of this name, which is checked here.

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
