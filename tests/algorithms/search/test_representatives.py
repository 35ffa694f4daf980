from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray

from fusefront.algorithms.scalarizations import achievement
from fusefront.algorithms.search.trial import representatives

Array = NDArray[np.float64]
ENDS = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])


def choose(objectives: Array, count: int, known: Array = ENDS) -> list[int]:
    generator = torch.Generator().manual_seed(0)
    found = representatives(objectives, known=known, count=count, generator=generator)
    return [int(i) for i in found]


def mean_utility(objectives: Array, known: Array) -> float:
    asked = np.random.default_rng(1).dirichlet(np.ones(objectives.shape[1]), 400)
    kept = np.vstack([known, objectives])
    return float(np.mean([achievement(kept, p).min() for p in asked]))


def test_first_representative_helps_most_on_average() -> None:
    objectives = np.random.default_rng(0).uniform(0.2, 0.9, (20, 2))
    by_hand = [mean_utility(objectives[[i]], ENDS) for i in range(20)]
    assert choose(objectives, 1) == [int(np.argmin(by_hand))]


def test_greedy_choice_is_nearly_as_good_as_the_best_subset_of_its_size() -> None:
    objectives = np.random.default_rng(2).uniform(0.1, 0.9, (12, 2))
    best = min(mean_utility(objectives[list(c)], ENDS) for c in combinations(range(12), 3))
    greedy = mean_utility(objectives[choose(objectives, 3)], ENDS)
    assert greedy <= 1.02 * best


def test_models_that_no_preference_chooses_are_left_out() -> None:
    objectives = np.array([[0.3, 0.3], [0.31, 0.31], [1.0, 0.5]])
    assert choose(objectives, 3) == [0]
    assert choose(np.array([[2.0, 2.0]]), 1) == []


def test_convex_front_is_covered() -> None:
    share = np.linspace(0, 1, 101)
    chosen = choose(np.stack([(1 - share) ** 2, share**2], axis=1), 9)
    assert len(chosen) == 9
    assert np.diff(sorted(chosen)).max() <= 20
