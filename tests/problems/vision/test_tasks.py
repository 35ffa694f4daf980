import time

import pytest
import torch

from fusefront.benchmark.errors import UnknownNameError
from fusefront.problems.vision.families import FAMILIES
from fusefront.problems.vision.tasks import TaskData, load_tasks

SPLITS = ("calibration", "validation", "test")


@pytest.fixture(scope="module")
def digits() -> dict[str, TaskData]:
    return load_tasks("digits", FAMILIES["digits"].tasks)


@pytest.mark.parametrize("split", SPLITS)
def test_left_right_and_sum_share_one_inputs_tensor(
    digits: dict[str, TaskData], split: str
) -> None:
    left, right, total = (getattr(digits[name], split) for name in ("left", "right", "sum"))
    assert left.inputs is right.inputs
    assert left.inputs is total.inputs
    assert total.labels.equal(left.labels + right.labels)


def test_neg180_shows_the_mnist_digits_negated_and_turned(digits: dict[str, TaskData]) -> None:
    plain, other = digits["mnist"].test, digits["neg180"].test
    assert other.labels.equal(plain.labels)
    torch.testing.assert_close(other.inputs, -plain.inputs.flip(2, 3))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_split_is_float_inputs_and_integer_labels(family: str) -> None:
    size = FAMILIES[family].size
    for task in load_tasks(family, FAMILIES[family].tasks).values():
        for name in SPLITS:
            split = getattr(task, name)
            n = len(split.labels)
            assert split.inputs.shape == (n, 1, size, size)
            assert split.inputs.dtype == torch.float32
            assert split.inputs.min() >= -1
            assert split.inputs.max() <= 1
            assert split.labels.dtype == torch.int64
            assert split.labels.max() < task.n_classes


def test_data_is_the_same_at_every_call_and_seed(digits: dict[str, TaskData]) -> None:
    torch.manual_seed(7)
    again = load_tasks("digits", ("sum", "optdigits"))
    for name, task in again.items():
        for split in SPLITS:
            mine, other = getattr(task, split), getattr(digits[name], split)
            assert mine.inputs.equal(other.inputs)
            assert mine.labels.equal(other.labels)


def test_loading_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.get_rng_state()
    load_tasks("smoke", ("left",))
    assert torch.get_rng_state().equal(expected)


def test_all_six_tasks_load_within_three_seconds_of_cpu() -> None:
    start = time.thread_time()
    load_tasks("digits", FAMILIES["digits"].tasks)
    assert time.thread_time() - start < 3


def test_an_unknown_task_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="neg180"):
        load_tasks("digits", ("neg18",))
