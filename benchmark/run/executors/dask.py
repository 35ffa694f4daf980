"""The dask executor: processes of a cluster, on this machine or on many."""

import multiprocessing
import tempfile
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, final

from ....errors import MissingDataError, StudyError
from ....results.directory.parts import part_path
from ....results.files.parquet import write_bytes
from ...study.study import RunSpec
from . import Ended, Executor, Site, Start, WorkerFailure
from .job_queue import read_cluster
from .local import LocalExecutor


def compute(spec: RunSpec, problem_hash: str) -> bytes | WorkerFailure:
    """Compute a run on a worker of the cluster; return the bytes of its part, or the failure.

    The run gets its own process with its limits of time and memory, so that the worker outlives it
    and its bits are those of a local run.
    """
    # Nannies start workers as daemons, and `multiprocessing` forbids daemons to have children.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="fusefront-") as folder:
        site = Site(directory=Path(folder), problem_hashes={spec.problem.name: problem_hash})
        executor = LocalExecutor(site, 1)
        try:
            executor.start(spec)
            (ended,) = executor.wait()
        finally:
            executor.close()
        return ended.failure or part_path(site.directory, spec.run_id).read_bytes()


try:
    import distributed
except ImportError as error:
    raise MissingDataError(
        "`--executor dask` needs the package `distributed`. It is not installed. "
        "Use `pip install 'fusefront[dask]'`."
    ) from error

_GPU: Final = "GPU"
"""The name of the resource on dask's workers."""

_AHEAD: Final = 2
"""Runs submitted per thread of the workers, so that no thread waits for the coordinator."""


@final
class DaskExecutor(Executor):
    """Computes runs as tasks of a dask scheduler; this process writes the parts it receives.

    Workers need fusefront and, for plug-ins and problems from files, these files at the same paths.
    No directory is shared. Runs of a worker that died are retried (`retries`).

    Args:
        site: Where parts go.
        client: The connection to the scheduler.
        stop: Stops what was started for this study only.
    """

    def __init__(
        self, site: Site, client: "distributed.Client", stop: Callable[[], object]
    ) -> None:
        self._site = site
        self._client = client
        self._stop = stop
        self._futures: dict[distributed.Future[Any], RunSpec] = {}
        self._numbers = count()

    @property
    def free(self) -> int:
        """Number of runs to submit: one per thread of the workers, and the same number queued."""
        with _reachable():
            threads: dict[str, int] = self._client.nthreads()
        return max(1, _AHEAD * sum(threads.values())) - len(self._futures)

    @property
    def running(self) -> Sequence[RunSpec]:
        """The submitted runs."""
        return list(self._futures.values())

    def check(self, gpus: int) -> None:
        """Compare with the GPUs that current workers report."""
        with _reachable():
            workers = self._client.scheduler_info(-1)["workers"].values()
        most = max((int(worker["resources"].get(_GPU, 0)) for worker in workers), default=gpus)
        if gpus > most:
            raise StudyError(
                f"`gpus` must be at most the number of GPUs of a worker, {most}. Found {gpus}. "
                f"Start workers with `dask worker --resources {_GPU}={gpus}`, each with GPUs of "
                "its own."
            )

    def fits(self, spec: RunSpec) -> bool:
        """Return True: the scheduler waits for workers with free GPUs."""
        return True

    def start(self, spec: RunSpec) -> None:
        """Submit the run as a task."""
        gpus = spec.resources.gpus
        with _reachable():
            future = self._client.submit(
                compute,
                spec,
                self._site.problem_hashes[spec.problem.name],
                # For a known key, dask would return the earlier task instead of starting the retry.
                key=f"{spec.run_id}-{next(self._numbers)}",
                pure=False,
                retries=0,  # the study counts and reports its own retries
                resources={_GPU: gpus} if gpus else None,
            )
        self._futures[future] = spec

    def wait(self, timeout: float | None = None) -> list[Ended]:
        """Return runs whose task ended; their parts are written now."""
        try:
            with _reachable():
                found = distributed.wait(
                    list(self._futures), timeout=timeout, return_when="FIRST_COMPLETED"
                )
        except TimeoutError:
            return []
        return [self._take_back(future) for future in found.done]

    def close(self) -> None:
        """Cancel current runs, and stop the workers if this study started them."""
        # Nothing can be cancelled on a scheduler that is gone; its end has been reported already.
        with suppress(StudyError), _reachable():
            self._client.cancel(list(self._futures), force=True)
        self._futures.clear()
        self._client.close()
        self._stop()

    def _take_back(self, future: "distributed.Future[Any]") -> Ended:
        spec = self._futures.pop(future)
        found = _result(future)
        future.release()
        if isinstance(found, WorkerFailure):
            return Ended(spec=spec, failure=found)
        write_bytes(part_path(self._site.directory, spec.run_id), found)
        return Ended(spec=spec, failure=None)


@contextmanager
def _reachable() -> Iterator[None]:
    """Raise a StudyError if the scheduler cannot be reached any more.

    A `TimeoutError` passes: it is how waiting for runs ends without one.
    """
    try:
        yield
    except TimeoutError:
        raise
    except (OSError, RuntimeError, CancelledError) as error:
        raise StudyError(
            "The dask scheduler must stay reachable until all runs have ended. Found "
            f"{type(error).__name__}: {error}. Start it again and repeat the command: all results "
            "that arrived are kept."
        ) from error


def _result(future: "distributed.Future[Any]") -> bytes | WorkerFailure:
    if future.status == "finished":
        found: bytes | WorkerFailure = future.result()
        return found
    if future.status == "error":
        error = future.exception()
        retryable = isinstance(error, distributed.KilledWorker)
        message = f"A worker of the cluster raised {type(error).__name__}: {error}."
        if retryable:
            message = "The cluster lost the workers that computed the run."
    else:
        retryable, message = True, f"The cluster lost the run ({future.status})."
    return WorkerFailure(error_class="WorkerLost", message=message, retryable=retryable)


def dask_of(text: str) -> Start:
    """Return a function that starts the executor of a scheduler.

    Args:
        text: Empty for a cluster of processes on this machine, the address of a running scheduler
            (`tcp://...`), or a TOML file that `job_queue.read_cluster` reads.

    Raises:
        StudyError: If the file cannot be read. When it is started: if no scheduler responds.
    """
    if text.endswith(".toml"):
        return partial(_own, start_cluster=read_cluster(text))
    return partial(_running, address=text) if text else partial(_own, start_cluster=_here)


def _own(site: Site, jobs: int, *, start_cluster: Callable[[int], Any]) -> Executor:
    cluster = start_cluster(jobs)
    return DaskExecutor(site, distributed.Client(cluster), cluster.close)


def _here(jobs: int) -> Any:
    return distributed.LocalCluster(
        n_workers=jobs, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )


def _running(site: Site, jobs: int, *, address: str) -> Executor:
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"`--executor dask:{address}` must be the address of a running scheduler. "
            f"Found {error}. Start one with `dask scheduler`, and workers with `dask worker`."
        ) from error
    return DaskExecutor(site, client, lambda: None)
