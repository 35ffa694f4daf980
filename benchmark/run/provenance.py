"""Provenance of a run: software versions, commit, machine, time."""

import importlib.metadata
import json
import os
import platform
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

PACKAGES: Final = ("fusefront", "torch", "transformers", "numpy", "scipy", "pymoo", "moocore")


def versions(**conditions: str) -> str:
    """Return the versions of Python and of the packages that results depend on, as JSON.

    Args:
        **conditions: Under what else a run was made: precision and caps of the fit, and what kept
            the fit apart from the scorer.
    """
    source = {} if (known := commit()) is None else {"commit": known}
    return json.dumps({**_installed(), **source, **conditions})


@cache
def _installed() -> dict[str, str]:
    """Return the versions; cached, since reading them takes longer than a small run."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


@cache
def commit() -> str | None:
    """Return the commit checked out where this code is; None if it is not in a git repository.

    Uncommitted changes are not detected. The files of git are read directly, since git itself may
    not be installed, or refuse a repository of another user.
    """
    here = Path(__file__).resolve()
    for folder in here.parents:
        if (git := folder / ".git").is_dir():
            break
    else:
        return None
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (git / name).is_file():
            return (git / name).read_text().strip()
        packed = (git / "packed-refs").read_text().splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def machine() -> str:
    """Return architecture, operating system and number of processors, without the host name."""
    return f"{platform.machine()} {platform.system()} {os.cpu_count()} processors"


def now() -> str:
    """Return the time in UTC, in ISO format, in whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
