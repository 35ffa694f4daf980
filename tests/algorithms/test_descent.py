import pytest
import torch
from tests.algorithms.quadratic import quadratic_view

from fusefront.algorithms.training.descent import Descent, affordable
from fusefront.errors import BudgetExhausted
from fusefront.testing.toy_problem import open_view, toy_problem


def test_descent_is_adam_on_a_cosine_from_the_learning_rate_to_its_final_share() -> None:
    view = quadratic_view(2)
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    Descent(steps=10, learning_rate=0.1).run(view, [x], view.batches(2), lambda _: (x**2).sum())
    y = torch.tensor([1.0, -2.0], requires_grad=True)
    adam = torch.optim.Adam([y], lr=0.1)
    for step in range(10):
        cosine = (1 + torch.cos(torch.tensor(torch.pi * step / 10))) / 2
        adam.param_groups[0]["lr"] = 0.01 + (0.1 - 0.01) * float(cosine)
        adam.zero_grad()
        (y**2).sum().backward()  # type: ignore[no-untyped-call]
        adam.step()
    torch.testing.assert_close(x, y)


def test_loss_is_logged_some_twenty_times() -> None:
    view = quadratic_view(2)
    x = torch.ones(1, requires_grad=True)
    Descent(steps=100, learning_rate=0.1).run(view, [x], view.batches(2), lambda _: (x**2).sum())
    assert len(view.traces) == 20
    assert view.traces[-1][3] < view.traces[0][3]


def test_callback_runs_after_every_step() -> None:
    view = quadratic_view(2)
    x = torch.ones(1, requires_grad=True)
    seen: list[float] = []
    Descent(steps=5, learning_rate=0.1).run(
        view,
        [x],
        view.batches(2),
        lambda _: (x**2).sum(),
        after_step=lambda: seen.append(float(x.detach())),
    )
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(("units", "steps"), [(None, 50), (96 * 7 + 95, 7), (0, 1)])
def test_affordable_steps_are_what_the_budget_covers_or_one_that_it_will_refuse(
    units: int | None, steps: int
) -> None:
    assert affordable(open_view(toy_problem(2), units=units), 50, 16) == steps


def test_step_that_cannot_be_paid_is_refused_by_the_budget() -> None:
    view = open_view(toy_problem(2), units=0)
    params = view.experts.pretrained.clone().requires_grad_()
    with pytest.raises(BudgetExhausted):
        Descent(steps=1, learning_rate=0.1).run(
            view, [params], view.batches(4), lambda batch: view.losses(params, batch).sum()
        )
