"""A dask scheduler and worker nodes on loopback, in processes that can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import final

Process = subprocess.Popen[bytes]


@final
class DaskCluster:
    """A running scheduler.

    Attributes:
        address: Of it.
        nodes: Processes of workers with one thread, the leaders of their groups.
    """

    def __init__(self, folder: Path, nodes: int) -> None:
        self._folder, self._size, self._begun = folder, nodes, 0
        self._file = folder / "scheduler.json"
        self._scheduler = _python(
            *("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--no-dashboard", "--scheduler-file", str(self._file)),
        )
        self.nodes: list[Process] = []
        try:
            self.address = self._wait_for_address()
            self.restart()
        except BaseException:
            self.close()
            raise

    def _wait_for_address(self) -> str:
        # The scheduler creates its file before it writes to it: an empty file is not an error yet.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                return str(json.loads(self._file.read_text())["address"])
            time.sleep(0.05)
        raise TimeoutError("The scheduler did not write its address within 60 s.")

    def restart(self) -> None:
        """Start a node for each one that died."""
        self.nodes = [node for node in self.nodes if node.poll() is None]
        while len(self.nodes) < self._size:
            self._begun += 1
            node = _python(
                *("-m", "distributed.cli.dask_worker", "--scheduler-file", str(self._file)),
                *("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"),
                *("--local-directory", str(self._folder / f"node-{self._begun}")),
                *("--death-timeout", "60"),
            )
            self.nodes.append(node)

    def kill_scheduler(self) -> None:
        """Kill the scheduler; the nodes wait for it."""
        kill_group(self._scheduler)

    def close(self) -> None:
        """Kill the scheduler and all nodes."""
        for process in (*self.nodes, self._scheduler):
            kill_group(process)


def kill_group(leader: Process) -> None:
    """Kill all processes of a group with SIGKILL, as when a machine fails."""
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()


@contextmanager
def dask_cluster(folder: Path, nodes: int) -> Iterator[DaskCluster]:
    """A cluster that is stopped after the block."""
    cluster = DaskCluster(folder, nodes)
    try:
        yield cluster
    finally:
        cluster.close()


def _python(*arguments: str) -> Process:
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
