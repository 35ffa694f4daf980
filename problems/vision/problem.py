"""A vision problem: some tasks of a family, with its frozen experts and heads."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from torch import Tensor

from ...errors import IntegrityError, MissingDataError
from ..base import Anchors, Finding, Oracle, Problem, Report, Split
from ..classifier import ClassifierOracle, Examples
from ..experts import ExpertPool
from ..layout import Layout
from . import backbone, weights
from .families import get_family
from .tasks import check_source, load_tasks


@final
@dataclass(frozen=True, kw_only=True)
class VisionProblem(Problem):
    """Merge the experts of these tasks of a family.

    Args:
        family: Name of the family; see `fusefront.problems.vision.families`.
        tasks: At least two of its tasks.
    """

    family: str
    tasks: tuple[str, ...]

    @cached_property
    def _frozen(self) -> weights.FrozenExperts:
        return weights.load(self.family)

    def preflight(self) -> Iterator[Finding]:
        """The frozen experts, and the images that these tasks show."""
        what = f"experts of {self.family}"
        try:
            yield Finding(what, True, f"sha256 {self._frozen.sha256[:12]}")
        except IntegrityError as error:
            yield Finding(what, False, str(error))
            return
        for source in get_family(self.family).sources(self.tasks):
            what = f"images of {source}"
            try:
                check_source(self.family, source, self._frozen.images)
            except (MissingDataError, IntegrityError) as error:
                yield Finding(what, False, str(error))
            else:
                yield Finding(what, True, "read")

    def prepare(self, report: Report) -> None:
        """Nothing is made; the images must be here, and those the experts were trained on."""
        for source in get_family(self.family).sources(self.tasks):
            check_source(self.family, source, self._frozen.images)

    def hash(self) -> str:
        """Digest of the weights file, the anchors and the tasks."""
        facts = [self._frozen.sha256, self._frozen.anchors, self.tasks]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def anchors(self, split: Split) -> Anchors:
        """The family's models on a split, as its manifest states them."""
        models = self._frozen.anchors[split]
        average = self._frozen.averages.get("+".join(self.tasks)) if split == "test" else None

        def row(scores: dict[str, weights.Score], key: str) -> list[float]:
            return [float(scores[task][key]) for task in self.tasks]  # type: ignore[literal-required]

        def both(key: str) -> tuple[Any, Any, Any]:
            experts = [row(models[task], key) for task in self.tasks]
            mean = None if average is None else np.array(row(average, key))
            return np.array(row(models["base"], key)), np.array(experts), mean

        pretrained, experts, mean = both("accuracy")
        pretrained_loss, experts_loss, mean_loss = both("loss")
        return Anchors(
            pretrained=pretrained,
            experts=experts,
            average=mean,
            pretrained_loss=pretrained_loss,
            experts_loss=experts_loss,
            average_loss=mean_loss,
            n=np.array(row(models["base"], "n"), dtype=np.int64),
        )

    def pool(self) -> ExpertPool:
        """The experts of the tasks, as flat float32 memory."""
        rows = [self._frozen.tasks.index(task) for task in self.tasks]
        return ExpertPool(
            pretrained=self._frozen.base,
            task_vectors=self._frozen.task_vectors[rows].contiguous(),
            layout=self._layout,
            names=self.tasks,
        )

    def oracle(self, splits: frozenset[Split]) -> Oracle:
        """The classifier on these splits only."""
        self.prepare(lambda line: None)
        data = load_tasks(self.family, self.tasks)
        return ClassifierOracle(
            backbone=backbone.build(self._frozen.config, self._frozen.layout),
            features=_class_token,
            layout=self._layout,
            heads=[self._frozen.heads[task] for task in self.tasks],
            splits={
                split: [
                    Examples(inputs=part.inputs, labels=part.labels)
                    for part in (getattr(data[task], split) for task in self.tasks)
                ]
                for split in splits
            },
        )

    @property
    def _layout(self) -> Layout:
        names, shapes = zip(*self._frozen.layout, strict=True)
        return Layout(names=names, shapes=shapes)


def _class_token(output: Any) -> Tensor:
    token: Tensor = output.last_hidden_state[:, 0]
    return token
