"""The worker process: computes the runs it is sent, each into one atomic part.

Importing this module imports what all runs need. The fork server does this once, and every worker
then starts in milliseconds.
"""

import os
import signal
import threading
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

import psutil

from ...errors import StoreError, StudyError
from ...results.directory.parts import write_part
from . import provenance
from .executors import WorkerFailure
from .executors.local import PEAK
from .executors.process import Order, Reply
from .one_run import compute

__all__ = ["work"]

provenance.versions()  # cached here, before workers are forked


def work(orders: Connection) -> None:
    """Compute runs until the connection is closed. Exits at once if the coordinator dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides what an interrupt means
    threading.Thread(target=_follow_coordinator, daemon=True).start()
    with suppress(EOFError, OSError):  # the coordinator needs this worker no longer
        while True:
            order: Order = orders.recv()
            orders.send(_reply(order))
    # An orderly shutdown of torch can take longer than a small run, and every part is on disk.
    os._exit(0)


def _reply(order: Order) -> Reply:
    try:
        _reset_peak()
        limit_memory(order.spec.resources.memory_bytes)
        record = compute(order.spec, order.problem_hash)
    except Exception as error:  # outside the fit, whose own errors are in the record
        return Reply(
            failure=WorkerFailure(
                error_class=type(error).__name__, message=str(error), retryable=False
            )
        )
    try:
        write_part(order.directory, record)
    except StoreError as error:
        return Reply(disk_fault=str(error))
    return Reply(status=record.status, resident_bytes=psutil.Process().memory_info().rss)


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


def _reset_peak() -> None:
    """Make the peak resident memory count from now: it must not be that of an earlier run."""
    with suppress(OSError):  # where this is impossible, no worker computes a second run
        PEAK.write_text("5")


def _follow_coordinator() -> None:
    coordinator = parent_process()
    if coordinator is not None:
        wait([coordinator.sentinel])
        os._exit(1)
