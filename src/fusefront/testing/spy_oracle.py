"""An oracle that records which splits and labels are used."""

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from ..problems.base import Batch, DistributionOracle, Measurement, Oracle, Split, distributions
from ..problems.predictor import Head, Layer


@final
class SpyOracle(DistributionOracle):
    """Wraps another oracle and records its use.

    Attributes:
        labels_seen: Whether labels were used, in a labelled batch or in a measurement.
        splits_seen: The splits that were used.
    """

    def __init__(self, inner: Oracle) -> None:
        self._inner = distributions(inner)
        self.labels_seen = False
        self.splits_seen: set[Split] = set()

    def batch(self, split: Split, rows: Sequence[Tensor], *, labelled: bool) -> Batch:
        self.splits_seen.add(split)
        batch = self._inner.batch(split, rows, labelled=labelled)
        self.labels_seen |= batch.labels is not None
        return batch

    def measure(self, params: Tensor, split: Split, examples: int | None = None) -> Measurement:
        self.labels_seen = True
        self.splits_seen.add(split)
        return self._inner.measure(params, split, examples)

    def length(self, split: Split) -> list[int]:
        return self._inner.length(split)

    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        return self._inner.losses(params, batch)

    def entropies(self, params: Tensor, batch: Batch) -> Tensor:
        return self._inner.entropies(params, batch)

    def task_losses(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        return self._inner.task_losses(named, batch, tasks)

    def task_entropies(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        return self._inner.task_entropies(named, batch, tasks)

    def logits(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> list[Tensor]:
        return self._inner.logits(named, batch, tasks)

    def features(
        self,
        named: Mapping[str, Tensor],
        batch: Batch,
        tasks: Sequence[int],
        layer: Layer | None = None,
    ) -> list[Tensor]:
        return self._inner.features(named, batch, tasks, layer)

    def heads(self) -> tuple[Head, ...]:
        return self._inner.heads()

    def split_features(
        self,
        params: Tensor,
        split: Split,
        layer: Layer | None = None,
        examples: int | None = None,
    ) -> list[Tensor]:
        self.splits_seen.add(split)
        return self._inner.split_features(params, split, layer, examples)

    def judge(self, logits: Sequence[Tensor], split: Split) -> Measurement:
        self.labels_seen = True
        return self._inner.judge(logits, split)

    def classes(self) -> tuple[int, ...]:
        return self._inner.classes()

    def grams(self, params: Tensor, batch: Batch, task: int) -> dict[str, Tensor]:
        return self._inner.grams(params, batch, task)

    def forwards(self, split: Split, examples: int | None = None) -> int:
        return self._inner.forwards(split, examples)
