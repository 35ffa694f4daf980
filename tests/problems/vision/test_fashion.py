import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.vision import images
from fusefront.problems.vision.images import read_idx

Real = tuple[torch.Tensor, torch.Tensor]
VALUES = torch.arange(24, dtype=torch.uint8).view(2, 3, 4)
HEADER = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4])
WHOLE = HEADER + bytes(range(24))


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_a_file_is_read_gzipped_or_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(WHOLE) if path.suffix else WHOLE)
    assert read_idx(path, (2, 3, 4)).equal(VALUES)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "nothing"),
        (bytes([0, 0, 13]) + WHOLE[3:], "the header 00000803"),
        (WHOLE[:4] + bytes([0, 0, 0, 3]) + WHOLE[8:], "00000003 00000003"),
        (WHOLE[:-1], "39 bytes where 40"),
        (WHOLE + b"x", "more bytes where 40"),
    ],
    ids=["empty", "another type", "another count", "truncated", "too long"],
)
def test_another_file_is_refused_by_name(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=found) as error:
        read_idx(path, (2, 3, 4))
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "spoil",
    [lambda c: c[:-9], lambda c: b"PK" + c[2:], lambda c: c[:12] + b"\xff" * 20 + c[32:]],
    ids=["truncated", "no gzip", "damaged"],
)
def test_a_damaged_archive_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(spoil(gzip.compress(WHOLE)))
    with pytest.raises(IntegrityError, match="train-labels-idx1-ubyte"):
        read_idx(path, (2, 3, 4))


def test_the_named_folder_is_read_with_the_test_set_last(stood_in: Path) -> None:
    pixels, labels = images.fashion()
    assert pixels.shape == (70_000, 28, 28)
    assert labels.dtype == torch.int64
    assert labels[60_000:].equal(torch.arange(10_000) % 10)
    assert pixels[:, 14, 14].long().equal(20 * (labels + 1))


def test_without_a_named_folder_the_cache_is_searched(no_fashion: Path, stand_in: Path) -> None:
    cache = no_fashion / "cache"
    cache.mkdir()
    (cache / "fashion-mnist").symlink_to(stand_in)
    assert len(images.fashion()[1]) == 70_000


def test_missing_files_are_reported_in_one_line_with_what_to_install(no_fashion: Path) -> None:
    with pytest.raises(MissingDataError, match="apt-get install dataset-fashion-mnist") as error:
        images.fashion()
    assert "FUSEFRONT_FASHION_MNIST" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_named_folder_that_lacks_a_file_is_not_replaced_by_another(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "DEBIAN", stand_in)
    monkeypatch.setenv(images.ENVIRONMENT, str(tmp_path))
    with pytest.raises(MissingDataError, match=str(tmp_path)):
        images.fashion()


def test_a_label_out_of_range_is_refused(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in stand_in.iterdir():
        (tmp_path / path.name).symlink_to(path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    content = labels.read_bytes()
    labels.unlink()
    labels.write_bytes(content[:-1] + b"\x0b")
    monkeypatch.setenv(images.ENVIRONMENT, str(tmp_path))
    with pytest.raises(IntegrityError, match=r"t10k-labels-idx1-ubyte.*label 11"):
        images.fashion()


def test_fashion_mnist_itself_has_its_classes_balanced(real_fashion: Real) -> None:
    images, labels = real_fashion
    assert images.max() == 255
    assert labels[:60_000].bincount().tolist() == [6000] * 10
    assert labels[60_000:].bincount().tolist() == [1000] * 10
    assert labels[:5].tolist() == [9, 0, 0, 3, 0]
