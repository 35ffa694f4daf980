"""Fits whose points pass the checks of a run; a fit that fails is reported by its cause."""

from ..algorithms.base import Algorithm
from ..algorithms.pareto_set import ParetoSet
from ..benchmark.score.points import checked_point
from ..errors import BudgetExhausted, PluginResultError
from ..problems.view import ProblemView
from .fits import generator, preferences
from .promises import BrokenFit, failed_fit


def fitted(algorithm: Algorithm, view: ProblemView) -> ParetoSet | None:
    """Return the result of a fit; None if the budget ended before its first milestone.

    Raises:
        BrokenFit: If the fit raises an error, or a run would refuse what it returns.
    """
    found: object
    within = f"a fit within {view.budget.units:,} units"
    try:
        found = algorithm.fit(view, generator=generator())
    except BudgetExhausted:
        found = view.pareto_set_so_far()
        if found is None:
            return None
    except KeyboardInterrupt:  # pytest must stop
        raise
    except BaseException as error:  # also SystemExit, which a fit must not raise either
        raise failed_fit(f"{within} ends without an error", error) from error
    if not isinstance(found, ParetoSet):
        raise BrokenFit(
            f"{within} returns a Pareto set",
            "`fit` returns a ParetoSet. Expected: a ConstantSet, FiniteSet or MapSet. "
            f"Found: {type(found).__name__}.",
            cause=type(found).__name__,
        )
    _check_points(found)
    return found


def _check_points(pareto_set: ParetoSet) -> None:
    """Check the points at the corners and the centre as a run does before it measures them."""
    promise = "a Pareto set has a point for every preference"
    for preference in preferences(pareto_set.experts.tasks):
        try:
            checked_point(pareto_set, preference)
        except PluginResultError as error:
            raise BrokenFit(promise, str(error), cause="points") from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a function of a plug-in may raise anything
            raise failed_fit(promise, error) from error
