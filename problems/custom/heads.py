"""Heads that are safetensors files, and the number of classes of any head, from headers."""

from pathlib import Path

from safetensors.torch import load_file

from ...errors import IntegrityError
from ..checkpoints.checkpoint import open_checkpoint
from ..fine_tuning import Head
from .models import Models
from .problem_file import ProblemFile


def head_file(file: ProblemFile, task: str) -> Path | None:
    """Return the safetensors file of a task's head, or None if it has none."""
    given = file.head(task)
    return None if given in ("expert", "fit") else file.folder / given


def head_shape(path: Path) -> tuple[int, int]:
    """Return the number of classes and of features of a head, from the header of its file.

    Raises:
        MissingDataError: If the file is missing.
        IntegrityError: If it does not hold `weight` (C, H) and `bias` (C,).
    """
    tensors = open_checkpoint(path).tensors
    shapes = {name: header.shape for name, header in tensors.items()}
    weight = shapes.get("weight", ())
    if set(shapes) != {"weight", "bias"} or len(weight) != 2 or shapes["bias"] != weight[:1]:
        raise IntegrityError(
            f"`{path}` must contain a `weight` of shape (classes, features) and a `bias` of shape "
            f"(classes,). Found {', '.join(f'{n} {s}' for n, s in sorted(shapes.items()))}. "
            "Save the `state_dict()` of one linear layer."
        )
    return weight[0], weight[1]


def read_head(path: Path) -> Head:
    """Return the weight `(C, H)` and the bias `(C,)` in a file, as float32."""
    head_shape(path)
    tensors = load_file(path)
    return tensors["weight"].float(), tensors["bias"].float()


def head_rows(file: ProblemFile, models: Models, task: str) -> int | None:
    """Return the number of classes of a task's head; None if it is fitted to the examples."""
    if file.head(task) == "expert":
        return models.head_rows(task)
    path = head_file(file, task)
    return None if path is None else head_shape(path)[0]
