"""Area under the anytime curve: quality over the whole fit, not only at its end."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ParameterError
from .checks import check_milestones, check_points, check_vector
from .cost import number


def anytime_utility(
    points: ArrayLike,
    /,
    *,
    milestones: ArrayLike,
    milestone_units: ArrayLike,
    run: Mapping[str, object],
) -> float | None:
    """Mean over the budget of the expected utility at milestones; lower is better.

    The utility of a milestone is the mean of max_i p_i g_i over the corners and the centre. It
    holds until the next milestone, and that of the last one until the budget is spent. Before
    the first milestone there is only the pretrained model. Without a cap, the units of the last
    milestone are the budget. So an algorithm that is good early is better than one that becomes
    equally good late. It is None if there are no milestones, or nothing was spent.

    Args:
        points: `(n, m)` final objectives; only the number of tasks is used.
        milestones: `(k, m + 1, m)` objectives on test, for the corners and the centre.
        milestone_units: `(k,)` units at each milestone, ascending.
        run: The row of the run, with `budget_units` if there was a cap.

    Raises:
        ShapeError: If the shapes differ.
        ParameterError: If units descend or a number is not finite.

    Source: Hansen et al. 2022 (COCO: anytime performance), with the utility of Zintgraf et al.
    2015. O(k m^2).

    >>> anytime_utility(
    ...     [[0.0, 0.0]],
    ...     milestones=[[[0.0, 0.0]] * 3],
    ...     milestone_units=[60],
    ...     run={"budget_units": 100},
    ... )
    0.5
    """
    m = check_points(points).shape[1]
    stages = check_milestones(milestones, m=m)
    units = check_vector(milestone_units, name="milestone_units", m=len(stages))
    if (np.diff(units) < 0).any():
        raise ParameterError(
            "`milestone_units` must not descend. Found a smaller number after a larger one. "
            "Sort the milestones by units."
        )
    if len(stages) == 0:
        return None
    end = max(number(run, "budget_units") or 0.0, float(units[-1]))
    if end <= 0:
        return None
    preferences = np.vstack([np.eye(m), np.full((1, m), 1 / m)])
    untouched = preferences.max(axis=1).mean()
    utilities = [untouched, *(preferences * stages).max(axis=2).mean(axis=1)]
    return float(np.dot(utilities, np.diff([0.0, *units, end])) / end)
