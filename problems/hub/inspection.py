"""What a preflight finds of a suite's models and data sets."""

from collections.abc import Iterator, Sequence

from ...errors import FusefrontError
from ..base import Finding
from ..checkpoints.checkpoint import open_checkpoint, signature
from . import data_sets, repositories
from .checks import misfits
from .preparation import SPLITS, Preparation
from .suites import HubTask


def inspect(made: Preparation, tasks: Sequence[HubTask]) -> Iterator[Finding]:
    """Every model and data set of these tasks; reads headers, never weights or examples."""
    if not data_sets.is_installed():
        yield Finding("datasets", False, data_sets.INSTALL)
    base = _base(made)
    yield base
    base_here = base.ok and repositories.find(made.suite.base) is not None
    for task in tasks:
        yield _expert(made, task, base_here)
    for task in tasks:
        yield _data(made, task, base_here)


def _base(made: Preparation) -> Finding:
    name = made.suite.base
    place = repositories.find(name)
    if place is None:
        return _elsewhere(name, "downloaded on first use")
    try:
        shown = signature(made.architecture.merged_part(made.base))
        return Finding(name, True, f"{_where(place)}; {shown}; {made.layout.size:,} merged")
    except FusefrontError as error:
        return Finding(name, False, str(error))


def _expert(made: Preparation, task: HubTask, base_here: bool) -> Finding:
    name = made.suite.expert(task.name)
    place = repositories.find(name)
    if place is None:
        return _elsewhere(name, "downloaded on first use")
    try:
        expert = open_checkpoint(place.folder)
        found = []
        if base_here:
            found = list(misfits(made.architecture, made.base, expert, task, made.layout))
    except FusefrontError as error:
        return Finding(name, False, str(error))
    if found:
        return Finding(name, False, f"{_where(place)}; does not fit: {'; '.join(found[:3])}")
    return Finding(name, True, f"{_where(place)}; {'fits the base' if base_here else 'here'}")


def _data(made: Preparation, task: HubTask, base_here: bool) -> Finding:
    name = data_sets.shown(task)
    if base_here and made.is_encoded(task):
        change = made.change(task)
        counts = ", ".join(f"{made.stored(task, split).count():,} {split}" for split in SPLITS)
        return Finding(name, change is None, change or f"encoded: {counts}")
    if data_sets.source_here(task) is None:
        return _elsewhere(data_sets.repository(task), "downloaded and encoded on first use")
    if not data_sets.is_mirrored(task) or not data_sets.is_installed():
        return Finding(name, True, "in the hub's cache; encoded on first use")
    try:
        sizes = {s: _labels(task, s) for s in ("train", task.test_split)}
    except FusefrontError as error:
        return Finding(name, False, str(error))
    counts = ", ".join(f"{n:,} {split}" for split, n in sizes.items())
    return Finding(name, True, f"in the mirror: {counts}; encoded on first use")


def _labels(task: HubTask, split: str) -> int:
    return len(data_sets.labels_of(task, data_sets.open_split(task, split).rows))


def _elsewhere(name: str, later: str) -> Finding:
    reason = repositories.unreachable()
    if reason is None:
        return Finding(name, True, f"not on this machine; {later}")
    return Finding(name, False, repositories.needs_hub([name], reason))


def _where(place: repositories.Place) -> str:
    if place.where == "mirror":
        return f"in the mirror, `{place.folder}`"
    return f"in the hub's cache, revision {place.folder.name[:12]}"
