import pytest

from fusefront.errors import BudgetExhausted
from fusefront.problems.budget import SPENT, TIERS, Budget


def test_call_that_would_exceed_the_cap_is_refused_and_costs_nothing() -> None:
    budget = Budget(units=10)
    budget.charge(7)
    with pytest.raises(BudgetExhausted, match=r"needs 4 units\. Found 3 of 10 left"):
        budget.charge(4)
    assert budget.ledger.units == 7
    budget.charge(3)
    assert budget.remaining == 0


def test_budget_without_a_cap_never_ends() -> None:
    budget = Budget()
    budget.charge(10**12)
    assert budget.remaining == float("inf")


def test_tiers_grow() -> None:
    assert TIERS["S"] < TIERS["M"] < TIERS["L"]


def test_ledger_has_a_column_for_every_currency() -> None:
    assert Budget().ledger.as_dict() == {
        "units": 0,
        "labelled_examples": 0,
        "unlabelled_examples": 0,
        "validation_evaluations": 0,
        "gradient_steps": 0,
        "model_builds": 0,
    }


@pytest.mark.parametrize("currency", [name for name in SPENT if name != "wall_seconds"])
def test_a_cap_in_any_currency_refuses_and_nothing_is_spent(currency: str) -> None:
    budget = Budget(units=100, caps={currency: 3})
    budget.charge(10, **{currency: 2})
    words = currency.replace("_", " ")
    with pytest.raises(BudgetExhausted, match=rf"needs 2 {words}\. Found 1 of 3 left"):
        budget.charge(10, **{currency: 2})
    assert (budget.ledger.units, budget.left(currency)) == (10, 1)


def test_every_charge_checks_wall_time() -> None:
    budget = Budget(caps={"wall_seconds": 5})
    budget.charge(1)
    budget.start -= 6
    with pytest.raises(BudgetExhausted, match=r"wall seconds\. Found 0 of 5 left"):
        budget.charge(1)
