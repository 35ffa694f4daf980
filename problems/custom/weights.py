"""The check of all weights that a problem uses: they are finite, and fine-tuning changed them."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from ...errors import IntegrityError
from ..base import Finding
from ..checkpoints.checkpoint import open_checkpoint
from ..checkpoints.finite import check_finite, equal
from .heads import head_file, head_shape
from .models import Models, Stored
from .problem_file import ProblemFile

READING: Final = "reading "
"""The start of a finding that reports progress only."""

_LARGE: Final = 1 << 27  # numbers; fewer are read within seconds


def check_weights(file: ProblemFile, models: Models, tasks: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding about the weights, after one about progress for each large checkpoint.

    Raises:
        IntegrityError: If a weight is not finite, or an expert has the weights of the pretrained
            model.
    """
    total = 0
    pretrained, *experts = models.weights(tasks)
    for stored in (pretrained, *experts, *_head_files(file, tasks)):
        names = list(dict.fromkeys(stored.names()))
        numbers = sum(math.prod(stored.checkpoint.tensors[name].shape) for name in names)
        if numbers >= _LARGE:
            found = f"{READING}{numbers:,} numbers of {stored.checkpoint.folder}"
            yield Finding("weights", True, found)
        check_finite(stored.subject, stored.checkpoint, names)
        total += numbers
    for expert in experts:
        if not expert.checkpoint.is_adapter:  # its parts are no parameters
            _check_changed(pretrained, expert)
    yield Finding("weights", True, f"{total:,} numbers, all finite")


def _head_files(file: ProblemFile, tasks: Sequence[str]) -> Iterator[Stored]:
    for task in tasks:
        path = head_file(file, task)
        if path is not None:
            head_shape(path)
            names = {name: [name] for name in ("weight", "bias")}
            yield Stored(f"The head of task `{task}`", open_checkpoint(path), {}, names)


def _check_changed(pretrained: Stored, expert: Stored) -> None:
    """Read both models up to the first difference."""
    for name, ours in pretrained.merged.items():
        theirs = expert.merged[name]
        if len(ours) != len(theirs) or not all(
            equal(pretrained.checkpoint, one, expert.checkpoint, other)
            for one, other in zip(ours, theirs, strict=True)
        ):
            return
    raise IntegrityError(
        f"{expert.subject} must differ from the pretrained model. Found the same weights. Name the "
        "fine-tuned checkpoint."
    )
