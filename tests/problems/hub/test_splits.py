from typing import Any

import pytest
import torch
from torch.utils.data import Subset, random_split

from fusefront.errors import IntegrityError
from fusefront.problems.hub.data_sets import rows


@pytest.mark.parametrize("n", [10, 99, 3_760])
def test_validation_is_the_same_as_in_the_reference(n: int) -> None:
    held = int(n * 0.1)
    parts: list[Subset[Any]] = random_split(
        range(n),  # type: ignore[arg-type]
        [n - held, held],
        generator=torch.Generator().manual_seed(0),
    )
    kept, validation = parts
    assert rows("calibration", n) == sorted(kept.indices)
    assert rows("validation", n) == sorted(validation.indices)


def test_training_examples_are_calibration_or_validation_and_never_both() -> None:
    calibration, validation = rows("calibration", 250), rows("validation", 250)
    assert sorted(calibration + validation) == list(range(250))


def test_the_test_split_is_used_completely() -> None:
    assert rows("test", 7) == list(range(7))


def test_too_few_training_examples_are_refused() -> None:
    with pytest.raises(IntegrityError, match="10 examples"):
        rows("validation", 9)
