"""Validation of preferences."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from fusefront.errors import PreferenceError
from fusefront.metrics.checks import check_preference, check_preferences


@pytest.mark.parametrize(
    ("preference", "found"),
    [
        ([0.7, 0.5], "`preference` must sum to 1. Found 1.2000. "),
        ([0.0, 0.0], "must sum to 1. Found 0.0000. "),
        ([1.5, -0.5], "must not be negative. Found -0.5. "),
        ([1.0, np.nan], "must be finite. Found nan. "),
        ([np.inf, -np.inf], "must be finite. Found inf. "),
        ([0.2, 0.3, 0.5], "Found (3,)."),
        ([1.0], "Found (1,)."),
        ([[0.5, 0.5]], "Found (1, 2)."),
        (1.0, "Found ()."),
        ([[1.0], [0.5, 0.5]], "Found list."),
    ],
)
def test_invalid_preferences_are_refused_with_what_was_found(
    preference: ArrayLike, found: str
) -> None:
    with pytest.raises(PreferenceError) as caught:
        check_preference(preference, 2)
    assert found in str(caught.value)


def test_error_is_also_a_value_error() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        check_preference([0.5, 0.6], 2)


def test_numbers_are_kept_as_they_are() -> None:
    single = np.array([0.1, 0.2, 0.7], dtype=np.float32)
    array = check_preference(single, 3)
    assert array.dtype == np.float64
    np.testing.assert_equal(array, single.astype(np.float64))


def test_array_is_new() -> None:
    given = np.array([0.5, 0.5])
    check_preference(given, 2)[0] = 7.0
    assert given[0] == 0.5


def test_single_precision_draws_of_many_tasks_are_accepted() -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed).dirichlet(np.ones(100)).astype(np.float32)
        assert check_preference(draw, 100).shape == (100,)


def test_bad_row_is_named() -> None:
    with pytest.raises(PreferenceError, match="`preferences` row 1 must not be negative"):
        check_preferences([[0.5, 0.5], [1.1, -0.1]], like=np.zeros((2, 2)))
