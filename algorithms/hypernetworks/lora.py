"""The preference hypernetwork that generates low-rank adapters chunk by chunk."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, final

import torch
from torch import Tensor

from ...domains import Count
from ...problems.experts import Coefficients, ExpertPool
from ...problems.view import ProblemView
from ...ranges import Choices
from ..pareto_set import Model
from ..training.decoder import Decoder, Needs, Parameters
from ..training.low_rank import Matrix, add, gaussian, matrices
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import Concentration, Initial, NetworkRate, Rank
from .trunk import perceptron, start_perceptron, with_preference

_CHUNK_EMBEDDING: Final = 64


@final
@dataclass(frozen=True, kw_only=True)
class LoraHypernetwork(Decoder):
    """W_l(p) = M_l + B_l(p) (A_l + D_l(p)), with B(p) and D(p) from a chunked hypernetwork.

    M is task arithmetic with `initial`. One perceptron [p, chunk embedding] -> width -> chunk gives
    the entries of all B_l and D_l, laid end to end, one chunk at a time. Its last layer starts at
    0, and A_l, which is trained as well, at random: if A were only generated, B and A would both
    start at 0 and have no gradient.

    Args:
        width: Hidden units.
        chunk: Number of entries that one embedding stands for.
        initial: Every coefficient of M.
        rank: Rank of B and A.
    """

    needs: ClassVar[Needs] = "model"
    width: int = 100
    chunk: int = 256
    initial: float = 0.3
    rank: int = 4

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """Chunk embeddings, four of the perceptron, then A of each matrix."""
        targets = matrices(experts.layout, self.rank)
        chunks = math.ceil(sum(self._sizes(targets)) / self.chunk)
        embeddings = torch.randn(chunks, _CHUNK_EMBEDDING, generator=generator)
        widths = [experts.tasks + _CHUNK_EMBEDDING, self.width, self.chunk]
        factors = [gaussian((self.rank, t.columns), t.columns, generator) for t in targets]
        return [embeddings, *start_perceptron(widths, generator), *factors]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        targets = matrices(experts.layout, self.rank)
        arithmetic = torch.full((len(experts),), self.initial)
        merged = experts.merge(Coefficients(values=arithmetic))
        entries = perceptron(parameters[1:5], with_preference(preference, parameters[0]))
        sizes = self._sizes(targets)
        pieces = torch.split(entries.reshape(-1)[: sum(sizes)], sizes)
        terms = (
            b.view(-1, self.rank) @ (a + d.view_as(a))
            for b, d, a in zip(pieces[::2], pieces[1::2], parameters[5:], strict=True)
        )
        return add(experts.layout, merged, targets, terms)

    def _sizes(self, targets: tuple[Matrix, ...]) -> list[int]:
        """Entries of B and D of each matrix, in turn."""
        return [side * self.rank for t in targets for side in (t.rows, t.columns)]


@final
@dataclass(frozen=True, kw_only=True)
class LoraPreferenceHypernetwork(MapAlgorithm):
    """A chunked hypernetwork that generates LoRA factors on a merge, trained on sum_i p_i L_i.

    Source: Navon et al. 2021, whose chunked hypernetwork generates all weights; here it generates
    the factors of Hu et al. 2022, LoRA.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 1e-4, 3e-4, 1e-3 and 3e-3 by validation on `digits-left-right` and
            `digits-mnist-neg180` at 20,000 units.
        width: Hidden units.
        chunk: Entries that one chunk embedding stands for.
        initial: Coefficient of every task vector in the merge.
        rank: Rank of the factors.
    """

    learning_rate: NetworkRate = 3e-4
    concentration: Concentration = 0.2
    width: Annotated[Count, Choices(values=(50, 100, 200))] = 100
    chunk: Count = 256
    initial: Initial = 0.3
    rank: Rank = 4

    def decoder(self, view: ProblemView) -> Decoder:
        """Return one perceptron for all chunks."""
        return LoraHypernetwork(
            width=self.width, chunk=self.chunk, initial=self.initial, rank=self.rank
        )
