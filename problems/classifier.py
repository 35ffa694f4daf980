"""The oracle of classification: one backbone, and one frozen linear head per task."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import outputs
from .base import Batch, DistributionOracle, Measurement, Split
from .layout import Layout
from .network import (
    EVALUATION_BATCH,
    LinearLayers,
    load_parameters,
    names_of,
    recompute_blocks,
    recomputes,
)
from .predictor import Head, Layer


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """`inputs` `(n, ...)` float32 and `labels` `(n,)` int64 of one task on one split."""

    inputs: Tensor
    labels: Tensor


@final
class ClassifierOracle(DistributionOracle):
    """Losses and accuracies of a backbone with one frozen linear head per task.

    Tasks whose `inputs` are the same tensor share one forward pass when they are measured.

    Args:
        backbone: Module whose parameters are replaced by those of the model to evaluate.
        features: From the module's output to the `(B, H)` features of a batch.
        layout: The backbone's parameters in flat order.
        heads: `(C, H)` weight and `(C,)` bias of each task.
        splits: For each accessible split, the examples of each task.
    """

    def __init__(
        self,
        *,
        backbone: nn.Module,
        features: Callable[[object], Tensor],
        layout: Layout,
        heads: Sequence[Head],
        splits: Mapping[Split, Sequence[Examples]],
    ) -> None:
        self._backbone = backbone.requires_grad_(False).eval()
        if recomputes():
            recompute_blocks(self._backbone)
        self._features = features
        self._layout = layout
        self._heads = heads
        self._splits = splits

    def batch(self, split: Split, rows: Sequence[Tensor], *, labelled: bool) -> Batch:
        """The examples with these row indices, one index tensor per task, as one batch."""
        examples = self._splits[split]
        ends = np.cumsum([0, *(len(index) for index in rows)]).tolist()
        return Batch(
            inputs=torch.cat([e.inputs[i] for e, i in zip(examples, rows, strict=True)]),
            segments=tuple(slice(a, b) for a, b in pairwise(ends)),
            labels=tuple(e.labels[i] for e, i in zip(examples, rows, strict=True))
            if labelled
            else None,
        )

    def length(self, split: Split) -> list[int]:
        """Number of examples of each task on a split."""
        return [len(e.labels) for e in self._splits[split]]

    def losses(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean cross-entropy of each task on a labelled batch."""
        return self.task_losses(self._layout.unflatten(params), batch, range(len(self._heads)))

    def entropies(self, params: Tensor, batch: Batch) -> Tensor:
        """`(m,)` mean Shannon entropy of each task's predicted distribution, in nats."""
        return self.task_entropies(self._layout.unflatten(params), batch, range(len(self._heads)))

    def task_losses(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        """Mean cross-entropies; examples of other tasks are not used."""
        return outputs.cross_entropies(self.logits(named, batch, tasks), batch, tasks)

    def task_entropies(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> Tensor:
        """Mean entropies in nats; examples of other tasks are not used."""
        return outputs.entropies(self.logits(named, batch, tasks))

    def logits(
        self, named: Mapping[str, Tensor], batch: Batch, tasks: Sequence[int]
    ) -> list[Tensor]:
        """Logits in float32, from one forward pass over the examples of the given tasks."""
        features = self.features(named, batch, tasks)
        with torch.autocast("cpu", enabled=False):  # a fit in bfloat16 would round the logits
            return [
                functional.linear(found, *self._heads[task])
                for found, task in zip(features, tasks, strict=True)
            ]

    def features(
        self,
        named: Mapping[str, Tensor],
        batch: Batch,
        tasks: Sequence[int],
        layer: Layer | None = None,
    ) -> list[Tensor]:
        """Features in float32, from one forward pass over the examples of the given tasks."""
        segments = [batch.segments[t] for t in tasks]
        inputs = batch.inputs
        if len(segments) < len(batch.segments):  # other tasks would cost forward passes
            inputs = torch.cat([inputs[segment] for segment in segments])
            ends = np.cumsum([0, *(s.stop - s.start for s in segments)]).tolist()
            segments = [slice(a, b) for a, b in pairwise(ends)]
        with _layers(named, layer):
            output = torch.func.functional_call(self._backbone, dict(named), (inputs,))
            features = self._features(output).float()
        return [features[segment] for segment in segments]

    def classes(self) -> tuple[int, ...]:
        """Number of classes of each head."""
        return tuple(len(bias) for _, bias in self._heads)

    def heads(self) -> tuple[Head, ...]:
        """The frozen heads."""
        return tuple(self._heads)

    def grams(self, params: Tensor, batch: Batch, task: int) -> dict[str, Tensor]:
        """Gram matrices of the inputs of every `nn.Linear` and GPT-2 layer of the backbone."""
        named = self._layout.unflatten(params)
        found: dict[str, Tensor] = {}

        def gather(name: str, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
            rows = x.flatten(0, -2)
            found[name] = rows.T @ rows + found.get(name, 0)
            return functional.linear(x, weight, bias)

        with torch.no_grad(), _layers(named, gather):
            inputs = batch.inputs[batch.segments[task]]
            torch.func.functional_call(self._backbone, named, (inputs,))
        return found

    def measure(self, params: Tensor, split: Split, examples: int | None = None) -> Measurement:
        """Accuracy and mean cross-entropy of every task, in float32 under inference mode."""
        features = self.split_features(params, split, examples=examples)
        with torch.inference_mode():
            pairs = zip(features, self._heads, strict=True)
            logits = [functional.linear(found, *head) for found, head in pairs]
            return self.judge(logits, split)

    def split_features(
        self,
        params: Tensor,
        split: Split,
        layer: Layer | None = None,
        examples: int | None = None,
    ) -> list[Tensor]:
        """Features of every task's examples; tasks on the same inputs share the tensor."""
        data = self._splits[split]
        with torch.inference_mode():
            load_parameters(self._backbone, self._layout, params)
            with _layers(dict(self._backbone.named_parameters()), layer):
                distinct = {id(e.inputs): e.inputs[:examples] for e in data}
                features = {key: self._forward(inputs) for key, inputs in distinct.items()}
        return [features[id(e.inputs)] for e in data]

    def judge(self, logits: Sequence[Tensor], split: Split) -> Measurement:
        """Accuracies and losses of logits for the first examples of every task."""
        pairs = zip(self._splits[split], logits, strict=True)
        return outputs.measurement(logits, [e.labels[: len(out)] for e, out in pairs])

    def forwards(self, split: Split, examples: int | None = None) -> int:
        """Number of forward passes of `measure`; tasks on the same inputs share theirs."""
        distinct = {id(e.inputs): len(e.inputs[:examples]) for e in self._splits[split]}
        return sum(distinct.values())

    def _forward(self, inputs: Tensor) -> Tensor:
        batches = torch.split(inputs, EVALUATION_BATCH)
        return torch.cat([self._features(self._backbone(batch)) for batch in batches])


def _layers(named: Mapping[str, Tensor], layer: Layer | None) -> AbstractContextManager[object]:
    return nullcontext() if layer is None else LinearLayers(names_of(named), layer)
