"""The meter of a view: plain tensors only, and a charge for every forward and backward pass."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, final

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual
from torch.nn import Parameter

from ..errors import PluginResultError
from .base import Batch
from .budget import Budget, Precision

FORWARD: Final = 1
FORWARD_BACKWARD: Final = 3
"""Units per example. A backward pass costs about two forward passes: it multiplies by the weights
once for the gradient of the inputs and once for that of the weights."""

_PLAIN: Final = (Tensor, Parameter)
_REFUSED: Final = (
    "The view must be called with plain tensors, one model at a time, since its charges count "
    "these. Found {found}. Call it once per model, and use `loss_jacobian` for the gradients of "
    "all tasks."
)


@final
class Meter:
    """Charges passes through models to a budget, and provides their arithmetic.

    The charges return the charge of every further backward pass, for `counted`.
    """

    def __init__(self, budget: Budget, precision: Precision) -> None:
        self._budget = budget
        self._precision = precision

    def charge(self, batch: Batch, passes: float, *leaves: Tensor) -> Callable[[], None]:
        """Charge passes of a whole batch, with a backward pass if any leaf requires a gradient."""
        check_batch(batch)
        return self._charge(math.ceil(passes * len(batch)), *leaves)

    def charge_part(self, batch: Batch, task: int, *leaves: Tensor) -> Callable[[], None]:
        """Same as `charge`, but for the examples of one task and one pass."""
        check_batch(batch)
        segment = batch.segments[task]
        return self._charge(segment.stop - segment.start, *leaves)

    def charge_jacobian(self, batch: Batch, leaf: Tensor) -> None:
        """Charge a forward and a backward pass, whether or not the leaf requires a gradient."""
        check_batch(batch)
        check_plain(leaf)
        self._budget.charge(FORWARD_BACKWARD * len(batch), gradient_steps=1)

    def arithmetic(self) -> AbstractContextManager[object]:
        """Return the context in which passes run, which sets their precision."""
        if self._precision == "float32":
            return nullcontext()
        return torch.autocast("cpu", torch.bfloat16)

    def _charge(self, examples: int, *leaves: Tensor) -> Callable[[], None]:
        check_plain(*leaves)
        gradient = torch.is_grad_enabled() and any(leaf.requires_grad for leaf in leaves)
        units = (FORWARD_BACKWARD if gradient else FORWARD) * examples
        self._budget.charge(units, gradient_steps=int(gradient))
        backward = (FORWARD_BACKWARD - FORWARD) * examples
        return partial(self._budget.charge, backward, gradient_steps=1)


def check_plain(*tensors: Tensor) -> None:
    """Refuse tensors that stand for many models or carry derivatives of their own.

    One call on a tensor inside `torch.vmap` measures as many models as its hidden dimension has
    entries, and a dual number computes a derivative that no backward pass is charged for.

    Raises:
        PluginResultError: If a transform of `torch.func` is active, a tensor has a forward-mode
            tangent, or its class overrides torch's operations.
    """
    if _is_transformed():
        raise PluginResultError(_REFUSED.format(found="a transform of `torch.func`"))
    for tensor in tensors:
        if type(tensor) not in _PLAIN:
            raise PluginResultError(_REFUSED.format(found=f"a {type(tensor).__name__}"))
        if _is_batched(tensor):
            raise PluginResultError(_REFUSED.format(found="a batch of tensors"))
        if unpack_dual(tensor).tangent is not None:  # type: ignore[no-untyped-call]
            raise PluginResultError(_REFUSED.format(found="a dual number of forward mode"))


def check_batch(batch: Batch) -> None:
    """Refuse a batch whose segments are not slices of its inputs, since charges count its rows.

    Raises:
        PluginResultError: If it is not a `Batch`, or a segment lies outside of its inputs.
    """
    if type(batch) is not Batch:
        raise PluginResultError(
            "A batch must be a `Batch`, as `view.batches` yields them. "
            f"Found {type(batch).__name__}."
        )
    check_plain(batch.inputs)
    rows = len(batch.inputs)
    for segment in batch.segments:
        if segment.step not in (None, 1) or not 0 <= segment.start <= segment.stop <= rows:
            raise PluginResultError(
                f"The segments of a batch must be slices of its {rows} inputs. Found {segment}."
            )


def counted(values: Tensor, charge: Callable[[], None]) -> Tensor:
    """Return the values unchanged; calls `charge` for every backward pass after the first.

    The first one is charged in advance, so that a step is never cut off in the middle.

    Raises:
        PluginResultError: In the backward pass, if many are batched into one, or if its result is
            to be differentiated again.
    """
    if not values.requires_grad:
        return values
    found: Tensor = _Counted.apply(values, charge)  # type: ignore[no-untyped-call]
    return found


@final
class _Counted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, charge: Callable[[], None]) -> Tensor:
        ctx.charge, ctx.passes = charge, 0
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        if _is_batched(gradients[0]):
            raise PluginResultError(_REFUSED.format(found="a backward pass with many gradients"))
        if torch.is_grad_enabled():
            raise PluginResultError(
                "Losses must be differentiated once, since no charge covers second derivatives. "
                "Found `create_graph=True`. Use differences of gradients instead."
            )
        ctx.passes += 1
        if ctx.passes > 1:
            ctx.charge()
        return gradients[0], None


@final
class _Untransformable(torch.autograd.Function):
    """The identity; torch refuses functions without `setup_context` inside transforms."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


def _is_batched(tensor: Tensor) -> bool:
    """Return whether the tensor stands for many, as under `is_grads_batched`: it has no memory."""
    try:
        tensor.untyped_storage()
    except RuntimeError:
        return True
    return False


_PROBE: Final = torch.zeros(())


def _is_transformed() -> bool:
    """Return whether a transform of `torch.func` is active; torch has no public question for it."""
    try:
        _Untransformable.apply(_PROBE)  # type: ignore[no-untyped-call]
    except RuntimeError:
        return True
    return False
