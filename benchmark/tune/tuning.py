"""A tuning as an ordinary study: the settings of one algorithm on the problems to tune on."""

from collections.abc import Sequence

from ...algorithms import ALGORITHMS
from ...errors import StudyError
from ..study.algorithm_spec import AlgorithmSpec
from ..study.problem_spec import ProblemSpec
from ..study.study import Study
from .problems import BUDGET, TRIALS
from .space import trials


def tuning_study(
    algorithm: str,
    problems: Sequence[str],
    *,
    count: int = TRIALS,
    seeds: int = 1,
    root_seed: int = 0,
    budget: int | None = BUDGET,
) -> Study:
    """Return the study whose algorithms are the trials, trial 0 first.

    Args:
        algorithm: `NAME`, `NAME[key=value,...]` or `FILE.py:CLASS`; values in brackets are fixed.
        problems: The problems, as on the command line.
        count: Number of trials.
        seeds: Number of repetitions of every trial.
        root_seed: The number from which the randomness of the runs is derived; the settings do not
            depend on it.
        budget: Cap on the units of a fit; None is no cap.

    Raises:
        ParameterError: If the algorithm has nothing to choose.
        UnknownNameError: If the algorithm or a problem is unknown.
    """
    given = AlgorithmSpec.parse(algorithm, ALGORITHMS)
    return Study(
        problems=tuple(ProblemSpec.parse(text) for text in problems),
        algorithms=trials(given, count),
        seeds=seeds,
        root_seed=root_seed,
        budget=budget,
    ).canonical(ALGORITHMS)


def check_available(problems: Sequence[ProblemSpec]) -> None:
    """Check that no problem lacks its data: a mean over other problems is another criterion.

    Raises:
        StudyError: If one does.
    """
    for spec in problems:
        lacking = [finding for finding in spec.load().preflight() if not finding.ok]
        if lacking:
            what = " ".join(finding.found for finding in lacking)
            raise StudyError(
                f"A tuning must have the data of all its problems. Found that `{spec.name}` lacks "
                f"some: {what} Install it, or name the problems to tune on with `-p`."
            )
