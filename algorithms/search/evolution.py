"""Evolutionary searches of coefficients, with pymoo's implementations."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, final

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

from ...domains import Count
from ...ranges import Choices
from ...registry import bound
from ..training.rays import rays
from .geometry_survival import GeometrySurvival
from .pools import PoolSearch
from .trial import Trial

Array = NDArray[np.float64]
_SMALLEST, _LARGEST = 8, 100
"""Bounds of the population size; fewer than 8 models leave little to recombine."""
_PARTITIONS: Final = 2
"""Fewest parts that a lattice of directions has along an edge: it has the edges' midpoints."""


def directions(tasks: int, population: int) -> Array:
    """Return `(k, m)` directions: the finest lattice with the centre that a population covers.

    It is never coarser than the corners, the midpoints of the edges and the centre.
    """
    coarsest = math.comb(_PARTITIONS + tasks - 1, tasks - 1) + 1
    return rays(tasks, max(population, coarsest)).double().numpy()


def nsga2(tasks: int, population: int) -> Any:
    """Survivors are chosen by nondomination rank, then by crowding distance.

    Simulated binary crossover (eta 15, probability 0.9), polynomial mutation (eta 20).
    Source: Deb et al. 2002, IEEE Trans. Evol. Comput. 6(2); pymoo's implementation.
    """
    return NSGA2(pop_size=population)


def nsga3(tasks: int, population: int) -> Any:
    """Survivors are chosen by nondomination rank, then by niches around reference directions.

    The directions are a lattice, and the population is at least as large. Simulated binary
    crossover (eta 30, probability 1), polynomial mutation (eta 20).
    Source: Deb and Jain 2014, IEEE Trans. Evol. Comput. 18(4); pymoo's implementation.
    """
    lattice = directions(tasks, population)
    return NSGA3(lattice, pop_size=max(population, len(lattice)))


def moead(tasks: int, population: int) -> Any:
    """Each weight vector of a lattice keeps one model; better models of its neighbours replace it.

    Models are compared by the weighted Tchebycheff distance to the ideal point, for any number of
    tasks: on analytic problems of 3 and 5 tasks it came nearer to the true front than the penalty
    boundary intersection, which is pymoo's default from three tasks on. A neighbourhood is a fifth
    of the weights, at least 3, and mates with probability 0.9; fractions of 0.35, 0.5 and 1 were no
    better. Simulated binary crossover (eta 20, probability 1), polynomial mutation (eta 20).
    Offspring are not checked for duplicates; measuring a model again only costs its turn.
    Source: Zhang and Li 2007, IEEE Trans. Evol. Comput. 11(6); pymoo's implementation.
    """
    lattice = directions(tasks, population)
    neighbours = max(3, len(lattice) // 5)
    return MOEAD(lattice, n_neighbors=neighbours, decomposition=Tchebicheff())


def rvea(tasks: int, population: int) -> Any:
    """Survivors are chosen by their angle to reference vectors and their distance to the ideal.

    Early on distance counts most. The vectors are a lattice. They are adapted to the ranges of the
    objectives ten times, except while an objective has no range. Simulated binary crossover (eta
    30, probability 1), polynomial mutation (eta 20).
    Source: Cheng et al. 2016, IEEE Trans. Evol. Comput. 20(5); pymoo's implementation.
    """
    lattice = directions(tasks, population)
    return RVEA(lattice, pop_size=max(population, len(lattice)), survival=_SafeSurvival(lattice))


@final
class _SafeSurvival(APDSurvival):  # type: ignore[misc] # pymoo has no types
    def adapt(self) -> None:
        """Scale the vectors by ranges; a range of 0 would leave vectors without a direction."""
        if self.nadir is not None and (self.nadir > self.ideal).all():
            super().adapt()


def sms_emoa(tasks: int, population: int) -> Any:
    """One model is bred per step, and the one with the smallest hypervolume contribution dropped.

    Simulated binary crossover and polynomial mutation with pymoo's defaults.
    Source: Beume et al. 2007, Eur. J. Oper. Res. 181(3); pymoo's implementation.
    """
    return SMSEMOA(pop_size=population, n_offsprings=1)


def age_moea(tasks: int, population: int) -> Any:
    """Survivors are chosen by diversity over proximity, in the norm that fits the front's shape.

    Parents are chosen by rank, then by that score. Simulated binary crossover (eta 15, probability
    0.9), polynomial mutation (eta 20).
    Source: Panichella 2019, https://doi.org/10.1145/3321707.3321839; around pymoo's engine.
    """
    optimiser = NSGA2(pop_size=population, survival=GeometrySurvival())
    optimiser.tournament_type = "comp_by_rank_and_crowding"
    return optimiser


OPTIMISERS: Final[Mapping[str, Callable[[int, int], Any]]] = {
    "nsga2": nsga2,
    "nsga3": nsga3,
    "moead": moead,
    "rvea": rvea,
    "sms-emoa": sms_emoa,
    "age-moea": age_moea,
}
"""Maps the number of tasks and the size of the population to pymoo's algorithm."""


@final
@dataclass(frozen=True, kw_only=True)
class EvolutionarySearch(PoolSearch):
    """An evolutionary search: a population of models that are recombined and mutated.

    The size of the population is the number of models that the budget covers, divided by
    `generations`, between 8 and 100: 8 for 90 models, 25 for 500.

    Args:
        generations: Number of generations; the population size follows from it.
    """

    generations: Annotated[Count, Choices(values=(5, 10, 20, 40))] = 20
    optimiser: str = bound(among=OPTIMISERS)

    def _search(self, trial: Trial, generator: torch.Generator) -> None:
        population = min(max(trial.count // self.generations, _SMALLEST), _LARGEST)
        optimiser = OPTIMISERS[self.optimiser](trial.tasks, population)
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
            # The budget ended inside a generation, which pymoo cannot use without all its values.
            if len(objectives) < len(rows):
                break
            Evaluator().eval(StaticProblem(optimiser.problem, F=objectives), found)
            optimiser.tell(infills=found)
