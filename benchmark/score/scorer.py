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


MeasuredAnchors = dict[str, MeasuredPoint]
"""Anchors of one problem that were measured before, by name."""


def scores(
    problem: Problem, stages: Sequence[Stage], ask: Ask, known: MeasuredAnchors
) -> dict[str, Any]:
    """Return the columns that scoring adds to a record, by name; traces are measured on validation.

    Args:
        problem: Opened here with its test split.
        stages: The Pareto sets of the fit; the last one is final.
        ask: How points are obtained.
        known: Anchors that are measured already; those measured now are added.

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
    wanted += [(final, anchor) for anchor in anchors if anchor.name in problem.tasks]
    measured = _Measured(problem, wanted, ask, known)
    rows = _Rows(problem, [measured.of(final, a) for a in anchors if a.name in problem.tasks])
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
        self,
        problem: Problem,
        wanted: Iterable[tuple[Stage, Question | Anchor]],
        ask: Ask,
        known: MeasuredAnchors,
    ) -> None:
        by_key = {_key(stage, choice): (stage, choice) for stage, choice in wanted}
        asked = {
            key: (stage.number, choice)
            for key, (stage, choice) in by_key.items()
            if not isinstance(choice, Anchor)
        }
        pool, oracle = problem.pool(), problem.oracle(frozenset(_SPLITS))
        for _, choice in by_key.values():
            if isinstance(choice, Anchor) and choice.name not in known:
                # Alone, since the last bits of a merge depend on what is merged at once: neither
                # an anchor nor a point may depend on what was measured before.
                (known[choice.name],) = measure([(choice.coefficients, pool)], oracle, _SPLITS)
        found = measure(ask(list(asked.values()), pool), oracle, _SPLITS)
        self._found: dict[object, MeasuredPoint] = dict(zip(asked, found, strict=True))
        self._found.update(known)

    def of(self, stage: Stage, choice: Question | Anchor) -> MeasuredPoint:
        return self._found[_key(stage, choice)]


def _key(stage: Stage, choice: Question | Anchor) -> object:
    if isinstance(choice, Anchor):
        return choice.name
    return stage.number, choice if isinstance(choice, int) else choice.tobytes()


@final
class _Rows:
    """The rows of a record, and what follows from all points together."""

    def __init__(self, problem: Problem, experts: Sequence[MeasuredPoint]) -> None:
        self._tasks = problem.tasks
        self._expert = Measurement.per_task([expert.measurements[0] for expert in experts])
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
            _calibration_errors(test),
            _agreements(test, self._expert),
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


def _calibration_errors(found: Measurement) -> Sequence[float | None]:
    errors = found.calibration_error
    return [None] * len(found.value) if errors is None else errors.tolist()


def _agreements(found: Measurement, expert: Measurement) -> Sequence[float | None]:
    """Return the share of examples of each task whose predicted class is the expert's."""
    if found.predictions is None or expert.predictions is None:
        return [None] * len(found.value)
    pairs = zip(found.predictions, expert.predictions, strict=True)
    return [float(np.mean(mine == other)) for mine, other in pairs]


def _check_finite(found: Measurement, preference: NDArray[np.float64]) -> None:
    if not (np.isfinite(found.loss).all() and np.isfinite(found.value).all()):
        raise PluginResultError(
            f"Every returned model must give finite losses. Found {found.loss.tolist()} "
            f"at preference {preference.tolist()}."
        )
