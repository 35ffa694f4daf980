"""Leases: coordinators that share a directory never compute a run twice."""

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, Final, final

import psutil
from filelock import FileLock

from ...results.files.parquet import write_bytes, writing

LEASES, COORDINATORS, LOCK = "leases", "coordinators", ".lock"
HEARTBEAT: Final = 5.0
"""Seconds between two heartbeats of a coordinator."""
EXPIRY: Final = 60.0
"""Seconds without a heartbeat after which a coordinator that cannot be looked at counts as dead."""
_START_TOLERANCE: Final = 2.0
"""Allowed difference between two readings of a start time, in seconds: it is counted from boot,
which moves when the clock is set."""


@final
class Leases:
    """The runs that this coordinator computes, for as long as it lives.

    A coordinator is a file whose time is its last heartbeat, and a lease is a file that contains
    the token of its coordinator. Others may take over the leases of a coordinator that is dead: its
    process, which they can see, has ended, or they cannot see it (it is on another machine, or in
    another container) and it sent no heartbeat for a minute. Where it can be seen, the process
    decides rather than the clock: a suspended laptop or a busy disk delays heartbeats, and a killed
    coordinator should be replaced at once.

    Use it as a context manager, which releases all leases at its end.

    Args:
        directory: The run directory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._token = uuid.uuid4().hex
        self._mine: set[str] = set()
        self._heartbeats: dict[str, tuple[int, float]] = {}
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Leases":
        identity = {
            "machine": platform.node(),
            "processes": visible_processes(),
            "process": os.getpid(),
            "started": psutil.Process().create_time(),
        }
        with writing(self._directory / LEASES):
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
            with writing(path):
                path.write_text(self._token)
        self._mine.add(run_id)
        return True

    def owners(self, run_ids: Collection[str]) -> str:
        """Describe the other coordinators that lease these runs: machine and process."""
        tokens = {_text(self._directory / LEASES / run_id) for run_id in run_ids}
        known = [_identity(self._coordinator(t)) for t in tokens if t not in {None, self._token}]
        return ", ".join(sorted(f"process {i['process']} on {i['machine']}" for i in known if i))

    def release(self, run_id: str) -> None:
        """Give up the lease of a run, whether it was computed or not."""
        self._mine.discard(run_id)
        (self._directory / LEASES / run_id).unlink(missing_ok=True)

    def exclusive(self) -> AbstractContextManager[object]:
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
        path = self._coordinator(token)
        return _is_alive(path, self._now()) and not self._is_silent(path)

    def _is_silent(self, coordinator: Path) -> bool:
        """Return whether its heartbeats stopped, counted by the clock of this process.

        The time of a file can lie in the future, if a clock was set back or another machine's is
        wrong. It would look like a recent heartbeat for as long.
        """
        try:
            heartbeat = coordinator.stat().st_mtime_ns
        except OSError:
            return True
        now = time.monotonic()
        known, since = self._heartbeats.get(coordinator.stem, (None, now))
        if heartbeat != known:
            since = now
        self._heartbeats[coordinator.stem] = (heartbeat, since)
        return now - since >= EXPIRY and not _is_visible(coordinator)

    def _now(self) -> float:
        """Return the time by the clock of the file system, which also stamps others' heartbeats."""
        path = self._coordinator(self._token)
        with writing(path):
            path.touch()
            return path.stat().st_mtime

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            with contextlib.suppress(OSError):  # a full disk ends the study, but not from here
                self._coordinator(self._token).touch()

    def _coordinator(self, token: str) -> Path:
        return self._directory / COORDINATORS / f"{token}.json"


@contextlib.contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Return a context in which no other coordinator plans, takes leases or compacts."""
    held = FileLock(directory / LOCK)
    with writing(directory / LOCK):
        held.acquire()
    try:
        yield
    finally:
        held.release()


def leased(directory: Path) -> Iterator[str]:
    """Yield the ids of runs that living coordinators compute now, as seen from this machine."""
    coordinators = (directory / COORDINATORS).glob("*.json")
    # The local clock: only a coordinator has a file whose time shows the clock of the file system.
    living = {path.stem for path in coordinators if _is_alive(path, time.time())}
    for path in sorted((directory / LEASES).glob("*")):
        if _text(path) in living:
            yield path.name


def _is_alive(coordinator: Path, now: float) -> bool:
    """Return whether its process runs, if it can be seen, or else sent a recent heartbeat."""
    identity = _identity(coordinator)
    if identity is None:
        return False
    if identity.get("processes") == visible_processes():
        return _runs(identity["process"], identity["started"])
    try:
        return now - coordinator.stat().st_mtime < EXPIRY
    except OSError:
        return False


def _is_visible(coordinator: Path) -> bool:
    identity = _identity(coordinator)
    return identity is not None and identity.get("processes") == visible_processes()


def _identity(coordinator: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(coordinator.read_bytes()))
    except (OSError, ValueError):
        return None


@cache
def visible_processes() -> str:
    """Return a name of the set of processes that this one can see, or could ask about.

    The name of the machine does not suffice: containers often share one, and each numbers its
    processes from 1. Linux tells boots and process namespaces apart.
    """
    found = [platform.node()]
    with contextlib.suppress(OSError):
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        found.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(found)


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
