import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.vision import fashion
from fusefront.problems.vision.fashion import read_idx

Real = tuple[torch.Tensor, torch.Tensor]
VALUES = torch.arange(24, dtype=torch.uint8).view(2, 3, 4)
HEADER = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4])
WHOLE = HEADER + bytes(range(24))


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_a_file_is_read_packed_or_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(WHOLE) if path.suffix else WHOLE)
    assert read_idx(path, (2, 3, 4)).equal(VALUES)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "nothing"),
        (bytes([0, 0, 13]) + WHOLE[3:], "the header 00000803"),
        (WHOLE[:4] + bytes([0, 0, 0, 3]) + WHOLE[8:], "00000003 00000003"),
        (WHOLE[:-1], "39 bytes where 40"),
        (WHOLE + b"x", "more bytes where 40"),
    ],
    ids=["empty", "another type", "another count", "truncated", "too long"],
)
def test_another_file_is_refused_by_name(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=told) as error:
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


def test_the_folder_that_is_named_is_read_the_test_set_last(stood_in: Path) -> None:
    images, labels = fashion.fashion()
    assert images.shape == (70_000, 28, 28)
    assert labels.dtype == torch.int64
    assert labels[60_000:].equal(torch.arange(10_000) % 10)
    assert images[:, 14, 14].long().equal(20 * (labels + 1))


def test_without_a_name_the_cache_is_looked_into(nothing_there: Path, stand_in: Path) -> None:
    cache = nothing_there / "cache"
    cache.mkdir()
    (cache / "fashion-mnist").symlink_to(stand_in)
    assert len(fashion.fashion()[1]) == 70_000


def test_missing_files_are_told_with_what_to_install_in_one_line(nothing_there: Path) -> None:
    with pytest.raises(MissingDataError, match="apt-get install dataset-fashion-mnist") as error:
        fashion.fashion()
    assert "FUSEFRONT_FASHION_MNIST" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_named_folder_that_lacks_a_file_is_not_replaced_by_another(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion, "DEBIAN", stand_in)
    monkeypatch.setenv(fashion.ENVIRONMENT, str(tmp_path))
    with pytest.raises(MissingDataError, match=str(tmp_path)):
        fashion.fashion()


def test_a_label_that_is_no_garment_is_refused(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in stand_in.iterdir():
        (tmp_path / path.name).symlink_to(path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    content = labels.read_bytes()
    labels.unlink()
    labels.write_bytes(content[:-1] + b"\x0b")
    monkeypatch.setenv(fashion.ENVIRONMENT, str(tmp_path))
    with pytest.raises(IntegrityError, match=r"t10k-labels-idx1-ubyte.*a label 11"):
        fashion.fashion()


def test_fashion_mnist_itself_has_its_classes_balanced(real_fashion: Real) -> None:
    images, labels = real_fashion
    assert images.max() == 255
    assert labels[:60_000].bincount().tolist() == [6000] * 10
    assert labels[60_000:].bincount().tolist() == [1000] * 10
    assert labels[:5].tolist() == [9, 0, 0, 3, 0]
