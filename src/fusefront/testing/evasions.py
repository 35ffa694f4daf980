"""An algorithm that tries to evade the meter and the splits, in every way that is known.

`fusefront run -p smoke-left-right -a PATH/evasions.py:Evasion[kind=vmap] -o DIR` tries one. The
attempts use ordinary Python and torch. `Attempt.outcome` is what the protocol does about each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, final

import torch
from torch import Tensor
from torch.autograd import forward_ad

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.pareto_set import ConstantSet, MapSet, ParetoSet
from fusefront.problems.base import Batch
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView

Outcome = Literal["refused", "charged", "ineffective", "detected", "convention"]
"""What the protocol does: the call raises, costs what it should, has no effect, makes the run
fail afterwards, or is only forbidden by agreement."""

SIZE: Final = 8
"""Examples per task in the batches that are used."""


@final
@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A way to evade the protocol: what it does, what happens, and the code."""

    what: str
    outcome: Outcome
    run: Callable[[ProblemView], ParetoSet]


def _constant(view: ProblemView, values: Tensor | None = None) -> ConstantSet:
    values = torch.zeros(len(view.experts)) if values is None else values
    return ConstantSet(experts=view.experts, constant=Coefficients(values=values.detach()))


def _losses(view: ProblemView, batch: Batch, values: Tensor) -> Tensor:
    return view.losses(Coefficients(values=values), batch)


def _vmap(view: ProblemView) -> ParetoSet:
    batch = next(view.batches(SIZE))
    many = torch.rand(1000, len(view.experts))
    losses = torch.vmap(lambda values: _losses(view, batch, values))(many)
    return _constant(view, many[losses.sum(dim=1).argmin()])


def _dual(view: ProblemView) -> ParetoSet:
    batch, values = next(view.batches(SIZE)), torch.zeros(len(view.experts))
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(values, torch.ones_like(values))  # type: ignore[no-untyped-call]
        _losses(view, batch, dual)
    return _constant(view)


def _hessian(view: ProblemView) -> ParetoSet:
    batch, values = next(view.batches(SIZE)), torch.zeros(len(view.experts))
    torch.func.hessian(lambda x: _losses(view, batch, x).sum())(values)
    return _constant(view)


def _second_derivative(view: ProblemView) -> ParetoSet:
    batch = next(view.batches(SIZE))
    values = torch.zeros(len(view.experts), requires_grad=True)
    loss = _losses(view, batch, values).sum()
    torch.autograd.grad(loss, values, create_graph=True)
    return _constant(view)


def _many_gradients(view: ProblemView) -> ParetoSet:
    batch = next(view.batches(SIZE))
    values = torch.zeros(len(view.experts), requires_grad=True)
    losses = _losses(view, batch, values)
    torch.autograd.grad(losses, values, torch.eye(len(losses)), is_grads_batched=True)
    return _constant(view)


def _backward_again(view: ProblemView) -> ParetoSet:
    weights = view.experts.pretrained.clone().requires_grad_()
    losses = view.losses(weights, next(view.batches(SIZE)))
    for _ in range(10):
        torch.autograd.grad(losses.sum(), weights, retain_graph=True)
    return _constant(view)


class _Disguise(Tensor):
    """A tensor whose operations could do anything."""


def _subclass(view: ProblemView) -> ParetoSet:
    batch = next(view.batches(SIZE))
    _losses(view, batch, torch.zeros(len(view.experts)).as_subclass(_Disguise))
    return _constant(view)


def _forged_batch(view: ProblemView) -> ParetoSet:
    batch = next(view.batches(SIZE))
    forged = Batch(inputs=batch.inputs, segments=(slice(42, 0),), labels=None)
    view.logits(view.experts.pretrained, forged, 0)
    return _constant(view)


def _negative_charge(view: ProblemView) -> ParetoSet:
    view.evaluate(Coefficients(values=torch.zeros(len(view.experts))))
    view.budget.charge(-view.budget.ledger.units)
    return _constant(view)


def _edited_ledger(view: ProblemView) -> ParetoSet:
    view.evaluate(Coefficients(values=torch.zeros(len(view.experts))))
    view.budget.ledger.units = 0
    return _constant(view)


def _late_search(view: ProblemView) -> ParetoSet:
    def search(preference: Tensor) -> Coefficients:
        points = [Coefficients(values=x) for x in torch.rand(100, len(view.experts))]
        return min(points, key=lambda p: float((preference * view.objectives(p)).max()))

    return MapSet(experts=view.experts, function=search)


