"""Checks of a suite: experts fit their base and task, and reach their published accuracies."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from ...errors import IntegrityError
from ..base import Anchors
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.comparison import mismatches
from ..layout import Layout
from .architecture import Architecture
from .facts import published
from .suites import HubTask


def misfits(
    architecture: Architecture, base: Checkpoint, expert: Checkpoint, task: HubTask, layout: Layout
) -> Iterator[str]:
    """What forbids merging, a line each.

    A tokenizer of the expert's own is not asked for: examples are encoded by the base's.
    """
    for found in mismatches(architecture.merged_part(base), expert, layout.names):
        if found.fatal and found.kind != "tokenizer":
            yield found.line
    wrong_head = architecture.head_mismatch(expert, task)
    if wrong_head is not None:
        yield wrong_head


def check_fit(
    architecture: Architecture, base: Checkpoint, expert: Checkpoint, task: HubTask, layout: Layout
) -> None:
    """Refuse an expert that does not fit.

    Raises:
        IntegrityError: Naming the first differences.
    """
    found = list(misfits(architecture, base, expert, task, layout))
    if found:
        raise IntegrityError(
            f"`{expert.folder}` must be an expert of `{base.folder}` on {task.title}. Found: "
            f"{'; '.join(found[:3])}{f'; and {len(found) - 3} more' if found[3:] else ''}."
        )


_POINTS: Final = 0.5
"""Published tables differ from each other by as much, in percentage points."""
_ERRORS: Final = 3.0


def reproduction(suite: str, tasks: Sequence[str], anchors: Anchors) -> Iterator[str]:
    """A line a task: expert and base against the published accuracies, on test.

    An accuracy is reproduced if it is within half a point or three standard errors of the
    published one, whichever is more.
    """
    known = published(suite)
    for i, task in enumerate(tasks):
        n = int(anchors.n[i])
        pairs = [
            ("expert", 100 * float(anchors.expert[i]), known.experts[task][task]),
            ("pretrained", 100 * float(anchors.pretrained[i]), known.pretrained[task]),
        ]
        compared = [f"{name} {_compared(found, of, n)}" for name, found, of in pairs]
        yield f"{suite}, {task} on {n:,} examples: {', '.join(compared)}"


def is_reproduced(found: float, known: float, n: int) -> bool:
    """Whether two accuracies in percent agree, the first one measured on n examples."""
    error = 100 * math.sqrt(known / 100 * (1 - known / 100) / n)
    return abs(found - known) <= max(_POINTS, _ERRORS * error)


def _compared(found: float, known: float, n: int) -> str:
    if is_reproduced(found, known, n):
        return f"reproduced ({found:.1f}, published {known:.1f})"
    return f"off by {found - known:+.1f} ({found:.1f}, published {known:.1f})"
