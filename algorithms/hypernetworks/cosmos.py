"""COSMOS: one network that sees the preference as additional input channels."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, final

import torch
from torch import Tensor

from ...domains import CountOrZero, PositiveFloat
from ...errors import NotApplicableError
from ...problems.base import Batch
from ...problems.experts import Coefficients, ExpertPool
from ...problems.layout import Layout
from ...problems.view import ProblemView
from ...ranges import LogRange
from ..base import Algorithm
from ..pareto_set import ParetoSet
from ..training.criterion import CrossEntropy
from ..training.decoder import Decoder, Needs, Parameters
from ..training.map_algorithm import MapTraining, preference_loss
from ..training.rays import draw
from ..training.tuned import Alignment, BatchSize, Concentration, WeightRate
from ..training.weighting import Step, Weighting

_LEAST_IMPORTANCE: Final = 0.01
"""Smallest importance in the cosine: 1 / p must be finite at the corners."""
_INPUT_BIASES: Final = ("embeddings.bias", "patch_embeddings.projection.bias")
_POSITIONS: Final = (
    "position_embeddings",
    "position_embeddings.weight",
    "position_embedding.weight",
    "wpe.weight",
)


def input_tensor(layout: Layout) -> int:
    """Return the index of the tensor whose rows are added to the embedding of every input.

    That is the bias of the input layer, or the position embeddings if it has no bias.

    Raises:
        NotApplicableError: If the layout has neither, or they are frozen and not in it.
    """
    for ends in (_INPUT_BIASES, _POSITIONS):
        for index, name in enumerate(layout.names):
            if any(name == end or name.endswith(f".{end}") for end in ends):
                return index
    raise NotApplicableError(
        "The model must have an input layer with a bias, or position embeddings, among the merged "
        "tensors, for its inputs to be given the preference. Found none: it has no embeddings, or "
        f"they are frozen. Its first tensor is `{layout.names[0]}`."
    )


@final
@dataclass(frozen=True, kw_only=True)
class Conditioned(Decoder):
    """A network whose inputs are concatenated with `scale` times the preference.

    A linear input layer [W, U] [x; s p] + b is W x + (b + s U p): the network for p is the plain
    one with s U p added to the bias of its input layer, or to every row of its position
    embeddings where there is no such bias.

    Args:
        initial: Coefficient of every task vector in the network that training starts from.
        scale: Factor of the preference.
    """

    needs: ClassVar[Needs] = "nothing"
    initial: float = 0.0
    scale: float = 1.0

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """All weights `(P,)` and U `(d, m)`, which is 0: preferences start at the same network."""
        width = experts.layout.shapes[input_tensor(experts.layout)][-1]
        values = torch.full((len(experts),), self.initial)
        return [experts.merge(Coefficients(values=values)), torch.zeros(width, experts.tasks)]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Tensor:
        """Weights `(P,)`."""
        weights, channels = parameters
        index = input_tensor(experts.layout)
        pieces = list(torch.split(weights, list(experts.layout.sizes)))
        rows = pieces[index].view(-1, len(channels))
        pieces[index] = (rows + channels @ (self.scale * preference)).flatten()
        conditioned: Tensor = torch.cat(pieces)
        return conditioned


@final
@dataclass(frozen=True, kw_only=True)
class AlignedLinear(Weighting):
    """sum_i p_i L_i - alignment * cos(L, 1 / p): both terms ask for small losses where p is large.

    Importances are raised to 0.01 in the cosine.

    Args:
        alignment: Weight of the cosine; 0 is linear scalarization.
    """

    alignment: float

    def __call__(self, step: Step) -> Tensor:
        """`(m,)` weights, the gradient in the losses."""
        wanted = 1 / step.preference.clamp_min(_LEAST_IMPORTANCE)
        wanted = wanted / wanted.norm()
        size = step.losses.norm().clamp_min(torch.finfo(wanted.dtype).tiny)
        along = step.losses / size
        rise: Tensor = (wanted - (wanted @ along) * along) / size
        return step.preference - self.alignment * rise


@final
@dataclass(frozen=True, kw_only=True)
class Cosmos(Algorithm):
    """One network that receives the preference as constant channels of its input (COSMOS).

    All weights and those of the added channels are trained together, with one random preference per
    step. For a fixed preference the channels fold into the input layer, which gives a plain
    network. Source: Ruchte and Grabocka 2021, Scalable Pareto front approximation for deep
    multi-objective learning, ICDM.

    It differs from the paper in two ways. The cosine is between the losses and 1 / p: as published
    it is between the losses and p, which asks for a large loss where p is large and pulls against
    the weighted sum. The channels are p itself, not transposed convolutions of it, and start
    without an effect.

    Args:
        steps: Gradient steps; fewer if the budget runs out first.
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4, 3e-4 and 1e-3 by validation on `digits-left-right` and
            `digits-mnist-neg180` at 20,000 units; from the pretrained model, not the average, 1e-4
            and 3e-4 were far worse.
        batch_size: Examples of each task per step.
        concentration: Parameter of the Dirichlet distribution that training preferences are drawn
            from, as published.
        alignment: Weight of the cosine of losses and 1 / p. In the same validation 0, 0.03 and 0.1
            were within 2 % of each other, and 1 was 20 % worse.
        scale: Factor of the preference. In the same validation, 10 was worse, and 30 and 300 were
            as good.
    """

    steps: CountOrZero = 4000
    learning_rate: WeightRate = 1e-4
    batch_size: BatchSize = 16
    concentration: Concentration = 1.2
    alignment: Alignment = 0.1
    scale: Annotated[PositiveFloat, LogRange(low=10.0, high=1000.0)] = 100.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train from the average of the experts."""
        decoder = Conditioned(initial=1 / len(view.experts), scale=self.scale)
        parameters = [p.requires_grad_() for p in decoder.start(view.experts, generator)]

        def loss(batch: Batch, progress: float) -> Tensor:
            preference = draw(len(view.tasks), self.concentration, generator)
            return preference_loss(
                view,
                decoder,
                parameters,
                batch,
                preference=preference,
                weighting=AlignedLinear(alignment=self.alignment),
                criterion=CrossEntropy(),
                generator=generator,
            )

        training = MapTraining(
            steps=self.steps, learning_rate=self.learning_rate, batch_size=self.batch_size
        )
        return training.run(view, decoder, parameters, loss)
