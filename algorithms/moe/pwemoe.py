"""PWEMoE: Pareto sets by mixture-of-experts fusion."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from ...benchmark.errors import NotApplicableError
from ...problems.base import Batch
from ...problems.experts import Coefficients
from ...problems.layout import Groups
from ...problems.view import ProblemView
from ..base import Algorithm
from ..descent import Descent, affordable
from ..pareto_set import MapSet, ParetoSet
from ..rays import draw
from .router import RouterBank, route


@final
@dataclass(frozen=True, kw_only=True)
class PWEMoELinear(Algorithm):
    """Routers in every MLP, trained on sum_i p_i L_i with one random preference p a step.

    Each MLP l has the weights `base_l + sum_t router_l(p)_t task_vector_{t,l}`; everything else is
    fixed at task arithmetic with `initial`. For a fixed preference the model is a plain network.
    Source: Tang et al. 2024 (MLP-only form), with the released code's settings.

    Args:
        steps: Gradient steps; fewer where the budget ends first.
        learning_rate: Of Adam, falling to a tenth of it along a cosine.
        batch_size: Examples of each task a step.
        initial: Router output at the start, and the coefficient of all that is not routed.
        concentration: Of the Dirichlet distribution of training preferences.
    """

    steps: int = 4000
    learning_rate: float = 1e-2
    batch_size: int = 16
    initial: float = 0.3
    concentration: float = 1.0

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Train the routers; the experts stay frozen."""
        m = len(view.tasks)
        groups = view.experts.layout.groups("module")
        routed = routed_rows(groups)
        bank = RouterBank(len(routed), m, self.initial, generator)
        place = _placement(len(groups.names), routed, self.initial, m)

        def loss(batch: Batch) -> Tensor:
            preference = draw(m, self.concentration, generator)
            return view.losses(view.merge(place(bank(preference))), batch) @ preference

        def answer() -> MapSet:
            frozen = [p.detach().clone() for p in bank.parameters]
            size = sum(p.numel() for p in frozen)
            return MapSet(
                experts=view.experts,
                function=lambda p: place(route(frozen, p)),
                trainable_parameters=size,
                state_bytes=sum(p.nbytes for p in frozen),
            )

        steps = affordable(view, self.steps, self.batch_size)
        descent = Descent(steps=steps, learning_rate=self.learning_rate)
        batches = view.batches(self.batch_size)
        checkpoint = partial(view.checkpoint, answer)
        descent.run(view, bank.parameters, batches, loss, after_step=checkpoint)
        return answer()


def routed_rows(groups: Groups) -> list[int]:
    """Rows of the module groups that are MLPs.

    Raises:
        NotApplicableError: If the backbone has no module called `mlp`.
    """
    rows = [i for i, name in enumerate(groups.names) if name.rpartition(".")[2] == "mlp"]
    if not rows:
        raise NotApplicableError(
            f"The backbone must have modules called `mlp`. Found {', '.join(groups.names)}."
        )
    return rows


def _placement(
    modules: int, routed: list[int], fixed: float, tasks: int
) -> Callable[[Tensor], Coefficients]:
    rest = torch.full((modules, tasks), fixed)
    index = torch.tensor(routed)

    def place(rows: Tensor) -> Coefficients:
        return Coefficients(values=rest.index_copy(0, index, rows), space="module")

    return place
