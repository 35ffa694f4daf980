"""Claims: several heads on one directory, on one machine or many, never compute a run twice."""

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

from filelock import FileLock

from ...results.files.parquet import write_bytes

CLAIMS, HEADS, LOCK = "claims", "heads", ".lock"
BEAT: Final = 5.0
"""Seconds between two signs of life of a head."""
SILENCE: Final = 60.0
"""Seconds without one after which its claims are anybody's, on another machine."""


@final
class Claims:
    """The runs that this head computes, while it lives.

    A head is a file that is touched every few seconds; a claim names its head. Claims of a head
    that is gone (its process on this machine, or silent for a minute elsewhere) can be taken. Use
    it as a context: in the end all claims are given up.

    Args:
        directory: Of the study.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._token = uuid.uuid4().hex
        self._mine: set[str] = set()
        self._over = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Claims":
        who = {"machine": platform.node(), "process": os.getpid(), "born": _birth(os.getpid())}
        (self._directory / CLAIMS).mkdir(parents=True, exist_ok=True)
        write_bytes(self._head(self._token), json.dumps(who).encode())
        self._beating.start()
        with self.alone():
            self._tidy()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._beating.join()
        for run_id in list(self._mine):
            self.release(run_id)
        self._head(self._token).unlink(missing_ok=True)

    def take(self, run_id: str) -> bool:
        """Claim a run; False if another living head has it."""
        path = self._directory / CLAIMS / run_id
        with self.alone():
            owner = _text(path)
            if owner is not None and owner != self._token and self._lives(owner):
                return False
            path.write_text(self._token)
        self._mine.add(run_id)
        return True

    def release(self, run_id: str) -> None:
        """Give a run up, done or not."""
        self._mine.discard(run_id)
        (self._directory / CLAIMS / run_id).unlink(missing_ok=True)

    def alone(self) -> FileLock:
        """A context in which no other head plans, claims or compacts."""
        return lock(self._directory)

    def _tidy(self) -> None:
        """Take away what heads left behind that are gone."""
        for head in (self._directory / HEADS).glob("*.json"):
            if not self._lives(head.stem):
                head.unlink(missing_ok=True)
        for claim in (self._directory / CLAIMS).iterdir():
            if not self._head(_text(claim) or "").exists():
                claim.unlink(missing_ok=True)

    def _lives(self, token: str) -> bool:
        return _lives(self._head(token), self._now())

    def _now(self) -> float:
        """The time by the clock that also stamps the signs of life of others."""
        path = self._head(self._token)
        path.touch()
        return path.stat().st_mtime

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with contextlib.suppress(OSError):  # a full disk ends the study elsewhere
                self._head(self._token).touch()

    def _head(self, token: str) -> Path:
        return self._directory / HEADS / f"{token}.json"


def lock(directory: Path) -> FileLock:
    """A context in which no other head plans, claims or compacts in a directory."""
    return FileLock(directory / LOCK)


def claimed(directory: Path) -> Iterator[str]:
    """Ids of the runs that living heads compute now, as far as can be told from here."""
    heads = (directory / HEADS).glob("*.json")
    living = {head.stem for head in heads if _lives(head, time.time())}
    for path in sorted((directory / CLAIMS).glob("*")):
        if _text(path) in living:
            yield path.name


def _lives(head: Path, now: float) -> bool:
    """Whether a head's process runs on this machine, or was heard of lately on another."""
    try:
        who = json.loads(head.read_bytes())
        silent = now - head.stat().st_mtime
    except (OSError, ValueError):
        return False
    if who["machine"] == platform.node():
        born: str = who["born"]
        return _birth(who["process"]) == born
    return silent < SILENCE


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _birth(process: int) -> str | None:
    """When a process of this machine was started; None if there is none."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _alive(process)
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]  # field 22, in ticks since the system's start


def _alive(process: int) -> str | None:
    try:
        os.kill(process, 0)
    except OSError:
        return None
    return "alive"
