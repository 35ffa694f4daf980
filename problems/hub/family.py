"""A suite of the hub as a family of experts, and the problems that are subsets of its tasks."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

from torch import nn

from ...errors import IntegrityError, MissingDataError
from ..base import Anchors, Finding, Oracle, Problem, Report, Split
from ..cache import digest
from ..classifier import Examples
from ..experts import ExpertPool
from ..family import ExpertFamily, FamilyProblem, Head
from . import data_sets, repositories
from .preparation import SPLITS, Preparation, inspect
from .suites import SUITES, HubTask, Suite, published


@final
@dataclass(frozen=True, kw_only=True)
class HubFamily(ExpertFamily):
    """The experts of a suite, their heads and examples, from the hub or a mirror of it."""

    suite: Suite

    @cached_property
    def _made(self) -> Preparation:
        return Preparation(suite=self.suite)

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding per model and data set: present, to be downloaded, missing, or unfit."""
        return inspect(self._made, self._tasks(tasks))

    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Download, read and encode what the cache lacks.

        Raises:
            MissingDataError: If a model, a data set or a library is missing and cannot be fetched.
            IntegrityError: If models do not fit, or models or data differ from those used first.
        """
        self._check_reachable(tasks)
        self._made.read_pretrained(report)
        for task in self._tasks(tasks):
            self._made.read_expert(task, report)
        for task in self._tasks(tasks):
            self._made.encode(task, report)
            change = self._made.change(task)
            if change is not None:
                raise IntegrityError(
                    f"`{task.dataset}` must be the data that was used first: {change}."
                )

    def digest(self, tasks: Sequence[str]) -> str:
        """Return a digest of the weights, the settings of heads and the encoded examples."""
        made = self._made
        facts = [
            [
                task.name,
                made.weights.expert_sha256(task.name),
                made.head_path(task).name,
                [made.stored(task, split).digest() for split in SPLITS],
            ]
            for task in self._tasks(tasks)
        ]
        return digest(
            [self.suite.name, made.weights.pretrained_sha256(), dict(made.pretrained.config), facts]
        )

    def backbone(self) -> nn.Module:
        """Return a new pretrained backbone."""
        return self._made.architecture.backbone(self._made.pretrained)

    def pool(self, tasks: Sequence[str]) -> ExpertPool:
        """Return the pretrained model and the task vectors, memory-mapped."""
        return self._made.weights.pool(tasks, self._made.layout)

    def heads(self, tasks: Sequence[str]) -> list[Head]:
        """Return the frozen heads."""
        return [self._made.head(task) for task in self._tasks(tasks)]

    def examples(self, task: str, split: Split) -> Examples:
        """Return encoded examples, memory-mapped."""
        return self._made.stored(self.suite.task(task), split).load()

    def _tasks(self, names: Sequence[str]) -> list[HubTask]:
        return [self.suite.task(name) for name in names]

    def _check_reachable(self, tasks: Sequence[str]) -> None:
        """Name everything that is missing in one error, before anything is read."""
        models = [self.suite.pretrained, *(self.suite.expert(task) for task in tasks)]
        missing = [name for name in models if repositories.find(name) is None]
        here = self.suite.pretrained not in missing
        to_encode = [t for t in self._tasks(tasks) if not (here and self._made.is_encoded(t))]
        missing += [data_sets.repository(t) for t in to_encode if not data_sets.source_here(t)]
        reason = repositories.unreachable() if missing else None
        if reason is not None:
            raise MissingDataError(repositories.needs_hub(list(dict.fromkeys(missing)), reason))
        if to_encode and not data_sets.is_installed():
            raise MissingDataError(data_sets.INSTALL)


@final
@dataclass(frozen=True, kw_only=True)
class HubProblem(Problem):
    """Merge the experts of these tasks of a suite.

    Args:
        suite: Name of the suite; see `fusefront.problems.hub.suites`.
        tasks: At least two of its tasks.
    """

    suite: str
    tasks: tuple[str, ...]

    @cached_property
    def _inside(self) -> FamilyProblem:
        suite = SUITES[self.suite]
        return FamilyProblem(make_family=lambda: HubFamily(suite=suite), tasks=self.tasks)

    def preflight(self) -> Iterator[Finding]:
        """Yield a finding per model and data set: present, to be downloaded, missing, or unfit."""
        return self._inside.preflight()

    def prepare(self, report: Report) -> None:
        """Download, encode and evaluate; report which published accuracies are reproduced."""
        self._inside.prepare(report)
        for line in reproduction(self.suite, self.tasks, self.anchors("test")):
            report(line)

    def hash(self) -> str:
        """Return a digest of experts, heads, data and tasks."""
        return self._inside.hash()

    def anchors(self, split: Split) -> Anchors:
        """Return the anchors, evaluated on this machine."""
        return self._inside.anchors(split)

    def pool(self) -> ExpertPool:
        """Return the experts of the tasks."""
        return self._inside.pool()

    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """Return the oracle of these splits only."""
        return self._inside.oracle(splits)


_POINTS: Final = 0.5
"""Published tables differ from each other by half a percentage point."""
_ERRORS: Final = 3.0


def reproduction(suite: str, tasks: Sequence[str], anchors: Anchors) -> Iterator[str]:
    """Yield one line per task that compares test accuracies with published ones.

    An accuracy is reproduced if it is within half a point or three standard errors of the
    published one, whichever is larger.
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
    """Return whether two accuracies in percent agree, the first one measured on n examples."""
    error = 100 * math.sqrt(known / 100 * (1 - known / 100) / n)
    return abs(found - known) <= max(_POINTS, _ERRORS * error)


def _compared(found: float, known: float, n: int) -> str:
    if is_reproduced(found, known, n):
        return f"reproduced ({found:.1f}, published {known:.1f})"
    return f"off by {found - known:+.1f} ({found:.1f}, published {known:.1f})"
