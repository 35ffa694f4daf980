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

import pymoo.algorithms.moo.nsga3  # noqa: F401 - these four are imported to be there
import scipy.stats  # noqa: F401
import torch._dynamo  # noqa: F401 - optimisers import it at their first use: seconds
import transformers.models.vit.modeling_vit  # noqa: F401

from ..results.store import write_part
from .run import run
from .study import RunSpec

__all__ = ["work"]


def work(spec: RunSpec, problem_hash: str, directory: Path) -> None:
    """Compute a run and write its part. Ends at once if the head process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the head decides what an interrupt means
    threading.Thread(target=_follow_head, daemon=True).start()
    write_part(directory, run(spec, problem_hash))


def _follow_head() -> None:
    head = parent_process()
    if head is not None:
        wait([head.sentinel])
        os._exit(1)
