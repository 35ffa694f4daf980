"""Clusters of job queues: workers that SLURM and others start, described by a TOML file."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ....errors import MissingDataError, StudyError
from ....toml_models import Text, TomlTable, parse_table, read_toml


class Job(TomlTable):
    """Arguments of dask-jobqueue's cluster; it checks those that are not named here."""

    model_config = ConfigDict(extra="allow")

    cores: Annotated[int, Field(ge=1)]
    memory: Text


class ClusterFile(TomlTable):
    """The keys of a cluster file; `queue` is a job queue that dask-jobqueue can submit to."""

    queue: Literal["SLURM", "PBS", "SGE", "LSF", "HTCondor", "OAR", "Moab"]
    job: Job


def read_cluster(text: str) -> Callable[[int], Any]:
    """Return a function that starts the cluster of a TOML file for a number of runs at once.

    ```toml
    queue = "SLURM"                # the job queue
    [job]                          # arguments of dask_jobqueue.SLURMCluster
    cores = 4                      # runs at once per job, in one process each, with one thread
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
    file = parse_table(ClusterFile, read_toml(path), file=path)
    queue, job = file.queue, file.job.model_dump()
    try:
        import dask_jobqueue
    except ImportError as error:
        raise MissingDataError(
            f'`queue = "{queue}"` needs dask-jobqueue. It is not installed. '
            "Use `pip install 'fusefront[dask]'`."
        ) from error
    kind = getattr(dask_jobqueue, f"{queue}Cluster")

    def start(runs: int) -> Any:
        try:
            cluster = kind(**job, processes=1)  # every run gets its own process anyway
        except TypeError as error:
            raise StudyError(f"In `{path}`, `[job]`: {error}.", file=path) from error
        jobs = math.ceil(runs / job["cores"])
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # jobs that end early are replaced
        return cluster

    return start
