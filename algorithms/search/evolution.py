"""Evolutionary searches of coefficients, by pymoo's implementations."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from pymoo.algorithms.moo.moead import MOEAD
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.algorithms.moo.rvea import RVEA, APDSurvival
from pymoo.algorithms.moo.sms import SMSEMOA
from pymoo.core.evaluator import Evaluator
from pymoo.core.problem import Problem
from pymoo.decomposition.tchebicheff import Tchebicheff
from pymoo.problems.static import StaticProblem
from pymoo.termination import get_termination

from ...problems.layout import Space
from ..training.rays import rays
from .geometry_survival import GeometrySurvival
from .pools import PoolSearch
from .trial import Trial

Array = NDArray[np.float64]
_LEAST, _MOST = 8, 100
"""Sizes of a population."""
_PARTITIONS: Final = 2
"""A lattice of directions has the midpoints of the edges at least."""


@dataclass(frozen=True, kw_only=True)
class Evolution(PoolSearch, ABC):
    """An evolutionary search: a population of models, recombined and mutated.

    The population is as many of the models that the budget covers as make `generations` of them,
    8 to 100: 8 for 90 models, 25 for 500. Operators are pymoo's defaults for each algorithm.
    Every subclass names the five hyper-parameters here:

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^d.
        generations: What the models measured are shared out to.
    """

    generations: int = 20

    @abstractmethod
    def _optimiser(self, tasks: int, population: int) -> Any:
        """The pymoo algorithm."""

    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        population = min(max(trial.count // self.generations, _LEAST), _MOST)
        optimiser = self._optimiser(trial.tasks, population)
        optimiser.setup(
            Problem(n_var=trial.dimensions, n_obj=trial.tasks, xl=0.0, xu=self.upper),
            termination=get_termination("n_gen", trial.count // optimiser.n_offsprings + 1),
            seed=int(torch.randint(2**31, (1,), generator=generator)),
        )
        while trial.left and optimiser.has_next():
            found = optimiser.ask()
            if found is None:
                break
            rows = np.atleast_2d(found.get("X"))  # MOEA/D asks for one model at a time
            objectives = trial.measure(rows)
            if len(objectives) < len(rows):
                break
            Evaluator().eval(StaticProblem(optimiser.problem, F=objectives), found)
            optimiser.tell(infills=found)


def directions(tasks: int, population: int) -> Array:
    """`(k, m)` reference directions: the finest lattice with the centre that a population covers.

    Never coarser than the corners, the midpoints of the edges and the centre.
    """
    coarsest = math.comb(_PARTITIONS + tasks - 1, tasks - 1) + 1
    return rays(tasks, max(population, coarsest)).double().numpy()


@final
@dataclass(frozen=True, kw_only=True)
class NSGA2Search(Evolution):
    """Survivors by nondomination rank, then by crowding distance.

    Simulated binary crossover (eta 15, probability 0.9), polynomial mutation (eta 20).
    Source: Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2); pymoo's implementation.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^m.
        generations: What the models measured are shared out to.
    """

    def _optimiser(self, tasks: int, population: int) -> Any:
        return NSGA2(pop_size=population)


@final
@dataclass(frozen=True, kw_only=True)
class NSGA2BlockSearch(Evolution):
    """NSGA-II with a coefficient for each task in each block: `nsga2` in a larger space.

    Source: Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2); pymoo's implementation.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^(blocks m).
        generations: What the models measured are shared out to.
    """

    space: ClassVar[Space] = "block"

    def _optimiser(self, tasks: int, population: int) -> Any:
        return NSGA2(pop_size=population)


@final
@dataclass(frozen=True, kw_only=True)
class NSGA3Search(Evolution):
    """Survivors by nondomination rank, then by niches around reference directions.

    The directions are a lattice, and the population is as large at least. Simulated binary
    crossover (eta 30, probability 1), polynomial mutation (eta 20).
    Source: Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4); pymoo's implementation.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^m.
        generations: What the models measured are shared out to.
    """

    def _optimiser(self, tasks: int, population: int) -> Any:
        aims = directions(tasks, population)
        return NSGA3(aims, pop_size=max(population, len(aims)))


@final
@dataclass(frozen=True, kw_only=True)
class MOEADSearch(Evolution):
    """A model for each weight vector of a lattice, replaced by better ones of its neighbours.

    Better is the lesser weighted Tchebycheff distance to the ideal, for any number of tasks: on
    analytic problems of 3 and 5 tasks it came nearer to the true front than the penalty boundary
    intersection that pymoo takes from three tasks on. A fifth of the weights, 3 at least, are a
    neighbourhood, which mates with probability 0.9; 0.35, 0.5 and 1 of them were no better.
    Simulated binary crossover (eta 20, probability 1), polynomial mutation (eta 20). Offspring are
    not checked for duplicates; measuring one again costs nothing but its turn.
    Source: Zhang and Li 2007, IEEE Trans. Evol. Comput. 11(6); pymoo's implementation.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^m.
        generations: What the models measured are shared out to.
    """

    def _optimiser(self, tasks: int, population: int) -> Any:
        aims = directions(tasks, population)
        neighbours = max(3, len(aims) // 5)
        return MOEAD(aims, n_neighbors=neighbours, decomposition=Tchebicheff())


@final
@dataclass(frozen=True, kw_only=True)
class RVEASearch(Evolution):
    """Survivors by angle to reference vectors and, at first above all, distance to the ideal.

    The vectors are a lattice, adapted to the ranges of the objectives ten times, but not while an
    objective has no range. Simulated binary crossover (eta 30, probability 1), polynomial mutation
    (eta 20).
    Source: Cheng et al. 2016, IEEE Trans. Evol. Comput. 20(5); pymoo's implementation.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^m.
        generations: What the models measured are shared out to.
    """

    def _optimiser(self, tasks: int, population: int) -> Any:
        aims = directions(tasks, population)
        return RVEA(aims, pop_size=max(population, len(aims)), survival=_SafeSurvival(aims))


@final
class _SafeSurvival(APDSurvival):  # type: ignore[misc] # pymoo has no types
    def adapt(self) -> None:
        """Scale the vectors by ranges; a range of 0 would leave vectors without direction."""
        if self.nadir is not None and (self.nadir > self.ideal).all():
            super().adapt()


@final
@dataclass(frozen=True, kw_only=True)
class SMSEMOASearch(Evolution):
    """One model at a time is bred, and that of least hypervolume contribution is dropped.

    Simulated binary crossover, polynomial mutation, pymoo's defaults of both.
    Source: Beume et al. 2007, Eur. J. Oper. Res. 181(3); pymoo's implementation.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^m.
        generations: What the models measured are shared out to.
    """

    def _optimiser(self, tasks: int, population: int) -> Any:
        return SMSEMOA(pop_size=population, n_offsprings=1)


@final
@dataclass(frozen=True, kw_only=True)
class AGEMOEASearch(Evolution):
    """Survivors by diversity over proximity, in the norm that fits the shape of the front.

    Parents by rank, then by that score. Simulated binary crossover (eta 15, probability 0.9),
    polynomial mutation (eta 20).
    Source: Panichella 2019, https://doi.org/10.1145/3321707.3321839; around pymoo's engine.

    Args:
        points: Most models to measure; fewer where the budget ends first.
        examples: Validation examples of each task for the search; all, if the budget covers it.
        kept: Most models to measure again; at most half of the budget is kept for them.
        upper: The box is [0, upper]^m.
        generations: What the models measured are shared out to.
    """

    def _optimiser(self, tasks: int, population: int) -> Any:
        optimiser = NSGA2(pop_size=population, survival=GeometrySurvival())
        optimiser.tournament_type = "comp_by_rank_and_crowding"
        return optimiser
