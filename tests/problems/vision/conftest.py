import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from fusefront.errors import MissingDataError
from fusefront.problems.vision import examples, images


def write_idx(path: Path, values: torch.Tensor) -> Path:
    """An IDX file of `values`, uint8, gzipped if its name ends in .gz."""
    header = bytes([0, 0, 8, values.ndim])
    header += b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = header + values.numpy().tobytes()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files like Fashion-MNIST's; garment i is a square of brightness 20 (i + 1)."""
    folder = tmp_path_factory.mktemp("fashion-mnist")
    for part, n in images.PARTS.items():
        labels = (torch.arange(n) % 10).to(torch.uint8)
        pixels = torch.zeros(n, 28, 28, dtype=torch.uint8)
        pixels[:, 7:21, 7:21] = 20 * (labels + 1)[:, None, None]
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pixels)
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
    return folder


@pytest.fixture(scope="session")
def stand_in_splits() -> Callable[..., object]:
    """The cache of `examples` while the stand-in is read."""
    return cache(examples._source.__wrapped__)


@pytest.fixture
def stood_in(
    stand_in: Path, stand_in_splits: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The stand-in is read in place of Fashion-MNIST."""
    monkeypatch.setenv(images.ENVIRONMENT, str(stand_in))
    monkeypatch.setattr(examples, "_source", stand_in_splits)
    return stand_in


@pytest.fixture
def no_fashion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fashion-MNIST is in none of the places that are searched."""
    monkeypatch.delenv(images.ENVIRONMENT, raising=False)
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(images, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(examples, "_source", examples._source.__wrapped__)
    return tmp_path


@pytest.fixture(scope="session")
def real_fashion() -> tuple[torch.Tensor, torch.Tensor]:
    """Fashion-MNIST itself; skips the test if this machine does not have it."""
    try:
        return images.fashion()
    except MissingDataError as reason:
        pytest.skip(str(reason))
