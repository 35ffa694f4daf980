"""Leases: coordinators that share a directory never compute a run twice."""

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

import psutil
from filelock import FileLock

from ...results.files.parquet import write_bytes

LEASES, COORDINATORS, LOCK = "leases", "coordinators", ".lock"
HEARTBEAT: Final = 5.0
"""Seconds between two heartbeats of a coordinator."""
EXPIRY: Final = 60.0
"""Seconds without a heartbeat after which a coordinator on another machine counts as dead."""
_START_TOLERANCE: Final = 2.0
"""Seconds by which two readings of a start time may differ: it is counted from the time of boot,
which moves when the clock is set."""


@final
class Leases:
    """The runs that this coordinator computes, for as long as it lives.

    A coordinator is a file whose time is its last heartbeat, and a lease is a file that contains
    the token of its coordinator. Others may take over the leases of a coordinator that is dead: its
    process on this machine has ended, or it sent no heartbeat for a minute from another machine. On
    one machine the process decides rather than the clock: a suspended laptop or a busy disk delays
    heartbeats, and a killed coordinator should be replaced at once.

    Use it as a context manager, which releases all leases at its end.

    Args:
        directory: The run directory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._token = uuid.uuid4().hex
        self._mine: set[str] = set()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Leases":
        identity = {
            "machine": platform.node(),
            "process": os.getpid(),
            "started": psutil.Process().create_time(),
        }
        (self._directory / LEASES).mkdir(parents=True, exist_ok=True)
        write_bytes(self._coordinator(self._token), json.dumps(identity).encode())
        self._heart.start()  # after the file exists: a heartbeat would create it without content
        with self.exclusive():
            self._remove_dead()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._heart.join()  # a later heartbeat would create the coordinator's file again
        for run_id in list(self._mine):
            self.release(run_id)
        self._coordinator(self._token).unlink(missing_ok=True)

    def take(self, run_id: str) -> bool:
        """Lease a run; return False if another living coordinator has it."""
        path = self._directory / LEASES / run_id
        # Locked, since two coordinators could otherwise both find the run free and both write.
        with self.exclusive():
            owner = _text(path)
            if owner is not None and owner != self._token and self._is_alive(owner):
                return False
            path.write_text(self._token)
        self._mine.add(run_id)
        return True

    def release(self, run_id: str) -> None:
        """Give up the lease of a run, whether it was computed or not."""
        self._mine.discard(run_id)
        (self._directory / LEASES / run_id).unlink(missing_ok=True)

    def exclusive(self) -> FileLock:
        """Return a context in which no other coordinator plans, takes leases or compacts."""
        return lock(self._directory)

    def _remove_dead(self) -> None:
        """Remove the files that dead coordinators left behind."""
        # Coordinators first: a lease is abandoned once the file of its coordinator is gone.
        for coordinator in (self._directory / COORDINATORS).glob("*.json"):
            if not self._is_alive(coordinator.stem):
                coordinator.unlink(missing_ok=True)
        for lease in (self._directory / LEASES).iterdir():
            if not self._coordinator(_text(lease) or "").exists():
                lease.unlink(missing_ok=True)

    def _is_alive(self, token: str) -> bool:
        return _is_alive(self._coordinator(token), self._now())

    def _now(self) -> float:
        """Return the time by the clock of the file system, which also stamps others' heartbeats."""
        path = self._coordinator(self._token)
        path.touch()
        return path.stat().st_mtime

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            with contextlib.suppress(OSError):  # a full disk ends the study, but not from here
                self._coordinator(self._token).touch()

    def _coordinator(self, token: str) -> Path:
        return self._directory / COORDINATORS / f"{token}.json"


def lock(directory: Path) -> FileLock:
    """Return a context in which no other coordinator plans, takes leases or compacts."""
    return FileLock(directory / LOCK)


def leased(directory: Path) -> Iterator[str]:
    """Yield the ids of runs that living coordinators compute now, as seen from this machine."""
    coordinators = (directory / COORDINATORS).glob("*.json")
    # The local clock: only a coordinator has a file whose time shows the clock of the file system.
    living = {path.stem for path in coordinators if _is_alive(path, time.time())}
    for path in sorted((directory / LEASES).glob("*")):
        if _text(path) in living:
            yield path.name


def _is_alive(coordinator: Path, now: float) -> bool:
    """Return whether its process runs on this machine, or sent a recent heartbeat from another."""
    try:
        identity = json.loads(coordinator.read_bytes())
        silence = now - coordinator.stat().st_mtime
    except (OSError, ValueError):
        return False
    if identity["machine"] != platform.node():
        return silence < EXPIRY
    return _runs(identity["process"], identity["started"])


def _runs(process: int, started: float) -> bool:
    """Return whether the same process still runs; its start time shows if the id was reused."""
    try:
        found = psutil.Process(process)
        same: bool = abs(found.create_time() - started) < _START_TOLERANCE
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
