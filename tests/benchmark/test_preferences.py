"""The hidden scoring preferences never change."""

from math import comb

import numpy as np
import pytest

from fusefront.benchmark.score.preferences import lattice, scoring_preferences
from fusefront.errors import ParameterError
from fusefront.metrics.checks import check_preference

M = [2, 3, 4, 5, 8, 14, 20]
FIRST = [
    0.0235223199,
    0.0395722439,
    0.0662660857,
    0.2973632424,
    0.0784821189,
    0.0590104194,
    0.0167892317,
    0.4189943380,
]
LAST = [
    0.0279367141,
    0.1534140238,
    0.1095339733,
    0.1800089687,
    0.1409233318,
    0.1753468103,
    0.0939579199,
    0.1188782581,
]
every_m = pytest.mark.parametrize("m", M)


@pytest.mark.parametrize(("m", "k"), [(2, 11), (3, 66), (4, 47), (5, 53), (8, 77)])
def test_counts_are_those_of_the_protocol(m: int, k: int) -> None:
    assert scoring_preferences(m).shape == (k, m)


@every_m
def test_rows_lie_on_the_simplex(m: int) -> None:
    preferences = scoring_preferences(m)
    np.testing.assert_allclose(preferences.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    for preference in preferences:
        check_preference(preference, m)


@every_m
def test_rows_differ(m: int) -> None:
    preferences = scoring_preferences(m)
    assert len(np.unique(preferences.round(9), axis=0)) == len(preferences)


@every_m
def test_every_corner_is_there_exactly(m: int) -> None:
    rows = scoring_preferences(m).tolist()
    assert all(corner in rows for corner in np.eye(m).tolist())


def test_eight_tasks_come_in_the_documented_order() -> None:
    preferences = scoring_preferences(8)
    positive = (preferences > 0).sum(axis=1)
    assert positive.tolist() == [1] * 8 + [8] + [2] * 28 + [7] * 8 + [8] * 32
    np.testing.assert_equal(preferences[:8], np.eye(8))
    np.testing.assert_equal(preferences[8], np.full(8, 0.125))
    assert preferences[9].tolist() == [0.5, 0.5, 0, 0, 0, 0, 0, 0]
    assert preferences[37, 0] == 0.0


def test_random_rows_never_change() -> None:
    first = scoring_preferences(8)[45]
    last = scoring_preferences(8)[-1]
    np.testing.assert_allclose(first, FIRST, rtol=0, atol=1e-9)
    np.testing.assert_allclose(last, LAST, rtol=0, atol=1e-9)


@every_m
def test_each_call_gives_the_same_bits_in_a_new_array(m: int) -> None:
    once = scoring_preferences(m)
    expected = once.copy()
    once[:] = 0
    np.testing.assert_equal(scoring_preferences(m), expected)


@pytest.mark.parametrize("m", [4, 8])
def test_random_rows_are_spread_as_dirichlet_one(m: int) -> None:
    random = scoring_preferences(m)[-32:]
    np.testing.assert_allclose(random.mean(axis=0), 1 / m, atol=4 / (m * np.sqrt(32)))


@pytest.mark.parametrize("m", [-1, 0, 1])
def test_fewer_than_two_tasks_are_refused(m: int) -> None:
    with pytest.raises(ParameterError, match="at least 2"):
        scoring_preferences(m)


@pytest.mark.parametrize(("m", "partitions"), [(1, 3), (2, 1), (2, 10), (3, 10), (4, 5), (8, 2)])
def test_lattice_holds_each_composition_once(m: int, partitions: int) -> None:
    rows = lattice(m, partitions)
    assert rows.shape == (comb(partitions + m - 1, m - 1), m)
    counts = np.rint(rows * partitions)
    np.testing.assert_allclose(rows * partitions, counts, atol=1e-9)
    assert (counts >= 0).all()
    assert (counts.sum(axis=1) == partitions).all()
    assert counts.tolist() == sorted(counts.tolist(), reverse=True)
    assert len(np.unique(counts, axis=0)) == len(rows)


def test_lattice_without_partitions_is_refused() -> None:
    with pytest.raises(ParameterError, match="at least 1"):
        lattice(3, 0)
