"""The number of processors that this process may use."""

import os
from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/proc/self/cgroup")
_MOUNT: Final = Path("/sys/fs/cgroup")


def usable_processors(groups: Path = _GROUPS, mount: Path = _MOUNT) -> int:
    """Return how many processors this process may use: by its affinity, and by its quota of time.

    A container often sees every processor of its machine, but gets the time of a few. More workers
    than that would only wait for each other.

    Args:
        groups: The control groups of this process, as Linux lists them.
        mount: Where control groups are mounted.
    """
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    shares = [quota for folder in _folders(groups, mount) if (quota := _quota(folder)) is not None]
    return max(1, min([allowed, *(int(share) for share in shares)]))


def _folders(groups: Path, mount: Path) -> list[Path]:
    """Return the folders of the groups of this process and of all groups above them."""
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            root = mount / controllers if controllers else mount
            inside = Path(path.lstrip("/"))
            found += [root / inside, *(root / parent for parent in inside.parents)]
    # A container usually sees its own group at the root, regardless of its path outside.
    return [*found, mount, mount / "cpu"]


def _quota(folder: Path) -> float | None:
    """Return the processors that a group may keep busy; None if that is not limited."""
    try:
        if (folder / "cpu.max").exists():  # version 2: `max 100000` or `150000 100000`
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
            return None if quota == "max" else int(quota) / int(period)
        limit = int((folder / "cpu.cfs_quota_us").read_text(encoding="utf-8"))  # version 1
        period = (folder / "cpu.cfs_period_us").read_text(encoding="utf-8")
        return None if limit < 0 else limit / int(period)
    except (OSError, ValueError):
        return None
