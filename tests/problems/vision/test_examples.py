import hashlib
import time
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError, UnknownNameError
from fusefront.problems.vision.examples import VisionExamples, check_source, fingerprint
from fusefront.problems.vision.families import FAMILIES

_SMOKE = FAMILIES["smoke"].tasks
SPLITS = ("calibration", "validation", "test")


@pytest.fixture(scope="module")
def digits() -> VisionExamples:
    return VisionExamples(family=FAMILIES["digits"])


@pytest.mark.parametrize("split", SPLITS)
def test_left_right_and_sum_share_one_inputs_tensor(digits: VisionExamples, split: str) -> None:
    left, right, total = (digits(name, split) for name in ("left", "right", "sum"))
    assert left.inputs is right.inputs
    assert left.inputs is total.inputs
    assert total.labels.equal(left.labels + right.labels)


def test_neg180_shows_the_mnist_digits_negated_and_rotated(digits: VisionExamples) -> None:
    plain, other = digits("mnist", "test"), digits("neg180", "test")
    assert other.labels.equal(plain.labels)
    torch.testing.assert_close(other.inputs, -plain.inputs.flip(2, 3))


@pytest.mark.usefixtures("stood_in")
@pytest.mark.parametrize("family", FAMILIES)
def test_every_split_has_float_inputs_and_integer_labels(family: str) -> None:
    size, examples = FAMILIES[family].size, VisionExamples(family=FAMILIES[family])
    for task in FAMILIES[family].definitions:
        for name in SPLITS:
            split = examples(task.name, name)
            n = len(split.labels)
            assert split.inputs.shape == (n, 1, size, size)
            assert split.inputs.dtype == torch.float32
            assert split.inputs.min() >= -1
            assert split.inputs.max() <= 1
            assert split.labels.dtype == torch.int64
            assert split.labels.max() < task.n_classes


def test_data_is_the_same_at_every_call_and_seed(digits: VisionExamples) -> None:
    torch.manual_seed(7)
    again = VisionExamples(family=FAMILIES["digits"])
    for name in ("sum", "optdigits"):
        for split in SPLITS:
            mine, other = again(name, split), digits(name, split)
            assert mine.inputs.equal(other.inputs)
            assert mine.labels.equal(other.labels)


def test_loading_leaves_the_global_generator_unchanged() -> None:
    torch.manual_seed(3)
    expected = torch.get_rng_state()
    VisionExamples(family=FAMILIES["smoke"])("left", "test")
    assert torch.get_rng_state().equal(expected)


def test_all_six_tasks_load_within_three_seconds_of_cpu() -> None:
    start = time.thread_time()
    examples = VisionExamples(family=FAMILIES["digits"])
    for task in FAMILIES["digits"].tasks:
        for split in SPLITS:
            examples(task, split)
    assert time.thread_time() - start < 3


@pytest.fixture
def garments(stood_in: Path) -> VisionExamples:
    return VisionExamples(family=FAMILIES["garments"])


def test_tasks_on_one_overlay_share_its_inputs(garments: VisionExamples) -> None:
    test = {name: garments(name, "test") for name in FAMILIES["garments"].tasks}
    shared = [("garment-left", "garment-right"), ("digit-left", "digit-right")]
    for one, other in (*shared, ("over-digit", "over-garment")):
        assert test[one].inputs is test[other].inputs
        assert not test[one].labels.equal(test[other].labels)
    assert len({id(data.inputs) for data in test.values()}) == 6


def test_a_mixed_overlay_shows_the_garment_of_its_label(garments: VisionExamples) -> None:
    task = garments("over-garment", "test")
    # The garment of the stand-in is a square, moved by 3 and 4 pixels and jittered by one. Its
    # center has the brightness of its label, unless the digit on it is brighter.
    middle = (task.inputs[:, 0, 17, 18] + 1) / 2 * 255
    garment = 20.0 * (task.labels + 1)
    assert (middle > garment - 0.1).all()
    assert (middle - garment).abs().lt(0.1).float().mean() > 0.4


def test_negated_garments_are_the_plain_ones_dark_on_light_and_rotated(
    garments: VisionExamples,
) -> None:
    plain, other = garments("fashion", "test"), garments("negated", "test")
    assert other.labels.equal(plain.labels)
    torch.testing.assert_close(other.inputs, -plain.inputs.flip(2, 3))


def test_other_images_are_refused_and_named(stood_in: Path) -> None:
    check_source("garments", "fashion", {"fashion": fingerprint("garments", "fashion")})
    check_source("garments", "fashion", {})
    with pytest.raises(IntegrityError, match=r"Images of `fashion`.*sha256 0123"):
        check_source("garments", "fashion", {"fashion": "0123" * 16})


def test_digits_and_smoke_are_the_examples_that_their_experts_were_measured_on() -> None:
    found = hashlib.sha256()
    for family, names in (("digits", ("mnist", "left", "neg180", "sum")), ("smoke", _SMOKE)):
        examples = VisionExamples(family=FAMILIES[family])
        for task in names:
            for split in SPLITS:
                part = examples(task, split)
                found.update(part.inputs.contiguous().numpy().tobytes())
                found.update(part.labels.numpy().tobytes())
    assert found.hexdigest()[:16] == "0b1791074a33244a"


def test_an_unknown_task_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="neg180"):
        VisionExamples(family=FAMILIES["digits"])("neg18", "test")
