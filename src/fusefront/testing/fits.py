"""Fits of contracts: the entry of an algorithm, its view of the toy problem, and its models."""

from dataclasses import fields

import numpy as np
import torch
from torch import Tensor

from ..algorithms import ALGORITHMS
from ..algorithms.base import Algorithm
from ..algorithms.pareto_set import ParetoSet
from ..benchmark.score.measure import ScoredPoint, score
from ..entry import Entry, is_bound
from ..problems.base import Oracle
from ..problems.view import ProblemView
from .toy_problem import ToyProblem, open_view


def entry_of(algorithm: Algorithm) -> Entry[type[Algorithm]]:
    """Return the entry with the algorithm's class and, if several share it, its bound fields."""
    kind = type(algorithm)
    hidden = [f.name for f in fields(kind) if is_bound(f)]
    for entry in ALGORITHMS:
        if entry.load() is kind:
            made = entry.make()
            if all(getattr(made, name) == getattr(algorithm, name) for name in hidden):
                return entry
    raise AssertionError(f"{kind.__name__} must be registered. Use @ALGORITHMS.register.")


def open_for(
    algorithm: Algorithm, problem: ToyProblem, units: int, oracle: Oracle | None = None
) -> ProblemView:
    """Open a view; only in the transductive track it contains the test inputs."""
    transductive = entry_of(algorithm).labels["track"] == "transductive"
    return open_view(problem, units=units, oracle=oracle, transductive=transductive)


def generator() -> torch.Generator:
    """Return a generator in the state that all fits of contracts start from."""
    return torch.Generator().manual_seed(11)


def preferences(m: int) -> list[np.typing.NDArray[np.float64]]:
    """Return the corners and the centre of the simplex of m tasks."""
    return [*np.eye(m), np.full(m, 1 / m)]


def measured(pareto_set: ParetoSet, problem: ToyProblem) -> list[ScoredPoint]:
    """Measure the points at the corners and the centre on validation."""
    oracle = problem.oracle(frozenset({"validation"}))
    return score(pareto_set, oracle, "validation", np.array(preferences(len(problem.tasks))))


def models_of(pareto_set: ParetoSet) -> list[Tensor]:
    """Return the models behind the points at the corners and the centre."""
    return [x for p in preferences(pareto_set.experts.tasks) for x in pareto_set.models(p)]
