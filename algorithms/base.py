"""What an algorithm is: hyper-parameters as fields, and one method."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch

from ..problems.view import ProblemView
from .pareto_set import ParetoSet


@dataclass(frozen=True, kw_only=True)
class Algorithm(ABC):
    """A way to answer every preference over the tasks with a merged model.

    Subclasses are frozen keyword-only dataclasses; their fields are the hyper-parameters and the
    whole configuration. One instance may fit any number of problems. Peak memory is measured on a
    rehearsal with four of each of the fields called `steps`, `points` and `generations`: they must
    count repetitions that take no more memory the more there are. Whoever changes a class so that
    its results change raises its `version`: its runs, and no others, are computed anew.
    """

    version: ClassVar[int] = 1

    @abstractmethod
    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        """Answer for this problem.

        Args:
            view: All the data and experts there are; each call is charged to `view.budget`.
                Plan within `view.affordable_steps`, or call `view.milestone` after every step:
                when the budget runs out the last milestone is the answer.
            generator: The only source of randomness.
        """
