"""RegMean++: regression on the inputs that layers receive from merged layers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

import torch
from torch import Tensor

from ...domains import Count, NonNegativeFloat
from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.descent import affordable_forwards
from ..training.tuned import Batches, Diagonal
from .regmean import RegressionMean, add, inputs_first, regression


@final
@dataclass(frozen=True, kw_only=True)
class RegMeanPlusPlus(Algorithm):
    """RegMean with Gram matrices of the inputs that a merged model gives to expert i's block.

    Blocks are merged one after another, in the order of the layout. The inputs of block l come
    through the blocks before it, already merged with equal weights; inside block l they pass expert
    i's own layers. At the centre this is the paper's merge; other preferences use the regression
    with the same Gram matrices, so the corners are the experts. Source: Nguyen et al. 2025,
    RegMean++, section 4.

    Args:
        steps: Batches of unlabelled examples; fewer if the budget does not cover one pass over them
            per block.
        batch_size: Examples of each task in a batch.
        diagonal: Fraction of the off-diagonal entries of a Gram matrix that is removed. Chosen from
            0, 0.05, 0.1 and 0.4 for the best mean utility in validation on `digits-left-right` and
            `digits-mnist-neg180`.
        ridge: Added to its diagonal, in units of the diagonal's mean.
    """

    steps: Batches = 8
    batch_size: Count = 32
    diagonal: Diagonal = 0.05
    ridge: NonNegativeFloat = 1e-6

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Merge one block at a time, each with a pass over the same examples."""
        pool, m = view.experts, len(view.tasks)
        totals: list[dict[str, Tensor]] = [{} for _ in range(m)]
        equal = torch.full((m,), 1 / m)
        merged = pool.merge(Coefficients(values=equal))
        # Linear layers are known only from a pass; one example, which is charged, finds them.
        probe = next(view.batches(1, labelled=False))
        widths = {name: len(gram) for name, gram in view.grams(pool.pretrained, probe, 0).items()}
        first = inputs_first(pool.layout, widths)

        def mean(grams: Sequence[Mapping[str, Tensor]]) -> RegressionMean:
            return regression(
                pool, grams, diagonal=self.diagonal, ridge=self.ridge, inputs_first=first
            )

        blocks = _blocks(pool.layout, widths)
        steps = affordable_forwards(view, self.steps, self.batch_size, len(blocks))
        for block in blocks if steps else []:
            batches = view.batches(self.batch_size, labelled=False)
            found = _grams(view, merged, block, islice(batches, steps))
            _copy(mean(found)(equal), merged, block)
            # The map is built from the same matrices. Blocks that are not merged yet keep the soup.
            for total, grams in zip(totals, found, strict=True):
                total |= grams
            view.milestone(lambda: mean(totals).pareto_set())
        return mean(totals).pareto_set()


@final
@dataclass(frozen=True, kw_only=True)
class _Block:
    """Linear weights of a block, and the spans of all its parameters in the flat vector."""

    linear: frozenset[str]
    spans: tuple[tuple[int, int], ...]


def _blocks(layout: Layout, linear: Collection[str]) -> list[_Block]:
    """Return the blocks with linear layers, in the order of the layout."""
    groups = layout.groups("block")
    members: list[set[str]] = [set() for _ in groups.names]
    for name, group in zip(layout.names, layout.group_of("block"), strict=True):
        members[group] |= {name} & set(linear)
    return [
        _Block(
            linear=frozenset(names),
            spans=tuple((start, stop) for start, stop, g in groups.segments if g == group),
        )
        for group, names in enumerate(members)
        if names
    ]


def _grams(
    view: ProblemView, merged: Tensor, block: _Block, batches: Iterable[Batch]
) -> list[dict[str, Tensor]]:
    """Return the Gram matrices of each task's expert in this block, within the merged model."""
    totals: list[dict[str, Tensor]] = [{} for _ in view.tasks]
    for batch in batches:
        for task, total in enumerate(totals):
            params = merged.clone()
            _copy(view.experts.pretrained + view.experts.task_vectors[task], params, block)
            grams = view.grams(params, batch, task)
            add(total, {name: gram for name, gram in grams.items() if name in block.linear})
    return totals


def _copy(source: Tensor, target: Tensor, block: _Block) -> None:
    for start, stop in block.spans:
        target[start:stop] = source[start:stop]
