"""What a worker of a cluster does with a run: it computes it in a process, and sends its part."""

import multiprocessing
import tempfile
from pathlib import Path

from ...results.store import part_path
from ..study import RunSpec
from .base import Loss, Place
from .local import LocalExecutor


def compute(spec: RunSpec, problem_hash: str) -> bytes | Loss:
    """The bytes of a run's part, or why there are none.

    The run has a process of its own, with its limits of time and memory, so that the worker
    outlives it and the bits are those of a local run.
    """
    # Nannies start workers as daemons, which `multiprocessing` forbids to have children.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="fusefront-") as folder:
        place = Place(directory=Path(folder), problem_hashes={spec.problem: problem_hash})
        executor = LocalExecutor(place, 1)
        try:
            executor.start(spec)
            (ended,) = executor.wait()
        finally:
            executor.close()
        return ended.loss or part_path(place.directory, spec.run_id).read_bytes()
