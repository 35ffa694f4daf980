import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fusefront.problems.base import Measurement
from fusefront.problems.outputs import CALIBRATION_BINS, calibration_error, measurement


def by_loops(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Equation 3 of Guo et al. 2017, with bins ((b - 1) / B, b / B]."""
    total = 0.0
    for b in range(1, CALIBRATION_BINS + 1):
        inside = [
            i
            for i, c in enumerate(confidence)
            if (b - 1) / CALIBRATION_BINS < c <= b / CALIBRATION_BINS
        ]
        if inside:
            accuracy = np.mean([right[i] for i in inside])
            total += len(inside) * abs(accuracy - np.mean([confidence[i] for i in inside]))
    return total / len(right)


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_is_the_sum_over_bins(seed: int) -> None:
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(0.1, 1.0, size=200)
    right = generator.random(200) < confidence
    assert calibration_error(confidence, right) == pytest.approx(by_loops(confidence, right))


def test_calibration_error_of_known_cases() -> None:
    sure = np.ones(4)
    assert calibration_error(sure, np.array([True] * 4)) == 0.0
    assert calibration_error(sure, np.array([False] * 4)) == 1.0
    half = np.full(4, 0.5)
    assert calibration_error(half, np.array([True, False, True, False])) == 0.0


def test_measurement_keeps_classes_and_calibration() -> None:
    logits = [torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])]
    found = measurement(logits, [torch.tensor([0, 0, 1])])
    assert found.predictions is not None
    assert found.calibration_error is not None
    assert found.predictions[0].tolist() == [0, 1, 1]
    assert found.value.tolist() == [pytest.approx(2 / 3)]
    confidence = logits[0].double().softmax(1).amax(1).numpy()
    assert found.calibration_error[0] == by_loops(confidence, np.array([True, False, True]))


def test_one_model_per_task_takes_each_task_from_its_own() -> None:
    labels = [torch.tensor([0, 1]), torch.tensor([1, 1])]
    first = measurement([torch.tensor([[1.0, 0.0]] * 2)] * 2, labels)
    second = measurement([torch.tensor([[0.0, 1.0]] * 2)] * 2, labels)
    both = Measurement.per_task([first, second])
    assert both.predictions is not None
    assert both.calibration_error is not None
    assert [one.tolist() for one in both.predictions] == [[0, 0], [1, 1]]
    assert first.calibration_error is not None
    assert second.calibration_error is not None
    expected = [first.calibration_error[0], second.calibration_error[1]]
    assert both.calibration_error.tolist() == expected