def _test_split(view: ProblemView) -> ParetoSet:
    from fusefront.benchmark.study.problem_spec import ProblemSpec

    problem = ProblemSpec.parse("smoke-left-right").load()
    oracle = problem.oracle(frozenset({"test"}))
    oracle.measure(view.experts.pretrained, "test")
    return _constant(view)


def _scoring_preferences(view: ProblemView) -> ParetoSet:
    from fusefront.benchmark.score.preferences import scoring_preferences

    scoring_preferences(len(view.tasks))
    return _constant(view)


def _memory(view: ProblemView) -> ParetoSet:
    known, Evasion.found = Evasion.found, torch.ones(len(view.experts))
    if known is not None:
        raise AssertionError("The rehearsal's knowledge must be gone. Found it in the fit.")
    return _constant(view)


def _edited_experts(view: ProblemView) -> ParetoSet:
    view.experts.pretrained.mul_(1.01)
    return _constant(view)


def _private_oracle(view: ProblemView) -> ParetoSet:
    oracle, batch = view._oracle, next(view.batches(SIZE))
    oracle.losses(view.experts.pretrained, batch)
    return _constant(view)


def _own_network(view: ProblemView) -> ParetoSet:
    inputs = next(view.batches(SIZE)).inputs
    sum(view.experts.pretrained[:10].sum() * x.float().sum() for x in inputs)
    return _constant(view)


ATTEMPTS: Final[Mapping[str, Attempt]] = {
    "vmap": Attempt(
        what="measure 1,000 models in one call of `view.losses`, by `torch.vmap`",
        outcome="refused",
        run=_vmap,
    ),
    "dual": Attempt(
        what="compute a derivative without a backward pass, by dual numbers",
        outcome="refused",
        run=_dual,
    ),
    "hessian": Attempt(
        what="compute second derivatives by `torch.func.hessian`", outcome="refused", run=_hessian
    ),
    "second-derivative": Attempt(
        what="differentiate twice, by `create_graph=True`",
        outcome="refused",
        run=_second_derivative,
    ),
    "many-gradients": Attempt(
        what="compute many gradients in one backward pass, by `is_grads_batched`",
        outcome="refused",
        run=_many_gradients,
    ),
    "backward-again": Attempt(
        what="run ten backward passes through one graph", outcome="charged", run=_backward_again
    ),
    "subclass": Attempt(
        what="pass a subclass of `Tensor` with operations of its own",
        outcome="refused",
        run=_subclass,
    ),
    "forged-batch": Attempt(
        what="pass a batch whose segment has -42 rows", outcome="refused", run=_forged_batch
    ),
    "negative-charge": Attempt(
        what="charge a negative amount", outcome="refused", run=_negative_charge
    ),
    "edited-ledger": Attempt(
        what="set the units of the ledger to 0", outcome="ineffective", run=_edited_ledger
    ),
    "late-search": Attempt(
        what="return a map that searches on validation when it is scored",
        outcome="refused",
        run=_late_search,
    ),
    "test-split": Attempt(
        what="open the problem by its name, with the test split, in `fit`",
        outcome="refused",
        run=_test_split,
    ),
    "scoring-preferences": Attempt(
        what="import the scoring preferences in `fit`",
        outcome="refused",
        run=_scoring_preferences,
    ),
    "memory": Attempt(
        what="keep what the rehearsal found in a class attribute",
        outcome="ineffective",
        run=_memory,
    ),
    "edited-experts": Attempt(
        what="modify the weights of the experts", outcome="detected", run=_edited_experts
    ),
    "private-oracle": Attempt(
        what="call the oracle behind the view, a private attribute",
        outcome="convention",
        run=_private_oracle,
    ),
    "own-network": Attempt(
        what="compute on the inputs of a batch with a network of one's own",
        outcome="convention",
        run=_own_network,
    ),
}


@ALGORITHMS.register(
    "evasion",
    summary="Tries to evade the protocol.",
    source="-",
    data="labelled",
    access="gradients",
    output="constant",
    space="task",
    track="inductive",
)
@dataclass(frozen=True, kw_only=True)
class Evasion(Algorithm):
    """Tries one way to evade the protocol.

    Attributes:
        kind: A key of `ATTEMPTS`.
    """

    found: ClassVar[Tensor | None] = None
    kind: str = "vmap"

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Try it, and return the pretrained model if it succeeds."""
        return ATTEMPTS[self.kind].run(view)
