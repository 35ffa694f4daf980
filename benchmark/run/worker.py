"""The worker process: computes the runs it is sent, each into one atomic part.

Importing this module imports what all runs need. The fork server does this once, and every worker
then starts in milliseconds.
"""

import os
from contextlib import suppress
from multiprocessing.connection import Connection

import psutil

from ...errors import StoreError
from ...results.directory.parts import write_part
from . import provenance
from .executors import WorkerFailure
from .executors.process import Order, Reply
from .fit_process import FitProcess, begin, serve_fits
from .fitting import FitLost, Fitting
from .one_run import compute

__all__ = ["serve_fits", "work"]

provenance.versions()  # cached here, before workers are forked


def work(orders: Connection, rehearsals: Connection, fits: Connection) -> None:
    """Compute runs until the connection is closed. Exits at once if the coordinator dies.

    Args:
        orders: Receives orders.
        rehearsals: A connection to a process that runs `serve_fits`.
        fits: A connection to another one.
    """
    begin()
    fitting = FitProcess(rehearsals, fits)
    # The coordinator needs this worker no longer, or sees that the process for fits has ended.
    with suppress(EOFError, OSError, FitLost):
        while True:
            order: Order = orders.recv()
            orders.send(_reply(order, fitting))
    # An orderly shutdown of torch can take longer than a small run, and every part is on disk.
    os._exit(0)


def _reply(order: Order, fitting: Fitting) -> Reply:
    try:
        record = compute(order.spec, order.problem_hash, fitting)
    except FitLost:
        raise
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
    resident = max(psutil.Process().memory_info().rss, record.rss_bytes or 0)
    return Reply(status=record.status, resident_bytes=resident)
