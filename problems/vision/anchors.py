"""Anchors of a family: scores of the base, of every expert and of the simple averages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import torch.nn.functional as F
from torch import Tensor, nn

from .backbone import all_features, load_flat
from .families import Family
from .tasks import Split, TaskData
from .weights import Anchors, Head, Score

EVALUATED = ("calibration", "validation", "test")


def score(
    model: nn.Module, heads: Mapping[str, Head], splits: Mapping[str, Split]
) -> dict[str, Score]:
    """Scores of one model on each task; inputs that tasks share pass through it once."""
    seen: dict[int, Tensor] = {}
    scores: dict[str, Score] = {}
    for task, split in splits.items():
        key = id(split.inputs)
        if key not in seen:
            seen[key] = all_features(model, split.inputs)
        logits = F.linear(seen[key], *heads[task])
        hits = (logits.argmax(1) == split.labels).sum().item()
        scores[task] = {
            "accuracy": hits / len(split.labels),
            "loss": F.cross_entropy(logits, split.labels).item(),
            "n": len(split.labels),
        }
    return scores


@dataclass(frozen=True)
class Trained:
    """A family after training: `model` is a workspace whose parameters are overwritten.

    `base` is `(P,)`, `task_vectors` `(T, P)` in the order of `heads`.
    """

    model: nn.Module
    base: Tensor
    task_vectors: Tensor
    heads: Mapping[str, Head]

    def score(self, flat: Tensor, splits: Mapping[str, Split]) -> dict[str, Score]:
        """Scores of the backbone with parameters `flat` `(P,)`."""
        load_flat(self.model, flat)
        return score(self.model, self.heads, splits)


def measure_anchors(trained: Trained, data: Mapping[str, TaskData]) -> Anchors:
    """Scores of the base and of every expert on all tasks and splits."""
    models = {"base": trained.base}
    for task, vector in zip(trained.heads, trained.task_vectors, strict=True):
        models[task] = trained.base + vector
    return {
        split: {name: trained.score(flat, pick(data, split)) for name, flat in models.items()}
        for split in EVALUATED
    }


def measure_averages(
    trained: Trained, data: Mapping[str, TaskData], family: Family
) -> dict[str, dict[str, Score]]:
    """Test scores of the base plus the mean task vector of each of the family's subsets."""
    averages = {}
    for subset in family.subsets:
        rows = [family.tasks.index(task) for task in subset]
        average = trained.base + trained.task_vectors[rows].mean(0)
        averages["+".join(subset)] = trained.score(average, pick(data, "test", subset))
    return averages


def resolution(anchors: Anchors) -> dict[str, float]:
    """How far each expert is above the base on test, in standard errors of its accuracy."""
    test = anchors["test"]
    found = {}
    for task, start in test["base"].items():
        end = test[task][task]
        error = sqrt(end["accuracy"] * (1 - end["accuracy"]) / end["n"])
        found[task] = round((end["accuracy"] - start["accuracy"]) / max(error, 1 / end["n"]), 2)
    return found


def pick(
    data: Mapping[str, TaskData], split: str, names: Sequence[str] | None = None
) -> dict[str, Split]:
    """One split of the named tasks, or of all."""
    return {name: getattr(data[name], split) for name in names or data}
