"""Examples of a problem file: split by the digest of their inputs, encoded, and cached."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import StudyError
from ..base import Split
from ..cache import cache_directory, cached_tensors, digest
from ..classifier import Examples
from .classes import class_names, encode_classes
from .heads import head_rows
from .models import Models
from .problem_file import CustomTask, ProblemFile
from .rows import Origin, Rows, read_rows, row_keys

SPLITS: Final[tuple[Split, ...]] = ("calibration", "validation", "test")


def split_rows(
    keys: Sequence[str], fractions: Sequence[float], seed: int
) -> dict[Split, list[int]]:
    """Return the rows of each split, shuffled; every row is in exactly one split.

    The key alone decides the split. Equal inputs are thus in the same split in every file and task,
    and no test example of one task is among the calibration examples of another. Splits are not
    stratified: the proportions of classes agree up to chance.

    >>> {s: len(r) for s, r in split_rows(list("abcdefghij"), (0.4, 0.2, 0.4), 0).items()}
    {'calibration': 4, 'validation': 3, 'test': 3}
    """
    places = [_place(key, seed) for key in keys]
    ends = np.cumsum(fractions)[:-1]
    found: dict[Split, list[int]] = {split: [] for split in SPLITS}
    for row in np.argsort(places, kind="stable").tolist():
        found[SPLITS[int(np.searchsorted(ends, places[row], side="right"))]].append(row)
    return found


def _place(key: str, seed: int) -> float:
    """Return a pseudo-random number in [0, 1) that depends on key and seed only."""
    drawn = hashlib.sha256(f"{seed} {key}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") / 2**64


_CODE = 2
"""Version of the encoding; increased whenever the same files give other tensors."""

_FEWEST_CLASSES = 2


@final
class ExampleStore:
    """Encoded examples by task and split, kept in the cache.

    Args:
        file: The problem file.
        models: They turn raw inputs into tensors.
    """

    def __init__(self, file: ProblemFile, models: Models) -> None:
        self._file = file
        self._models = models
        self._identities: dict[str, str] = {}
        self._classes: dict[str, list[str]] = {}
        self._cuts: dict[str, _Cut] = {}
        self._kinds: dict[str, str] = {}
        self._inputs: dict[str, Tensor] = {}

    def identity(self, task: str) -> str:
        """Return a digest of the examples of a task in each split, whichever format stores it."""
        if task not in self._identities:
            one = self._file.task(task).data.all is not None  # decides which tasks share inputs
            splits = [
                [split, part.keys, self._encoded(task, part).tolist()]
                for split, part in self._cut(task).items()
            ]
            self._identities[task] = digest([_CODE, self._file.modality, one, splits])
        return self._identities[task]

    def check(self, name: str) -> str:
        """Encode the splits of a task, and return its number of classes and their sizes.

        Encoding is part of the check, since only it can find a text without tokens or a damaged
        image. Its result is cached, so that it happens once.

        Raises:
            StudyError: If an example has no known class, or a split has fewer than two classes.
            IntegrityError: If an input cannot be encoded.
            MissingDataError: If data is missing.
        """
        cut, classes = self._cut(name), self.classes(name)
        sizes = []
        for split, part in cut.items():
            n_classes = len(set(self._encoded(name, part).tolist()))
            if n_classes < _FEWEST_CLASSES:
                raise StudyError(
                    f"The {split} split of task `{name}` must have two classes or more. Found "
                    f"{len(part.rows)} examples of {n_classes} classes. Give it more data."
                )
            self.examples(name, split)
            sizes.append(f"{len(part.rows):,} {split}")
        return f"{len(classes)} classes, {', '.join(sizes)}"

    def check_disjoint(self, names: Sequence[str]) -> str:
        """Check that algorithms see no test input of any of these tasks; return a line.

        Raises:
            StudyError: If a calibration or validation split has a test input, or inputs are whole
                numbers in one task only, so that equal inputs could not be recognised.
        """
        kinds = {self._kind(name): name for name in names}
        if len(kinds) > 1:
            raise StudyError(
                "Inputs of all tasks must be whole numbers, or none. Found "
                f"{', '.join(f'{kind} in `{name}`' for kind, name in kinds.items())}. "
                "Write whole numbers with a fraction, such as 1.0."
            )
        test = {key: name for name in names for key in self._cut(name)["test"].keys}
        for name in names:
            for split in ("calibration", "validation"):
                shared = test.keys() & self._cut(name)[split].keys
                if shared:
                    other = test[next(iter(shared))]
                    raise StudyError(
                        f"Splits must not share inputs. Found {len(shared):,} {split} inputs of "
                        f"task `{name}` in the test split of `{other}`, too. Remove them from one "
                        "of the two."
                    )
        return f"{len(test):,} test inputs, none in another split"

    def classes(self, name: str) -> list[str]:
        """Return the class names of a task in the order of its head."""
        if name not in self._classes:
            task = self._file.task(name)
            config = self._models.config(name) if self._file.head(name) == "expert" else {}
            parts = self._cut(name).values()
            self._classes[name] = class_names(
                task,
                config,
                [c for part in parts for c in part.classes],
                rows=head_rows(self._file, self._models, name),
                declared=next(iter(parts)).names,
            )
        return self._classes[name]

    def examples(self, name: str, split: Split) -> Examples:
        """Return encoded examples.

        Tasks that have the same inputs in the source of a split share one tensor of them.
        """
        task = self._file.task(name)

        def make() -> dict[str, Tensor]:
            labels = self._encoded(name, self._cut(name)[split])
            inputs = self._models.inputs(self._rows(task, split))
            return {"inputs": inputs, "labels": torch.from_numpy(labels)}

        tensors = cached_tensors(self._cached(name, split), make)
        inputs = tensors["inputs"]
        if len(task.data.sources) > 1:
            inputs = self._inputs.setdefault(digest(self._cut(name)[split].keys), inputs)
        return Examples(inputs=inputs, labels=tensors["labels"])

    def _cached(self, name: str, split: Split) -> Path:
        settings = [self.classes(name), split, self._file.max_length]
        facts = [self.identity(name), self._models.facts(()), *settings]
        return cache_directory() / "custom" / f"{digest(facts)}.safetensors"

    def _encoded(self, name: str, part: "_Part") -> NDArray[np.int64]:
        task = self._file.task(name)
        return encode_classes(
            part.classes,
            self.classes(name),
            task,
            part.names,
            origin=part.origin,
            rows=part.rows,
        )

    def _rows(self, task: CustomTask, split: Split) -> Rows:
        data, part = task.data, self._cut(task.name)[split]
        source = data.sources[SPLITS.index(split) if len(data.sources) > 1 else 0]
        found = read_rows(source, data, self._file.folder)
        if self._kind(task.name) == _FRACTIONS:
            found = _as_fractions(found)
        inputs = tuple([column[i] for i in part.rows] for column in found.inputs)
        return Rows(
            origin=part.origin,
            inputs=inputs,
            classes=part.classes,
            names=part.names,
            numbers=part.rows,
        )

    def _kind(self, name: str) -> str:
        """Return the kind of numbers in a task's inputs; empty if they are no numbers."""
        self._cut(name)
        return self._kinds[name]

    def _cut(self, name: str) -> "_Cut":
        """Return the splits of a task, which are read once."""
        if name not in self._cuts:
            data, folder = self._file.task(name).data, self._file.folder
            read = [read_rows(source, data, folder) for source in data.sources]
            if data.modality == "tensor":
                # One source with a fraction makes all of them fractions: a split must not be
                # encoded as whole numbers because its own numbers happen to be whole.
                whole = all(
                    np.issubdtype(np.asarray(rows.inputs[0]).dtype, np.integer) for rows in read
                )
                self._kinds[name] = _WHOLE if whole else _FRACTIONS
                read = read if whole else [_as_fractions(rows) for rows in read]
            else:
                self._kinds[name] = ""
            self._cuts[name] = self._divided(read)
        return self._cuts[name]

    def _divided(self, read: Sequence[Rows]) -> "_Cut":
        keys = [row_keys(rows) for rows in read]
        if len(read) > 1:
            places = {s: (i, list(range(len(read[i])))) for i, s in enumerate(SPLITS)}
        else:
            cut = split_rows(keys[0], self._file.fractions, self._file.seed)
            places = {split: (0, rows) for split, rows in cut.items()}
        return {
            split: _Part(
                rows=rows,
                classes=[read[i].classes[row] for row in rows],
                keys=[keys[i][row] for row in rows],
                names=read[i].names,
                origin=read[i].origin,
            )
            for split, (i, rows) in places.items()
        }


_WHOLE: Final = "whole numbers"
_FRACTIONS: Final = "numbers with a fraction"


def _as_fractions(rows: Rows) -> Rows:
    return replace(rows, inputs=tuple(np.asarray(c).astype(np.float32) for c in rows.inputs))


class _Part(NamedTuple):
    """The rows of a split in their source, their classes, and digests of their inputs."""

    rows: list[int]
    classes: list[str]
    keys: list[str]
    names: tuple[str, ...]
    origin: Origin


_Cut = dict[Split, _Part]
