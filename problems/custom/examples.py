"""Examples of a problem file: split by the digest of their inputs, encoded, and cached."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import StudyError
from ..base import Split
from ..cache import cache_directory, cached_tensors, digest
from ..classifier import Examples
from .models import Models
from .problem_file import CustomTask, ProblemFile
from .rows import Rows, read_rows, row_keys, source_digest

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


_CODE = 1
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
        self._inputs: dict[str, Tensor] = {}

    def identity(self, task: str) -> str:
        """Return a digest of the bytes of a task's data and of the settings they are read with."""
        if task not in self._identities:
            data = self._file.task(task).data
            sources = [source_digest(s, data, self._file.folder) for s in data.sources]
            asked = [data.modality, data.inputs, data.label, data.labels]
            cut = [self._file.fractions, self._file.seed] if len(sources) == 1 else []
            self._identities[task] = digest([_CODE, sources, asked, cut])
        return self._identities[task]

    def check(self, name: str) -> str:
        """Return the number of classes and the sizes of a task's splits in one line.

        Inputs are not encoded.

        Raises:
            StudyError: If an example has no known class, or a split has fewer than two classes.
            MissingDataError: If data is missing.
        """
        task = self._file.task(name)
        cut, classes = self._cut(name), self.classes(name)
        sizes = []
        for split, part in cut.items():
            found = part.classes
            n_classes = len(set(encode_classes(found, classes, task).tolist()))
            if n_classes < _FEWEST_CLASSES:
                raise StudyError(
                    f"The {split} split of task `{name}` must have two classes or more. Found "
                    f"{len(found)} examples of {n_classes} classes. Give it more data."
                )
            sizes.append(f"{len(found):,} {split}")
        return f"{len(classes)} classes, {', '.join(sizes)}"

    def check_disjoint(self, names: Sequence[str]) -> str:
        """Check that algorithms see no test input of any of these tasks; return a line.

        Raises:
            StudyError: If a calibration or validation split has a test input.
        """
        test = {key: name for name in names for key in self._cut(name)["test"].keys}
        for name in names:
            for split in ("calibration", "validation"):
                shared = self._cut(name)[split].keys & test.keys()
                if shared:
                    other = test[next(iter(shared))]
                    raise StudyError(
                        f"Splits must not share inputs. Found {len(shared):,} {split} inputs of "
                        f"task `{name}` in the test split of `{other}`. Remove them from one."
                    )
        return f"{len(test):,} test inputs, none in another split"

    def classes(self, name: str) -> list[str]:
        """Return the class names of a task in the order of its head."""
        if name not in self._classes:
            task = self._file.task(name)
            config = self._models.config(name) if self._file.head(name) == "expert" else {}
            every = [c for part in self._cut(name).values() for c in part.classes]
            self._classes[name] = class_names(task, config, every)
        return self._classes[name]

    def is_ready(self, name: str, split: Split) -> bool:
        """Return whether examples are in the cache."""
        return self._cached(name, split).is_file()

    def examples(self, name: str, split: Split) -> Examples:
        """Return encoded examples.

        Tasks that read the same source for a split share one tensor of inputs.
        """
        task = self._file.task(name)

        def make() -> dict[str, Tensor]:
            rows = self._rows(task, split)
            labels = encode_classes(rows.classes, self.classes(name), task)
            return {"inputs": self._models.inputs(rows), "labels": torch.from_numpy(labels)}

        tensors = cached_tensors(self._cached(name, split), make)
        inputs, data = tensors["inputs"], task.data
        if len(data.sources) > 1:
            source = source_digest(data.sources[SPLITS.index(split)], data, self._file.folder)
            key = digest([source, data.modality, data.inputs])
            inputs = self._inputs.setdefault(key, inputs)
        return Examples(inputs=inputs, labels=tensors["labels"])

    def _cached(self, name: str, split: Split) -> Path:
        settings = [self.classes(name), split, self._file.max_length]
        facts = [self.identity(name), self._models.facts(()), *settings]
        return cache_directory() / "custom" / f"{digest(facts)}.safetensors"

    def _rows(self, task: CustomTask, split: Split) -> Rows:
        data, part = task.data, self._cut(task.name)[split]
        source = data.sources[SPLITS.index(split) if len(data.sources) > 1 else 0]
        found = read_rows(source, data, self._file.folder)
        inputs = tuple([column[i] for i in part.rows] for column in found.inputs)
        return Rows(inputs=inputs, classes=part.classes)

    def _cut(self, name: str) -> "_Cut":
        """Return the splits of a task, which are read once."""
        if name not in self._cuts:
            data, folder = self._file.task(name).data, self._file.folder
            read = [read_rows(source, data, folder) for source in data.sources]
            keys = [row_keys(rows) for rows in read]
            if len(read) > 1:
                places = {s: (i, list(range(len(read[i])))) for i, s in enumerate(SPLITS)}
            else:
                cut = split_rows(keys[0], self._file.fractions, self._file.seed)
                places = {split: (0, rows) for split, rows in cut.items()}
            self._cuts[name] = {
                split: _Part(
                    rows=rows,
                    classes=[read[i].classes[row] for row in rows],
                    keys=frozenset(keys[i][row] for row in rows),
                )
                for split, (i, rows) in places.items()
            }
        return self._cuts[name]


