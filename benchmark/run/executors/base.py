"""What an executor is: it takes runs while it has room, and tells when they have ended."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from ...study.study import RunSpec

DISK_FAULT: Final = 74
"""Exit code of a worker that could not write its part (EX_IOERR)."""


@final
@dataclass(frozen=True, kw_only=True)
class Loss:
    """Why a run ended without a part.

    Attributes:
        error_class: `WorkerLost` or `TimedOut`.
        message: What happened, and what may help.
        of_machine: Whether the machine may be to blame, so that another try is worth it.
    """

    error_class: str
    message: str
    of_machine: bool


@final
@dataclass(frozen=True, kw_only=True)
class Ended:
    """A run that is no longer computed; without a loss its part is written."""

    spec: RunSpec
    loss: Loss | None


@final
@dataclass(frozen=True, kw_only=True)
class Place:
    """What executors need to know of a study: where parts go, and digests of its problems."""

    directory: Path
    problem_hashes: Mapping[str, str]


class Executor(ABC):
    """Computes runs; closing it stops those under way and leaves no process behind."""

    @property
    @abstractmethod
    def free(self) -> int:
        """How many more runs it takes now."""

    @property
    @abstractmethod
    def running(self) -> Sequence[RunSpec]:
        """What it computes now."""

    @abstractmethod
    def check(self, gpus: int) -> None:
        """Refuse runs that need so many GPUs, before any is begun, if it can never have them.

        Raises:
            StudyError: If there are fewer.
        """

    @abstractmethod
    def fits(self, spec: RunSpec) -> bool:
        """Whether, while it is `free`, the run's `gpus` are too."""

    @abstractmethod
    def start(self, spec: RunSpec) -> None:
        """Begin a run that `fits`, while `free`."""

    @abstractmethod
    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Runs that ended; returns when one has, or after so many seconds.

        Raises:
            StoreError: If parts can no longer be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop what is under way."""
