import numpy as np
import pytest

from fusefront.errors import ParameterError
from fusefront.problems.analytic import geometry


@pytest.mark.parametrize(
    ("dimension", "m", "tensors"), [(64, 2, 8), (65, 8, 8), (64, 10, 4), (2, 2, 1)]
)
def test_layout_covers_every_parameter_and_each_tensor_has_room(
    dimension: int, m: int, tensors: int
) -> None:
    layout = geometry.layout(dimension, m)
    assert layout.size == dimension
    assert len(layout.names) == tensors
    assert min(layout.sizes) >= m
    assert [g.rpartition(".")[2] for g in layout.groups("module").names] == ["mlp"] * max(
        1, tensors // 2
    )


def test_every_space_has_different_groups() -> None:
    layout = geometry.layout(64, 2)
    counts = [len(layout.groups(space).names) for space in ("task", "block", "tensor")]
    assert counts == [1, 4, 8]


def test_too_few_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="`dimension` must be at least 3"):
        geometry.layout(2, 3)


@pytest.mark.parametrize("dimension", [64, 100])
def test_rows_are_orthonormal_within_every_tensor(dimension: int) -> None:
    layout = geometry.layout(dimension, 5)
    rows = geometry.orthonormal(layout, 5)
    np.testing.assert_allclose(rows @ rows.T, np.eye(5), atol=1e-14)
    ends = np.cumsum(layout.sizes)[:-1]
    for part in np.split(rows, ends, axis=1):
        np.testing.assert_allclose(part @ part.T, np.eye(5) / len(layout.sizes), atol=1e-14)


@pytest.mark.parametrize("cosine", [0.9, 0.0, -0.3, -1 / 3])
def test_vectors_have_the_requested_cosine(cosine: float) -> None:
    rows = geometry.orthonormal(geometry.layout(64, 4), 4)
    vectors = geometry.equally_correlated(rows, cosine)
    expected = np.full((4, 4), cosine) + (1 - cosine) * np.eye(4)
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-14)


def test_impossible_angles_are_refused() -> None:
    rows = geometry.orthonormal(geometry.layout(64, 4), 4)
    with pytest.raises(ParameterError, match=r"at most 109\.5 degrees .* Found 120"):
        geometry.equally_correlated(rows, -0.5)


def test_pretrained_model_is_float32_and_never_zero() -> None:
    base = geometry.pretrained(4096)
    np.testing.assert_array_equal(base, base.astype(np.float32))
    assert (base != 0).all()
