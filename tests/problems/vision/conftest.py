import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from fusefront.errors import MissingDataError
from fusefront.problems.vision import fashion, tasks


def write_idx(path: Path, values: torch.Tensor) -> Path:
    """An IDX file of `values`, uint8, gzipped if its name ends in .gz."""
    header = bytes([0, 0, 8, values.ndim])
    header += b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = header + values.numpy().tobytes()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four files like Fashion-MNIST's: garment i is a square as bright as i says."""
    folder = tmp_path_factory.mktemp("fashion-mnist")
    for part, n in fashion.PARTS.items():
        labels = (torch.arange(n) % 10).to(torch.uint8)
        images = torch.zeros(n, 28, 28, dtype=torch.uint8)
        images[:, 7:21, 7:21] = 20 * (labels + 1)[:, None, None]
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
    return folder


@pytest.fixture(scope="session")
def stand_in_splits() -> Callable[..., object]:
    """What `tasks` remembers while the stand-in is read."""
    return cache(tasks._source.__wrapped__)


@pytest.fixture
def stood_in(
    stand_in: Path, stand_in_splits: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The stand-in is what is read as Fashion-MNIST."""
    monkeypatch.setenv(fashion.ENVIRONMENT, str(stand_in))
    monkeypatch.setattr(tasks, "_source", stand_in_splits)
    return stand_in


@pytest.fixture
def nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No Fashion-MNIST, wherever it is looked for."""
    monkeypatch.delenv(fashion.ENVIRONMENT, raising=False)
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fashion, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(tasks, "_source", tasks._source.__wrapped__)
    return tmp_path


@pytest.fixture(scope="session")
def real_fashion() -> tuple[torch.Tensor, torch.Tensor]:
    """Fashion-MNIST itself, where this machine has it."""
    try:
        return fashion.fashion()
    except MissingDataError as reason:
        pytest.skip(str(reason))
