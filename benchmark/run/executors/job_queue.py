"""Clusters of job queues: workers that SLURM and others start, described by a TOML file."""

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ....errors import MissingDataError, StudyError
from ....registry import unknown_name

QUEUES: Final = ("SLURM", "PBS", "SGE", "LSF", "HTCondor", "OAR", "Moab")
"""Job queues that dask-jobqueue can submit to."""


def read_cluster(text: str) -> Callable[[int], Any]:
    """Return a function that starts the cluster of a TOML file for a number of runs at once.

    ```toml
    queue = "SLURM"                # the job queue
    [job]                          # arguments of dask_jobqueue.SLURMCluster
    cores = 4                      # runs at once per job, each a process with one thread
    memory = "16 GiB"
    walltime = "08:00:00"
    job_extra_directives = ["--partition=short"]
    ```

    `-j` is the number of runs at once; as many jobs are submitted as that takes.

    Raises:
        StudyError: If the file cannot be read, or a key is unknown or missing.
        MissingDataError: If dask-jobqueue is not installed.
    """
    path = Path(text)
    queue, job = _checked(path)
    try:
        import dask_jobqueue
    except ImportError as error:
        raise MissingDataError(
            f'`queue = "{queue}"` needs dask-jobqueue. Found none. '
            "Use `pip install 'fusefront[dask]'`."
        ) from error
    kind = getattr(dask_jobqueue, f"{queue}Cluster")

    def start(runs: int) -> Any:
        try:
            cluster = kind(**job, processes=1)  # every run gets its own process anyway
        except TypeError as error:
            raise StudyError(f"In `{path}`, `[job]`: {error}.") from error
        jobs = math.ceil(runs / job["cores"])
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # jobs that end early are replaced
        return cluster

    return start


def _checked(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the queue and the job of a file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"`{path}` must be a TOML file. Found {error}.") from error
    for key in content:
        if key not in ("queue", "job"):
            raise StudyError(f"In `{path}`: {unknown_name('A key', key, ['queue', 'job'])}")
    queue, job = content.get("queue"), content.get("job")
    if queue not in QUEUES:
        raise StudyError(f"In `{path}`: {unknown_name('queue', str(queue), list(QUEUES))}")
    if not isinstance(job, dict) or type(job.get("cores")) is not int or "memory" not in job:
        raise StudyError(
            f"`{path}` must have a table `[job]` with `cores` and `memory`. Found {job!r}."
        )
    if job["cores"] < 1:
        raise StudyError(f"`cores` in `{path}` must be 1 or more. Found {job['cores']}.")
    return queue, job
