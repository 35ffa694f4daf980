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
    """Rows of each split, in an order of its own; every row is in one of them.

    Equal keys are in the same split whatever the file and the task, so that no example that one
    task is fitted on is in the test of another. Classes are in proportion by chance.

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
    """A number in [0, 1) that looks drawn."""
    drawn = hashlib.sha256(f"{seed} {key}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") / 2**64


_CODE = 1
"""Raised when the same files give other tensors."""

_FEWEST_CLASSES = 2


@final
class ExampleStore:
    """Encoded examples by task and split; what is in the cache is not decoded again.

    Args:
        file: The problem file.
        models: Turn raw inputs into tensors.
    """

    def __init__(self, file: ProblemFile, models: Models) -> None:
        self._file = file
        self._models = models
        self._identities: dict[str, str] = {}
        self._classes: dict[str, list[str]] = {}
        self._cuts: dict[str, _Cut] = {}
        self._inputs: dict[str, Tensor] = {}

    def identity(self, task: str) -> str:
        """Digest of the bytes of a task's data and of what is read of them."""
        if task not in self._identities:
            data = self._file.task(task).data
            sources = [source_digest(s, data, self._file.folder) for s in data.sources]
            asked = [data.modality, data.inputs, data.label, data.labels]
            cut = [self._file.fractions, self._file.seed] if len(sources) == 1 else []
            self._identities[task] = digest([_CODE, sources, asked, cut])
        return self._identities[task]

    def check(self, name: str) -> str:
        """Classes and sizes of a task's splits, in a line; inputs are not encoded.

        Raises:
            StudyError: If answers are not among the classes, or a split lacks classes.
            MissingDataError: If data is missing.
        """
        task = self._file.task(name)
        cut, classes = self._cut(name), self.classes(name)
        sizes = []
        for split, part in cut.items():
            found = part.answers
            kinds = len(set(encode_answers(found, classes, task).tolist()))
            if kinds < _FEWEST_CLASSES:
                raise StudyError(
                    f"The {split} of task `{name}` must have two classes or more. "
                    f"Found {len(found)} examples of {kinds}. Give it more data."
                )
            sizes.append(f"{len(found):,} {split}")
        return f"{len(classes)} classes, {', '.join(sizes)}"

    def check_disjoint(self, names: Sequence[str]) -> str:
        """That no test input of any of these tasks is in what algorithms see, in a line.

        Raises:
            StudyError: If one is.
        """
        test = {key: name for name in names for key in self._cut(name)["test"].keys}
        for name in names:
            for split in ("calibration", "validation"):
                shared = self._cut(name)[split].keys & test.keys()
                if shared:
                    other = test[next(iter(shared))]
                    raise StudyError(
                        f"Splits must not share inputs. Found {len(shared):,} of the {split} of "
                        f"task `{name}` in the test of `{other}`. Leave them out of one."
                    )
        return f"{len(test):,} test inputs, none of them seen"

    def classes(self, name: str) -> list[str]:
        """Names of a task's classes in the order of its head."""
        if name not in self._classes:
            task = self._file.task(name)
            config = self._models.config(name) if self._file.head(name) == "expert" else {}
            every = [a for part in self._cut(name).values() for a in part.answers]
            self._classes[name] = class_names(task, config, every)
        return self._classes[name]

    def is_ready(self, name: str, split: Split) -> bool:
        """Whether examples are in the cache."""
        return self._cached(name, split).is_file()

    def examples(self, name: str, split: Split) -> Examples:
        """Encoded examples; equal inputs of two tasks are the very same tensor.

        They are equal where splits are sources of their own and the tasks read the same ones.
        """
        task = self._file.task(name)

        def make() -> dict[str, Tensor]:
            rows = self._rows(task, split)
            labels = encode_answers(rows.answers, self.classes(name), task)
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
        return Rows(inputs=inputs, answers=part.answers)

    def _cut(self, name: str) -> "_Cut":
        """Which rows of which source are a task's splits; looked at once."""
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
                    answers=[read[i].answers[row] for row in rows],
                    keys=frozenset(keys[i][row] for row in rows),
                )
                for split, (i, rows) in places.items()
            }
        return self._cuts[name]


class _Part(NamedTuple):
    """Rows of a split in their source, their answers, and digests of their inputs."""

    rows: list[int]
    answers: list[int | str]
    keys: frozenset[str]


_Cut = dict[Split, _Part]


def class_names(
    task: CustomTask, config: Mapping[str, Any], answers: Sequence[int | str]
) -> list[str]:
    """Names of a task's classes in the order of its head.

    The TOML's `labels` come first, then the expert's `id2label`; of a fitted head, else the sorted
    answers. Where both name the same classes, their orders must agree.

    Args:
        task: With its data.
        config: The expert's configuration; empty of a fitted head.
        answers: All of its answers.

    Raises:
        StudyError: If they contradict each other.
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
    if all(isinstance(answer, int) for answer in answers):
        return [str(i) for i in range(max(int(a) for a in answers) + 1)]
    return sorted({str(answer) for answer in answers})


def encode_answers(
    answers: Sequence[int | str], names: Sequence[str], task: CustomTask
) -> NDArray[np.int64]:
    """`(n,)` numbers in 0..C-1.

    Raises:
        StudyError: If an answer is none of the classes.
    """
    index = {name: i for i, name in enumerate(names)}
    found = np.array([a if isinstance(a, int) else index.get(a, -1) for a in answers], np.int64)
    bad = (found < 0) | (found >= len(names))
    if bad.any():
        raise StudyError(
            f"Answers of task `{task.name}` must be among its {len(names)} classes, "
            f"{', '.join(names[:6])}{' ...' if len(names) > 6 else ''}. "
            f"Found {answers[int(bad.argmax())]!r} in column `{task.data.label}`. Name the classes "
            "in `labels`, in the order of the head."
        )
    return found


def _stated(config: Mapping[str, Any]) -> list[str]:
    """The classes of a configuration in order; empty if it names none."""
    names = config.get("id2label") or {}
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except ValueError:
        return []


def _wrong(task: CustomTask, expected: str, found: object) -> StudyError:
    return StudyError(f"`labels` of task `{task.name}` must be {expected}. Found {found}.")
