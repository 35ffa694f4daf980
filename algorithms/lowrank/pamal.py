"""Pareto manifold learning: one model per task, trained so that every mixture is good."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from ...problems.experts import ExpertPool
from ...problems.view import ProblemView
from ..pareto_set import Model
from ..training.decoder import Decoder, Needs, Parameters
from ..training.map_algorithm import MapAlgorithm
from ..training.tuned import WeightRate


@final
@dataclass(frozen=True, kw_only=True)
class Members(Decoder):
    """sum_i p_i member_i, with T models of all weights that start at the experts."""

    needs: ClassVar[Needs] = "nothing"

    def start(self, experts: ExpertPool, generator: torch.Generator) -> list[Tensor]:
        """One tensor `(T, P)`."""
        return [experts.pretrained + experts.task_vectors]

    def decode(self, experts: ExpertPool, parameters: Parameters, preference: Tensor) -> Model:
        """Weights `(P,)`."""
        return preference @ parameters[0]


@final
@dataclass(frozen=True, kw_only=True)
class ParetoManifoldLearning(MapAlgorithm):
    """Members theta_i, trained together on sum_i p_i L_i at sum_i p_i theta_i (PaMaL).

    Members start at the experts instead of at random weights, so training starts at the rewarded
    soup. The penalty on the order of several forward passes is omitted, as in the released code for
    MultiMNIST, and losses are not balanced. T times the weights of a model are trained. Source:
    Dimitriadis et al. 2023, https://arxiv.org/abs/2210.09759.

    Args:
        learning_rate: Initial learning rate of Adam; a cosine schedule lowers it to a tenth. Chosen
            from 3e-5, 1e-4, 3e-4 and 1e-3 by validation on `digits-left-right` and
            `digits-mnist-neg180` at 20,000 units.
    """

    learning_rate: WeightRate = 1e-4

    def decoder(self, view: ProblemView) -> Decoder:
        """The members."""
        return Members()
