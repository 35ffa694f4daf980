"""The contract of metrics; inherit `MetricContract` and give it a `metric` fixture."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ..errors import FusefrontError
from ..metrics.base import NEEDS, PER_POINT, REFERENCES, Array, Inputs, Metric, evaluate, needs


class MetricContract:
    """Tests of one metric.

    ```python
    class TestMine(MetricContract):
        @pytest.fixture
        def metric(self) -> Metric:
            return mine
    ```
    """

    @pytest.fixture
    def metric(self) -> Metric:
        """The metric under test; override this."""
        raise NotImplementedError

    @pytest.fixture(params=[(2, 1), (2, 11), (3, 7), (8, 20)], ids=lambda p: f"m{p[0]}-n{p[1]}")
    def inputs(self, request: pytest.FixtureRequest) -> Inputs:
        """Models of a run for the corners, the centre and random preferences."""
        m, extra = request.param
        return make_inputs(m, extra, np.random.default_rng([m, extra]))

    def test_signature_has_known_needs(self, metric: Metric) -> None:
        assert needs(metric) <= NEEDS.keys()

    def test_value_is_a_float_that_is_not_nan(self, metric: Metric, inputs: Inputs) -> None:
        value = _value(metric, inputs)
        assert type(value) is float
        assert not np.isnan(value)

    def test_same_inputs_give_the_same_bits(self, metric: Metric, inputs: Inputs) -> None:
        assert _value(metric, inputs) == _value(metric, inputs)

    def test_inputs_are_not_modified(self, metric: Metric, inputs: Inputs) -> None:
        arguments = {n: _available(inputs)[n] for n in needs(metric)}
        given = [_writeable(a) for a in (inputs.points, *arguments.values())]
        before = [_writeable(a) for a in given]
        metric(given[0], **dict(zip(arguments, given[1:], strict=True)))
        for left, right in zip(given, before, strict=True):
            np.testing.assert_equal(left, right)

    def test_read_only_arrays_are_accepted(self, metric: Metric, inputs: Inputs) -> None:
        assert not inputs.points.flags.writeable
        assert _value(metric, inputs) is not None

    def test_order_of_models_does_not_matter(self, metric: Metric, inputs: Inputs) -> None:
        expected = _value(metric, inputs)
        for order in _orders(len(inputs.points)):
            assert _value(metric, _reordered(inputs, order)) == pytest.approx(expected, rel=1e-9)

    def test_no_points_give_a_number_or_a_clear_error(self, metric: Metric) -> None:
        empty = _reordered(make_inputs(2, 3, np.random.default_rng(0)), np.array([], dtype=int))
        try:
            value = _value(metric, empty)
        except FusefrontError:
            return
        assert value is None or not np.isnan(value)

    def test_missing_inputs_give_none(self, metric: Metric, inputs: Inputs) -> None:
        if needs(metric) & set(REFERENCES):
            assert evaluate(metric, inputs) is None


def make_inputs(m: int, extra: int, generator: np.random.Generator) -> Inputs:
    """Return models for the `m` corners, the centre and `extra` random preferences."""
    random = generator.dirichlet(np.ones(m), size=extra)
    preferences = np.vstack([np.eye(m), np.full((1, m), 1 / m), random])
    points = np.clip(1 - preferences + generator.normal(0, 0.1, preferences.shape), 0, 1.2)
    experts = generator.uniform(0.7, 1.0, m)
    return Inputs(
        points=points,
        preferences=preferences,
        values=experts - 0.5 * points,
        expert_values=experts,
        losses=points + 0.1,
        validation_values=experts - 0.45 * points,
        own_points=points + 0.1,
        calibration_errors=0.1 * np.abs(points),
        agreements=1 - 0.5 * points.clip(0, 1),
        pretrained_values=experts - 0.5,
        anchors=np.vstack([np.ones(m), 1 - np.eye(m), np.full(m, 0.6)]),
        milestones=np.stack([np.ones((m + 1, m)), np.full((m + 1, m), 0.6)]),
        milestone_units=np.array([10_000.0, 100_000.0]),
        run={
            "budget_units": 200_000,
            "labelled_examples": 300,
            "unlabelled_examples": 400,
            "validation_evaluations": 50,
            "gradient_steps": 60,
            "model_builds": 70,
            "peak_bytes": 1024,
            "rss_bytes": 2048,
            "flops": 10**9,
            "energy_joules": 0.5,
            "trainable_parameters": 8,
            "storage_bytes": 4096,
            "inference_passes": 1.0,
            "units": 100_000,
            "wall_seconds": 1.5,
        },
    )


def _ref_point(m: int) -> Array:
    return np.full(m, 1.1)


def _front(m: int) -> Array:
    return 0.9 * (1 - np.eye(m))


def references(m: int) -> dict[str, Array]:
    """Return a reference point, a reference front and a baseline for `m` tasks."""
    return {"ref_point": _ref_point(m), "front": _front(m), "baseline": _front(m) + 0.05}


def _available(inputs: Inputs) -> dict[str, object]:
    return {**vars(inputs), **references(inputs.points.shape[1])}


def _value(metric: Metric, inputs: Inputs) -> float | None:
    return evaluate(metric, inputs, **references(inputs.points.shape[1]))


def _reordered(inputs: Inputs, order: np.typing.NDArray[np.int64]) -> Inputs:
    rows = {n: getattr(inputs, n) for n in ("points", "preferences", *PER_POINT)}
    return replace(inputs, **{n: a[order] for n, a in rows.items() if a is not None})


def _orders(n: int) -> Iterator[np.typing.NDArray[np.int64]]:
    generator = np.random.default_rng(n)
    for _ in range(3):
        yield generator.permutation(n)


def _writeable(argument: object) -> object:
    if isinstance(argument, np.ndarray):
        return argument.copy()
    assert isinstance(argument, dict)
    return dict(argument)
