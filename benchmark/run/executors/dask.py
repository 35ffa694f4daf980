"""The dask executor: processes of a cluster, on this machine or on many."""

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, final

from ....errors import MissingDataError, StudyError
from ....results.directory.parts import part_path
from ....results.files.parquet import write_bytes
from ...study.study import RunSpec
from . import Start
from .base import Ended, Executor, Loss, Place
from .job_queue import read_cluster
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


try:
    import distributed
except ImportError as error:
    raise MissingDataError(
        "`--executor dask` needs dask. Found no `distributed`. Use `pip install 'fusefront[dask]'`."
    ) from error

_GPU: Final = "GPU"
"""What dask's workers call it."""

_AHEAD: Final = 2
"""Runs handed to the scheduler for each thread of a worker, so that none waits for the head."""


@final
class DaskExecutor(Executor):
    """Runs as tasks of a dask scheduler; this process only schedules, and writes parts that come.

    Workers need fusefront and, for plug-ins or problems from files, those files at the same paths;
    no directory is shared. A worker that is lost gives its runs back (`retries`).

    Args:
        place: Of the study.
        client: To the scheduler.
        stop: Ends what was started for this study only.
    """

    def __init__(
        self, place: Place, client: "distributed.Client", stop: Callable[[], object]
    ) -> None:
        self._place = place
        self._client = client
        self._stop = stop
        self._futures: dict[distributed.Future[Any], RunSpec] = {}
        self._numbers = count()

    @property
    def free(self) -> int:
        """Threads of all workers, and as many runs again that wait there."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, _AHEAD * sum(threads.values())) - len(self._futures)

    @property
    def running(self) -> Sequence[RunSpec]:
        """What the scheduler has."""
        return list(self._futures.values())

    def check(self, gpus: int) -> None:
        """Against what the workers that there are say of themselves."""
        workers = self._client.scheduler_info(-1)["workers"].values()
        most = max((int(worker["resources"].get(_GPU, 0)) for worker in workers), default=gpus)
        if gpus > most:
            raise StudyError(
                f"`gpus` must be at most those of a worker. Found {gpus}, and {most} there. "
                f"Start workers with `dask worker --resources {_GPU}={gpus}`, each with "
                "processors of its own."
            )

    def fits(self, spec: RunSpec) -> bool:
        """The scheduler waits for workers that have the GPUs."""
        return True

    def start(self, spec: RunSpec) -> None:
        """As a task."""
        gpus = spec.resources.gpus
        future = self._client.submit(
            compute,
            spec,
            self._place.problem_hashes[spec.problem],
            key=f"{spec.run_id}-{next(self._numbers)}",
            pure=False,
            retries=0,
            resources={_GPU: gpus} if gpus else None,
        )
        self._futures[future] = spec

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Runs whose task ended; their parts are written now."""
        try:
            found = distributed.wait(
                list(self._futures), timeout=timeout, return_when="FIRST_COMPLETED"
            )
        except TimeoutError:
            return []
        return [self._take_back(future) for future in found.done]

    def close(self) -> None:
        """Give up what is under way; end the workers if they are this study's own."""
        self._client.cancel(list(self._futures), force=True)
        self._futures.clear()
        self._client.close()
        self._stop()

    def _take_back(self, future: "distributed.Future[Any]") -> Ended:
        spec = self._futures.pop(future)
        found = _result(future)
        future.release()
        if isinstance(found, Loss):
            return Ended(spec=spec, loss=found)
        write_bytes(part_path(self._place.directory, spec.run_id), found)
        return Ended(spec=spec, loss=None)


def _result(future: "distributed.Future[Any]") -> bytes | Loss:
    if future.status == "finished":
        found: bytes | Loss = future.result()
        return found
    if future.status == "error":
        error = future.exception()
        of_machine = isinstance(error, distributed.KilledWorker)
        message = f"The cluster's worker gave {type(error).__name__}: {error}."
        if of_machine:
            message = "The cluster lost the workers that computed the run."
    else:
        of_machine, message = True, f"The cluster lost the run ({future.status})."
    return Loss(error_class="WorkerLost", message=message, of_machine=of_machine)


def dask_of(text: str) -> Start:
    """What starts the executor of a scheduler.

    Args:
        text: Empty for a cluster of processes on this machine, the address of a running scheduler
            (`tcp://...`), or a TOML file that `cluster.read_cluster` reads.

    Raises:
        StudyError: If the file cannot be read; when it is started, if no scheduler answers.
    """
    if text.endswith(".toml"):
        return partial(_own, start_cluster=read_cluster(text))
    return partial(_running, address=text) if text else partial(_own, start_cluster=_here)


def _own(place: Place, jobs: int, *, start_cluster: Callable[[int], Any]) -> Executor:
    cluster = start_cluster(jobs)
    return DaskExecutor(place, distributed.Client(cluster), cluster.close)


def _here(jobs: int) -> Any:
    return distributed.LocalCluster(
        n_workers=jobs, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )


def _running(place: Place, jobs: int, *, address: str) -> Executor:
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"`--executor dask:{address}` must be the address of a running scheduler. "
            f"Found {error}. Start one with `dask scheduler`, and workers with `dask worker`."
        ) from error
    return DaskExecutor(place, client, lambda: None)
