"""The interface of executors: they accept runs while they have room, and report their end."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from ...study.study import RunSpec

DISK_FAULT: Final = 74
"""Exit code of a worker that could not write its part (EX_IOERR of sysexits.h)."""


@final
@dataclass(frozen=True, kw_only=True)
class WorkerFailure:
    """Why a worker ended without writing a part.

    Attributes:
        error_class: `WorkerLost` or `TimedOut`.
        message: What happened, and what may help.
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
            StudyError: If there are fewer.
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
