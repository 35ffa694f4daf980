"""Caps in every currency end a fit cleanly with its last milestone."""

import pytest
import torch

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import ParetoSet
from fusefront.errors import BudgetExhausted
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem


def fitted(name: str, caps: dict[str, float]) -> tuple[object, ProblemView]:
    """Fit as a worker does: return the last milestone if the budget ends the fit."""
    view = open_view(toy_problem(3), units=20_000)
    view.budget.caps = caps
    try:
        answer: object = (
            ALGORITHMS[name].make().fit(view, generator=torch.Generator().manual_seed(0))
        )
    except BudgetExhausted:
        answer = view.pareto_set_so_far()
    return answer, view


@pytest.mark.parametrize(
    ("name", "currency", "cap"),
    [
        ("pwemoe-ls", "gradient_steps", 7),
        ("pwemoe-ls", "labelled_examples", 100),
        ("pwemoe-ls", "model_builds", 5),
        ("adamerging-tensor", "unlabelled_examples", 100),
        ("adamerging-tensor", "gradient_steps", 7),
        ("sobol-pool", "validation_evaluations", 9),
        ("task-arithmetic", "validation_evaluations", 4),
        ("nsga2", "validation_evaluations", 30),
        ("ls-coefficients", "gradient_steps", 70),
    ],
)
def test_a_cap_is_never_crossed_and_leaves_a_pareto_set(name: str, currency: str, cap: int) -> None:
    free, view = fitted(name, {})
    assert getattr(view.budget.ledger, currency) > cap, "the cap must matter"
    answer, view = fitted(name, {currency: cap})
    assert isinstance(answer, ParetoSet)
    assert 0 < getattr(view.budget.ledger, currency) <= cap
    assert isinstance(free, ParetoSet)
    assert answer.output == free.output


def test_steps_are_planned_within_their_cap() -> None:
    _, view = fitted("pwemoe-ls", {"gradient_steps": 7})
    assert view.budget.ledger.gradient_steps == 7


def test_wall_time_ends_a_fit_with_its_last_milestone() -> None:
    view = open_view(toy_problem(3))
    view.budget.caps = {"wall_seconds": 0.2}
    endless = ALGORITHMS["pwemoe-ls"].make(steps=10**6)
    with pytest.raises(BudgetExhausted, match="wall seconds"):
        endless.fit(view, generator=torch.Generator().manual_seed(0))
    assert isinstance(view.pareto_set_so_far(), ParetoSet)
