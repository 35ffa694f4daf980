"""Every registered metric satisfies the contract for third-party metrics."""

import numpy as np
import pytest

from fusefront.metrics import METRICS
from fusefront.metrics.base import Array, Inputs, Metric, evaluate
from fusefront.testing.metric_contract import MetricContract, make_inputs


class TestEveryMetric(MetricContract):
    @pytest.fixture(params=[entry.name for entry in METRICS])
    def metric(self, request: pytest.FixtureRequest) -> Metric:
        return METRICS[request.param].load()

    @pytest.mark.parametrize("m", [2, 3, 8])
    def test_order_of_tasks_does_not_matter(self, metric: Metric, m: int) -> None:
        inputs = make_inputs(m, 9, np.random.default_rng(m))
        values = [
            evaluate(metric, given, ref_point=np.full(m, 1.1), front=front)
            for given, front in (
                (inputs, 1 - np.eye(m)),
                (relabelled(inputs), _roll(1 - np.eye(m))),
            )
        ]
        assert values[0] == pytest.approx(values[1], rel=1e-9)


def relabelled(inputs: Inputs) -> Inputs:
    """Return the same run with its tasks in another order."""
    assert inputs.values is not None
    assert inputs.expert_values is not None
    return Inputs(
        points=_roll(inputs.points),
        preferences=_roll(inputs.preferences),
        values=_roll(inputs.values),
        expert_values=_roll(inputs.expert_values),
        run=inputs.run,
    )


def _roll(array: Array) -> Array:
    return np.roll(array, 1, axis=-1)
