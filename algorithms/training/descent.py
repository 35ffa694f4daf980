"""Gradient descent within a budget: the loop that every gradient algorithm shares."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from ...problems.base import Batch
from ...problems.view import ProblemView

_LOGGED: Final = 20
"""Number of loss values that a descent logs: enough for a curve, few enough for a table."""


@final
@dataclass(frozen=True, kw_only=True)
class Descent:
    """Adam with a cosine schedule from `learning_rate` to `final` times it over `steps`."""

    steps: int
    learning_rate: float
    final: float = 0.1  # as in the released code of PWEMoE

    def run(
        self,
        view: ProblemView,
        parameters: Sequence[Tensor],
        batches: Iterator[Batch],
        loss: Callable[[Batch], Tensor],
        *,
        after_step: Callable[[], None] = lambda: None,
        diagnostics: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        """Minimise `loss` in place.

        Args:
            view: Where the loss is logged.
            parameters: Leaves that `loss` depends on.
            batches: One of them is used per step.
            loss: From a batch to its loss; the methods of the view that it calls are charged.
            after_step: Called after every step, to project parameters or to keep a milestone.
            diagnostics: Numbers that are logged with the loss, by name.
        """
        optimiser = torch.optim.Adam(parameters, lr=self.learning_rate)
        # The schedule spans the affordable steps, so that a small budget also ends at a small rate.
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimiser, T_max=self.steps, eta_min=self.final * self.learning_rate
        )
        every = max(1, self.steps // _LOGGED)
        for step in range(self.steps):
            value = loss(next(batches))
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            if step % every == 0:
                view.log("loss", float(value.detach()))
                for name, number in diagnostics().items():
                    view.log(name, number)
            after_step()


def affordable(view: ProblemView, steps: int, batch_size: int) -> int:
    """Return the number of steps, from 1 to `steps`, that the budget covers."""
    # At least one step, even if the budget does not cover it: the budget then refuses that step,
    # which ends the fit as exhausted, instead of returning a model that was never trained.
    return int(min(steps, max(1, view.affordable_steps(batch_size))))


def steps_per_ray(view: ProblemView, rays: int, steps: int, batch_size: int) -> int:
    """Same as `affordable`, but for several rays, whose solutions are all measured once."""
    share = view.affordable_steps(batch_size, evaluations=rays) / rays
    return int(min(steps, max(1, share)))


def affordable_forwards(view: ProblemView, steps: int, batch_size: int, passes: int = 1) -> int:
    """Return how many batches, at most `steps`, the remaining budget covers with `passes` each."""
    return int(min(steps, view.budget.remaining // (passes * batch_size * len(view.tasks))))
