"""The inline executor: runs one after the other in the head's own process."""

from collections.abc import Sequence
from typing import final

from ....results.directory.parts import write_part
from ...study.study import RunSpec
from .base import Ended, Executor, Place
from .gpus import Gpus


@final
class InlineExecutor(Executor):
    """No processes, no limits of time and memory: for debuggers, and for very small runs.

    A run that brings its process down brings the study down.

    Args:
        place: Of the study.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting: list[RunSpec] = []

    @property
    def free(self) -> int:
        """One run at a time."""
        return 1 - len(self._waiting)

    @property
    def running(self) -> Sequence[RunSpec]:
        """What `wait` will compute."""
        return self._waiting

    def check(self, gpus: int) -> None:
        """It sees the GPUs that this process sees."""
        Gpus().check(gpus)

    def fits(self, spec: RunSpec) -> bool:
        """One run at a time has all there are."""
        return True

    def start(self, spec: RunSpec) -> None:
        """It is computed by `wait`."""
        self._waiting.append(spec)

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Compute what was begun, however long it takes."""
        from ..one_run import run

        ended = []
        while self._waiting:
            spec = self._waiting[0]
            write_part(self._place.directory, run(spec, self._place.problem_hashes[spec.problem]))
            ended.append(Ended(spec=self._waiting.pop(), loss=None))
        return ended

    def close(self) -> None:
        """Nothing is under way."""
        self._waiting.clear()
