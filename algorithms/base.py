"""The base class of algorithms: hyper-parameters as fields, and one method."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch

from ..domains import check_fields
from ..problems.view import ProblemView
from .pareto_set import ParetoSet


@dataclass(frozen=True, kw_only=True)
class Algorithm(ABC):
    """A method that finds a merged model for every preference over the tasks.

    Subclasses are frozen keyword-only dataclasses; their fields are the hyper-parameters and the
    whole configuration. Annotations declare which values a field may have (`fusefront.domains`);
    requirements on several fields belong in `__post_init__`. One instance may fit any number of
    problems. Peak memory is measured in a rehearsal, a short fit in which the fields called
    `steps`, `points` and `generations` are at most 4: these must count iterations whose number does
    not affect memory, and allow 4. A change of a class that changes its results must raise its
    `version`, so that its runs, and only these, are computed again.
    """

    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Check that every field is in its domain.

        Raises:
            ParameterError: If one is not.
        """
        check_fields(self)

    @abstractmethod
    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Fit this problem.

        Args:
            view: The experts and data of the problem; each call is charged to `view.budget`.
                Plan within `view.affordable_steps`, or call `view.milestone` after every step:
                when the budget runs out, the last one is the result.
            generator: The only source of randomness.
        """
