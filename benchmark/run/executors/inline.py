"""The inline executor: runs one after the other in the coordinator's own process."""

from collections.abc import Sequence
from typing import final

from ....results.directory.parts import write_part
from ...study.study import RunSpec
from . import Ended, Executor, Gpus, Site


@final
class InlineExecutor(Executor):
    """Computes runs without processes and limits: for debuggers, and for very small runs.

    A run that crashes its process ends the study.

    Args:
        site: Where parts go.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: list[RunSpec] = []

    @property
    def free(self) -> int:
        """Accept one run at a time."""
        return 1 - len(self._waiting)

    @property
    def running(self) -> Sequence[RunSpec]:
        """The run that `wait` will compute."""
        return self._waiting

    def check(self, gpus: int) -> None:
        """Compare with the GPUs that this process may see."""
        Gpus().check(gpus)

    def fits(self, spec: RunSpec) -> bool:
        """Return True: the only run has all GPUs."""
        return True

    def start(self, spec: RunSpec) -> None:
        """Queue the run; `wait` computes it."""
        self._waiting.append(spec)

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Compute the queued run, however long it takes."""
        from ..fitting import InProcess
        from ..one_run import compute

        ended = []
        while self._waiting:
            spec = self._waiting[0]
            problem_hash = self._site.problem_hashes[spec.problem.name]
            write_part(self._site.directory, compute(spec, problem_hash, InProcess()))
            ended.append(Ended(spec=self._waiting.pop(), failure=None))
        return ended

    def close(self) -> None:
        """Drop the queued run."""
        self._waiting.clear()
