"""Families of experts on one backbone, and problems made of subsets of their tasks."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .base import Anchors, Finding, Oracle, Problem, Report, Split
from .cache import cache_directory, digest, read_json, write_whole
from .classifier import ClassifierOracle, Examples
from .experts import ExpertPool
from .fine_tuning import Head as Head

MEASURED: tuple[Split, ...] = ("validation", "test")
"""Splits on which a problem's own models are measured."""


class ExpertFamily(ABC):
    """A backbone, and for each of its tasks an expert, a frozen head and examples.

    Methods take the tasks of the problem, so that a pair never needs the data of a third task. A
    family loads nothing until a method is called, and is created again in every process.
    """

    @abstractmethod
    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check whether everything that these tasks need is present, loading nothing heavy."""

    @abstractmethod
    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Create and cache what the other methods need for these tasks; see `Problem.prepare`."""

    @abstractmethod
    def digest(self, tasks: Sequence[str]) -> str:
        """Hex digest of what affects results: backbone, experts, heads, data of the tasks."""

    def problem_hash(self, tasks: Sequence[str]) -> str:
        """The hash of the problem that merges these tasks."""
        return digest([tasks, self.digest(tasks)])

    def stored_anchors(self, tasks: Sequence[str], split: Split) -> Anchors | None:
        """Anchors that ship with the experts; None if `FamilyProblem` has to measure them."""
        return None

    @abstractmethod
    def backbone(self) -> nn.Module:
        """Return the pretrained module, from inputs to `(B, H)` features.

        It has the parameters of the layout; others are frozen and the same for all models. It is
        created at every call, because callers overwrite its parameters.
        """

    @abstractmethod
    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """The pretrained model and the experts of the given tasks, in the given order."""

    @abstractmethod
    def heads(self, tasks: Sequence[str]) -> list[Head]:
        """The frozen heads of the given tasks."""

    @abstractmethod
    def examples(self, task: str, split: Split) -> Examples:
        """Examples of a task; tasks on the same inputs give the same `inputs` tensor."""


@final
@dataclass(frozen=True, kw_only=True)
class FamilyProblem(Problem):
    """Merge the experts of some tasks of a family.

    Unless they are stored with the experts, anchors are measured when the problem is prepared. The
    score of each model on each task is cached separately, so that problems that share experts share
    their measurements.

    Args:
        make_family: Creates the family; called once.
        tasks: At least two of its tasks.
    """

    make_family: Callable[[], ExpertFamily]
    tasks: tuple[str, ...]

    @cached_property
    def family(self) -> ExpertFamily:
        """The family of the tasks."""
        return self.make_family()

    def preflight(self) -> Iterator[Finding]:
        """Check whether everything that the tasks need is present."""
        return self.family.preflight(self.tasks)

    def prepare(self, report: Report) -> None:
        """Prepare the family for these tasks, then measure the anchors that are missing."""
        self.family.prepare(self.tasks, report)
        for split in MEASURED:
            if self.family.stored_anchors(self.tasks, split) is None:
                self._measured(split, report)

    def hash(self) -> str:
        """Digest of experts, heads, data and tasks."""
        return self.family.problem_hash(self.tasks)

    def anchors(self, split: Split) -> Anchors:
        """The pretrained model, the experts and their average: stored, or measured here."""
        stored = self.family.stored_anchors(self.tasks, split)
        if stored is not None:
            return stored
        scores = self._measured(split, lambda line: None)
        value, loss = scores[..., 0], scores[..., 1]
        return Anchors(
            pretrained=value[0],
            experts=value[1:-1],
            average=value[-1],
            pretrained_loss=loss[0],
            experts_loss=loss[1:-1],
            average_loss=loss[-1],
            n=scores[0, :, 2].astype(np.int64),
        )

    def pool(self) -> ExpertPool:
        """The experts of the tasks, which are read once."""
        return self._pool

    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """The classifier on these splits."""
        return self._oracle(self.tasks, splits)

    @cached_property
    def _pool(self) -> ExpertPool:
        return self.family.pool(self.tasks)

    def _oracle(self, tasks: Sequence[str], splits: frozenset[Split]) -> Oracle:
        examples: Mapping[Split, Sequence[Examples]] = {
            split: [self.family.examples(task, split) for task in tasks] for split in splits
        }
        return ClassifierOracle(
            backbone=self.family.backbone(),
            features=_unchanged,
            layout=self._pool.layout,
            heads=self.family.heads(tasks),
            splits=examples,
        )

    def _measured(self, split: Split, report: Report) -> NDArray[np.float64]:
        """`(m + 2, m, 3)` value, loss and n of the pretrained model, the experts and their mean."""
        rows = [
            self._row(name, of, split, report)
            for name, of in [
                ("base", ()),
                *((t, (t,)) for t in self.tasks),
                ("average", self.tasks),
            ]
        ]
        return np.array([[row[task] for task in self.tasks] for row in rows])

    def _row(
        self, model: str, of: tuple[str, ...], split: Split, report: Report
    ) -> dict[str, list[float]]:
        """Map tasks to value, loss and n of the pretrained model plus the mean vector of `of`."""
        files = {task: self._score_file(of, task, split) for task in self.tasks}
        row = {task: read_json(file) for task, file in files.items()}
        missing = [task for task, score in row.items() if score is None]
        if missing:
            report(f"measuring {model} on the {split} of {', '.join(missing)}")
            vectors = self._pool.task_vectors[[self.tasks.index(task) for task in of]]
            params = self._pool.pretrained + vectors.mean(0) if of else self._pool.pretrained
            with one_thread():
                found = self._oracle(missing, frozenset({split})).measure(params, split)
            scores = zip(found.value.tolist(), found.loss.tolist(), found.n.tolist(), strict=True)
            for task, score in zip(missing, scores, strict=True):
                row[task] = list(score)
                write_whole(files[task], json.dumps(row[task]).encode())
        return row

    def _score_file(self, of: tuple[str, ...], task: str, split: Split) -> Path:
        # A score depends on the examples of its own task and on the experts of the model only, so
        # the digest covers these and the file serves every problem that contains them.
        others = [t for t in of if t != task]
        facts = [of, task, split, self.family.digest([task, *others])]
        return cache_directory() / "anchors" / f"{digest(facts)}.json"


def _unchanged(output: Any) -> Tensor:
    features: Tensor = output
    return features


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread, so that bits do not depend on the number of processors."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