class _Part(NamedTuple):
    """The rows of a split in their source, their classes, and digests of their inputs."""

    rows: list[int]
    classes: list[int | str]
    keys: frozenset[str]


_Cut = dict[Split, _Part]


def class_names(
    task: CustomTask, config: Mapping[str, Any], found: Sequence[int | str]
) -> list[str]:
    """Return the class names of a task in the order of its head.

    They are the key `labels` of the problem file, else the expert's `id2label`, else the sorted
    classes of the examples. If file and expert name the same classes, their orders must agree.

    Args:
        task: The task with its data.
        config: The expert's configuration; empty if the head is fitted or read from a file.
        found: The classes of all examples, by name or number.

    Raises:
        StudyError: If file and expert contradict each other.
    """
    stated = _stated(config)
    if task.data.labels:
        own = list(task.data.labels)
        if stated and set(own) == set(stated) and own != stated:
            raise _wrong(task, f"in the order of the expert's head, {stated}", own)
        if stated and len(own) != len(stated):
            raise _wrong(task, f"{len(stated)} names, as the expert's head has", own)
        return own
    if stated:
        return stated
    if all(isinstance(name, int) for name in found):
        return [str(i) for i in range(max(int(name) for name in found) + 1)]
    return sorted({str(name) for name in found})


def encode_classes(
    given: Sequence[int | str], names: Sequence[str], task: CustomTask
) -> NDArray[np.int64]:
    """Return class indices `(n,)` in 0..C-1.

    Args:
        given: The class of each example, by name or number.
        names: Names of the C classes, in the order of the head.
        task: Named in errors.

    Raises:
        StudyError: If a class is unknown.
    """
    index = {name: i for i, name in enumerate(names)}
    found = np.array([c if isinstance(c, int) else index.get(c, -1) for c in given], np.int64)
    bad = (found < 0) | (found >= len(names))
    if bad.any():
        raise StudyError(
            f"Examples of task `{task.name}` must be of its {len(names)} classes, "
            f"{', '.join(names[:6])}{' ...' if len(names) > 6 else ''}. "
            f"Found {given[int(bad.argmax())]!r} in column `{task.data.label}`. Name the classes "
            "in `labels`, in the order of the head."
        )
    return found


def _stated(config: Mapping[str, Any]) -> list[str]:
    """Return the class names of a configuration in order; empty if it has none."""
    names = config.get("id2label") or {}
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except ValueError:
        return []


def _wrong(task: CustomTask, expected: str, found: object) -> StudyError:
    return StudyError(
        f"`labels` of task `{task.name}` must be {expected}. Found {found}. Correct it."
    )
