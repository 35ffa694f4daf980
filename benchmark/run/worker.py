"""The worker process: one run, one process, one atomic part.

Importing this module imports everything that runs need. The fork server does this once, and every
worker then starts in milliseconds.
"""

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

import pymoo.algorithms.moo.nsga3  # noqa: F401 - these four are imported ahead of their use
import scipy.stats  # noqa: F401
import torch._dynamo  # noqa: F401 - optimizers import it at first use, for seconds
import transformers.models.vit.modeling_vit  # noqa: F401

from ...errors import StoreError, StudyError
from ...results.directory.parts import write_part
from ..study.study import RunSpec
from . import provenance
from .executors import DISK_FAULT
from .one_run import compute

__all__ = ["work"]

provenance.versions()  # cached here, before workers are forked


def work(spec: RunSpec, problem_hash: str, directory: Path) -> None:
    """Compute a run, write its part, and exit. Exits at once if the coordinator dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides what an interrupt means
    threading.Thread(target=_follow_coordinator, daemon=True).start()
    limit_memory(spec.resources.memory_bytes)
    record = compute(spec, problem_hash)
    try:
        write_part(directory, record)
    except StoreError:
        os._exit(DISK_FAULT)  # the coordinator finds the cause and reports it
    # The part is on disk, and an orderly shutdown of torch can take longer than a small run.
    os._exit(0)


def limit_memory(limit: int | None) -> None:
    """Make allocations of this process beyond `limit` bytes fail; memory-mapped files are free."""
    if limit is None:
        return
    if resource is None:
        raise StudyError(
            "`memory_bytes` must be left out on this system, which cannot limit the memory of a "
            f"process. Found {limit}."
        )
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _follow_coordinator() -> None:
    coordinator = parent_process()
    if coordinator is not None:
        wait([coordinator.sentinel])
        os._exit(1)
