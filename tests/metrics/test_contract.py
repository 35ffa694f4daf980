"""Every registered metric satisfies the contract for third-party metrics."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fusefront.metrics import METRICS
from fusefront.metrics.base import PER_POINT, Array, Inputs, Metric, evaluate
from fusefront.testing.metric_contract import MetricContract, make_inputs, references


class TestEveryMetric(MetricContract):
    @pytest.fixture(params=[entry.name for entry in METRICS])
    def metric(self, request: pytest.FixtureRequest) -> Metric:
        return METRICS[request.param].load()

    @pytest.mark.parametrize("m", [2, 3, 8])
    def test_order_of_tasks_does_not_matter(self, metric: Metric, m: int) -> None:
        inputs = make_inputs(m, 9, np.random.default_rng(m))
        values = [
            evaluate(metric, inputs, **references(m)),
            evaluate(metric, relabelled(inputs), **_rolled(references(m))),
        ]
        assert values[0] == pytest.approx(values[1], rel=1e-9)


def relabelled(inputs: Inputs) -> Inputs:
    """Return the same run with its tasks in another order."""
    names = (*PER_POINT, "points", "preferences", "expert_values", "pretrained_values")
    # Rows that belong to tasks move with them: those of the experts, and of the corners.
    anchors, stages = inputs.anchors, inputs.milestones
    assert anchors is not None
    assert stages is not None
    anchors, stages = _roll(anchors), _roll(stages)
    m = inputs.points.shape[1]
    anchors[1 : m + 1] = np.roll(anchors[1 : m + 1], 1, axis=0)
    stages[:, :m] = np.roll(stages[:, :m], 1, axis=1)
    rolled: dict[str, Any] = _rolled({name: getattr(inputs, name) for name in names})
    return replace(inputs, anchors=anchors, milestones=stages, **rolled)


def _rolled(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: _roll(array) for name, array in arrays.items()}


def _roll(array: Array) -> Array:
    return np.roll(array, 1, axis=-1)
