"""Score a fit: ask its Pareto sets for points, measure these, and return the rows of its record."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from ...errors import PluginResultError
from ...metrics.expected_utility import expected_utility
from ...problems.base import Anchors, Measurement, Problem, Split
from ...problems.experts import ExpertPool
from ...results.files.record import (
    FrontRow,
    MilestoneRow,
    OutcomeRow,
    PointRow,
    TraceRow,
    pack_outcomes,
)
from .measure import Asked, MeasuredPoint, anytime_preferences, measure
from .preferences import scoring_preferences
from .stages import Anchor, Question, Stage, anchor_points, chosen

Ask = Callable[[Sequence[tuple[int, Question]], ExpertPool], Iterator[Asked]]
"""Answers questions to stages, given by number, lazily and in order; see `Fitting.ask`."""

_SPLITS: Final[tuple[Split, Split]] = ("test", "validation")


def scores(problem: Problem, stages: Sequence[Stage], ask: Ask) -> dict[str, Any]:
    """Return the columns that scoring adds to a record, by name; traces are measured on validation.

    Args:
        problem: Opened here with its test split.
        stages: The Pareto sets of the fit; the last one is final.
        ask: How points are obtained.

    Raises:
        PluginResultError: If a point is wrong, or its losses are not finite.
    """
    m = len(problem.tasks)
    anchors = anchor_points(problem.tasks, problem.anchors("validation"))
    preferences, anytime = scoring_preferences(m), anytime_preferences(m)
    final = stages[-1]
    completed = chosen(final, preferences, anchors)
    own = chosen(final, preferences, [])
    at_stages = [(stage, chosen(stage, anytime, anchors)) for stage in stages]
    wanted = [(final, choice) for choice in (*completed, *own)]
    wanted += [(stage, choice) for stage, choices in at_stages for choice in choices]
    measured = _Measured(problem, wanted, ask)
    rows = _Rows(problem)
    for i, (choice, without) in enumerate(zip(completed, own, strict=True)):
        rows.add_point(i, preferences[i], choice, measured.of(final, choice))
        rows.add_front(i, measured.of(final, choice), measured.of(final, without))
    for stage, choices in at_stages:
        rows.add_stage(stage, [measured.of(stage, choice) for choice in choices], anytime)
    return rows.facts()


@final
class _Measured:
    """The measurements of all wanted points, each distinct one once."""

    def __init__(
        self, problem: Problem, wanted: Iterable[tuple[Stage, Question | Anchor]], ask: Ask
    ) -> None:
        by_key = {_key(stage, choice): (stage, choice) for stage, choice in wanted}
        asked = {
            key: (stage.number, choice)
            for key, (stage, choice) in by_key.items()
            if not isinstance(choice, Anchor)
        }
        pool = problem.pool()
        free = {k: c.coefficients for k, (_, c) in by_key.items() if isinstance(c, Anchor)}

        def points() -> Iterator[Asked]:
            # The fit's answers come first: the indices in them count from the first answer.
            yield from ask(list(asked.values()), pool)
            for coefficients in free.values():
                yield coefficients, pool

        oracle = problem.oracle(frozenset(_SPLITS))
        found = measure(points(), oracle, _SPLITS)
        self._found = dict(zip((*asked, *free), found, strict=True))

    def of(self, stage: Stage, choice: Question | Anchor) -> MeasuredPoint:
        return self._found[_key(stage, choice)]


def _key(stage: Stage, choice: Question | Anchor) -> object:
    if isinstance(choice, Anchor):
        return choice.name
    return stage.number, choice if isinstance(choice, int) else choice.tobytes()


@final
class _Rows:
    """The rows of a record, and what follows from all points together."""

    def __init__(self, problem: Problem) -> None:
        self._tasks = problem.tasks
        self._on = {split: problem.anchors(split) for split in _SPLITS}
        self._passes: list[float] = []
        self._models = True
        self._points: list[PointRow] = []
        self._fronts: list[FrontRow] = []
        self._outcomes: list[OutcomeRow] = []
        self._traces: list[TraceRow] = []
        self._milestones: list[MilestoneRow] = []

    def facts(self) -> dict[str, Any]:
        return {
            "inference_passes": float(np.mean(self._passes)),
            "delivery": "model" if self._models else "system",
            "points": self._points,
            "fronts": self._fronts,
            "outcomes": self._outcomes,
            "traces": self._traces,
            "milestones": self._milestones,
        }

    def add_point(
        self,
        index: int,
        preference: NDArray[np.float64],
        choice: Question | Anchor,
        found: MeasuredPoint,
    ) -> None:
        self._passes.append(found.passes)
        self._models &= found.is_model
        test, _ = found.measurements
        _check_finite(test, preference)
        point = found.coefficients
        self._points.append(
            PointRow(
                index,
                preference.tolist(),
                "weights" if point is None else point.space,
                None if point is None else point.values.double().flatten().tolist(),
                None if point is None else list(point.values.shape),
                choice.name if isinstance(choice, Anchor) else None,
            )
        )
        for task, right in zip(self._tasks, test.outcomes, strict=True):
            self._outcomes.append(OutcomeRow(index, task, len(right), pack_outcomes(right)))

    def add_front(self, index: int, found: MeasuredPoint, own: MeasuredPoint) -> None:
        test, validation = found.measurements
        without, _ = own.measurements
        columns = zip(
            self._tasks,
            test.value.tolist(),
            test.loss.tolist(),
            self._on["test"].objectives(test.value).tolist(),
            test.n.tolist(),
            validation.value.tolist(),
            validation.loss.tolist(),
            without.value.tolist(),
            without.loss.tolist(),
            self._on["test"].objectives(without.value).tolist(),
            strict=True,
        )
        self._fronts.extend(FrontRow(index, *row) for row in columns)

    def add_stage(
        self, stage: Stage, found: Sequence[MeasuredPoint], preferences: NDArray[np.float64]
    ) -> None:
        """Add a milestone, and the trace of its expected utility on validation."""
        units, seconds = stage.units, stage.wall_seconds
        for index, point in enumerate(found):
            test, validation = point.measurements
            columns = zip(
                self._tasks,
                test.value.tolist(),
                self._on["test"].objectives(test.value).tolist(),
                validation.value.tolist(),
                strict=True,
            )
            self._milestones.extend(MilestoneRow(units, seconds, index, *row) for row in columns)
        utility = _utility(found, preferences, self._on["validation"])
        self._traces.append(TraceRow(units, seconds, "validation_expected_utility", utility))


def _utility(
    found: Sequence[MeasuredPoint], preferences: NDArray[np.float64], anchors: Anchors
) -> float:
    objectives = np.array([anchors.objectives(point.measurements[1].value) for point in found])
    return expected_utility(objectives, preferences=preferences)


def _check_finite(found: Measurement, preference: NDArray[np.float64]) -> None:
    if not (np.isfinite(found.loss).all() and np.isfinite(found.value).all()):
        raise PluginResultError(
            f"Every returned model must give finite losses. Found {found.loss.tolist()} "
            f"at preference {preference.tolist()}."
        )
