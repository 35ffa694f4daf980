"""Values of merged models, differentiable in the coefficients without a gradient of size P."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..errors import PluginResultError
from .experts import Coefficients, ExpertPool

Values = Callable[[Mapping[str, Tensor]], Tensor]
"""Maps named parameters to `(k,)` values; differentiable in each parameter."""


def values_at(pool: ExpertPool, coefficients: Coefficients, values: Values) -> Tensor:
    """`(k,)` values of a merged model, differentiable in the coefficients.

    The backward pass contracts the gradient of each tensor with its task vectors as soon as it is
    computed, and frees it, so that no gradient of size P exists. Rows that are not `active` get no
    gradient.
    """
    found: Tensor = _Through.apply(  # type: ignore[no-untyped-call]
        coefficients.values, pool, coefficients, values
    )
    return found


def jacobian_at(
    pool: ExpertPool, point: Coefficients | Tensor, values: Sequence[Values]
) -> tuple[Tensor, Tensor]:
    """Compute `(k,)` values of k functions and their gradients, at the cost of one backward pass.

    Each function uses its own part of a batch, so that k passes over the parts cost as much as one
    pass over the whole, and only the activations of one part are in memory at a time.

    Returns:
        `(k,)` values, and gradients `(k, *values.shape)` of coefficients or `(k, P)` of parameters.
    """
    found, rows = [], []
    params = pool.build(point).detach()
    for value in values:
        leaves = _Leaves(pool, point, params)
        with torch.enable_grad():
            result = value(leaves.named).squeeze()
        result.backward()  # type: ignore[no-untyped-call]
        found.append(result.detach())
        rows.append(leaves.gradient)
    return torch.stack(found), torch.stack(rows)


@final
class _Leaves:
    """Named parameters of a model as leaves whose gradients are accumulated in `gradient`."""

    def __init__(self, pool: ExpertPool, point: Coefficients | Tensor, params: Tensor) -> None:
        self.named = {
            name: piece.requires_grad_(piece.is_floating_point())
            for name, piece in pool.layout.unflatten(params).items()
        }
        if not isinstance(point, Coefficients):
            self.gradient = torch.zeros_like(params)
            self._gather_parameters(pool)
            return
        groups = pool.layout.groups(point.space)
        rows = params.new_zeros(len(groups.names), len(pool))
        self.gradient = rows.view_as(point.values)
        self._gather_coefficients(pool, point, rows)

    def _gather_parameters(self, pool: ExpertPool) -> None:
        for start, leaf in zip(pool.layout.offsets, self.named.values(), strict=True):

            def gather(leaf: Tensor, start: int = start) -> None:
                assert leaf.grad is not None
                self.gradient[start : start + leaf.numel()] = leaf.grad.reshape(-1)
                leaf.grad = None

            leaf.register_post_accumulate_grad_hook(gather)  # type: ignore[no-untyped-call]

    def _gather_coefficients(self, pool: ExpertPool, point: Coefficients, rows: Tensor) -> None:
        index = pool.layout.group_of(point.space)
        for start, group, leaf in zip(pool.layout.offsets, index, self.named.values(), strict=True):
            if point.active is not None and not point.active[group]:
                leaf.requires_grad_(False)
                continue

            def gather(leaf: Tensor, start: int = start, row: Tensor = rows[group]) -> None:
                assert leaf.grad is not None
                row += pool.contract(leaf.grad.reshape(-1), start)
                leaf.grad = None

            leaf.register_post_accumulate_grad_hook(gather)  # type: ignore[no-untyped-call]


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, coefficients: Tensor, pool: ExpertPool, point: Coefficients, values: Values
    ) -> Tensor:
        ctx.leaves = _Leaves(pool, point, pool.merge(point))
        with torch.enable_grad():
            ctx.found = values(ctx.leaves.named)
        found: Tensor = ctx.found.detach()
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        if ctx.found is None:
            raise PluginResultError(
                "Losses of coefficients must be differentiated once, since their graph is freed on "
                "the way. Found a second backward pass. Use `loss_jacobian` for the gradients of "
                "all tasks, or call `losses` again."
            )
        found, ctx.found = ctx.found, None
        torch.autograd.backward(found, gradients[0])
        return ctx.leaves.gradient, None, None, None
