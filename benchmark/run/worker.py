"""The worker process: one run, one process, one atomic part.

Importing this module imports all that runs need; the fork server does so once and every worker
then starts in milliseconds.
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

import pymoo.algorithms.moo.nsga3  # noqa: F401 - these four are imported to be there
import scipy.stats  # noqa: F401
import torch._dynamo  # noqa: F401 - optimisers import it at their first use: seconds
import transformers.models.vit.modeling_vit  # noqa: F401

from ...errors import StoreError, StudyError
from ...results.directory.parts import write_part
from ..study.study import RunSpec
from . import provenance
from .executors.base import DISK_FAULT
from .one_run import run

__all__ = ["work"]

provenance.versions()  # found once, before workers are forked


def work(spec: RunSpec, problem_hash: str, directory: Path) -> None:
    """Compute a run, write its part, and end; at once if the head process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the head decides what an interrupt means
    threading.Thread(target=_follow_head, daemon=True).start()
    limit_memory(spec.resources.memory_bytes)
    record = run(spec, problem_hash)
    try:
        write_part(directory, record)
    except StoreError:
        os._exit(DISK_FAULT)  # the head finds out what is wrong, and tells
    os._exit(0)  # the part is on disk; taking this process apart in order takes longer than a run


def limit_memory(limit: int | None) -> None:
    """Let allocations beyond so many bytes of this process fail; files in memory do not count."""
    if limit is None:
        return
    if resource is None:
        raise StudyError("`memory_bytes` must be left out here. Found no limits on this system.")
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _follow_head() -> None:
    head = parent_process()
    if head is not None:
        wait([head.sentinel])
        os._exit(1)
