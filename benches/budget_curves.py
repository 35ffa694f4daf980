"""Does a family starve, die, diverge or converge? One algorithm of each, at growing budgets.

    python -m benches.budget_curves digits-left-right 5000 20000 80000

prints the expected utility on validation (smaller is better) at every budget, the part of the
logged loss that is left at the end, and dead routers where there are any.
"""

import math
import sys
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import ParetoSet
from fusefront.algorithms.scalarizations import AUGMENTATION
from fusefront.errors import BudgetExhausted
from fusefront.problems import PROBLEMS
from fusefront.problems.base import Problem
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view

ONE_PER_FAMILY: Final = (
    *("fisher", "pwemoe-ls", "pwemoe-ls-tensors", "ls-coefficients", "map"),
    *("adamerging-tensor", "phn-ls", "lorpman", "mhr", "epo-finetune", "mgda-flat-finetune"),
    "nsga2",
)
RAYS: Final = 11


def fitted(name: str, problem: Problem, units: int) -> tuple[ParetoSet, ProblemView]:
    """Return the Pareto set that a budget pays for, and the view with its traces."""
    view = open_view(problem, units=units)
    try:
        found = ALGORITHMS[name].make().fit(view, generator=torch.Generator().manual_seed(0))
    except BudgetExhausted:
        found = view.pareto_set_so_far()
        if found is None:
            raise
    return found, view


def expected_utility(pareto_set: ParetoSet, problem: Problem) -> float:
    """Return the mean over two tasks' preferences of max_i p_i g_i plus its augmentation."""
    judge = open_view(problem)
    utilities = []
    for share in np.linspace(0, 1, RAYS):
        preference = np.array([share, 1 - share])
        (model,) = pareto_set.models(preference)
        objectives = judge.objectives(model)
        weighted = preference * objectives
        utilities.append(weighted.max() + AUGMENTATION * weighted.sum())
    return float(np.mean(utilities))


def row(name: str, problem: Problem, budgets: Sequence[int]) -> str:
    """Return one line: utilities, and at the last budget the loss left and dead routers."""
    cells = []
    for units in budgets:
        try:
            pareto_set, view = fitted(name, problem, units)
        except BudgetExhausted:
            cells.append(f"{'starved':>9}")
            continue
        cells.append(f"{expected_utility(pareto_set, problem):9.3f}")
    losses = [value for _, _, what, value in view.traces if what == "loss"]
    dead = [value for _, _, what, value in view.traces if what == "dead-routers"]
    left = np.mean(losses[-5:]) / np.mean(losses[:5]) if len(losses) > 9 else math.nan
    return f"{name:20} {' '.join(cells)} {left:6.2f} {dead[-1] if dead else math.nan:5.0f}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    pair, *wanted = sys.argv[1:]
    units = [int(budget) for budget in wanted]
    sys.stdout.write(f"{pair:20} {' '.join(f'{n:9}' for n in units)}   left  dead\n")
    for algorithm in ONE_PER_FAMILY:
        sys.stdout.write(row(algorithm, PROBLEMS[pair].make(), units) + "\n")
        sys.stdout.flush()
