"""Fashion-MNIST, read from the four IDX files of its authors, packed or not."""

import gzip
import os
import zlib
from math import prod
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ...errors import IntegrityError, MissingDataError
from ..cache import cache_directory

ENVIRONMENT: Final = "FUSEFRONT_FASHION_MNIST"
DEBIAN: Final = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package `dataset-fashion-mnist` puts the files."""

PARTS: Final = {"train": 60_000, "t10k": 10_000}
_UNSIGNED_BYTE = 8  # type code of an IDX file
_CLASSES = 10


def fashion() -> tuple[Tensor, Tensor]:
    """The 70,000 images of Fashion-MNIST; the last 10,000 are its own test set.

    They are read from the folder that `$FUSEFRONT_FASHION_MNIST` names, else from Debian's, else
    from `fashion-mnist` in the cache.

    Returns:
        Images `(70000, 28, 28)`, uint8 in 0..255, and labels `(70000,)`, int64.

    Raises:
        MissingDataError: If the files are not there.
        IntegrityError: If a file is not the one its name promises.

    Source: Xiao et al. 2017, https://github.com/zalandoresearch/fashion-mnist, MIT.
    """
    files = _files()
    images, labels = [], []
    for part, n in PARTS.items():
        images.append(read_idx(files[f"{part}-images-idx3-ubyte"], (n, 28, 28)))
        path = files[f"{part}-labels-idx1-ubyte"]
        labels.append(read_idx(path, (n,)))
        if (largest := int(labels[-1].max())) >= _CLASSES:
            raise _damaged(path, f"a label {largest} where {_CLASSES - 1} is the largest")
    return torch.cat(images), torch.cat(labels).long()


def read_idx(path: Path, shape: tuple[int, ...]) -> Tensor:
    """An IDX file of bytes, gzipped if its name ends in .gz, that must hold this shape.

    Raises:
        IntegrityError: If it is damaged, or holds something else.
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
    """The four files by name, all of them from the first folder that has them."""
    given = os.environ.get(ENVIRONMENT)
    places = [Path(given)] if given else [DEBIAN, cache_directory() / "fashion-mnist"]
    names = [f"{part}-{kind}-ubyte" for part in PARTS for kind in ("images-idx3", "labels-idx1")]
    for place in places:
        found = {name: _unpacked_or_packed(place / name) for name in names}
        if all(path.is_file() for path in found.values()):
            return found
    raise MissingDataError(
        "Fashion-MNIST must be on this machine: its images are those of this problem. "
        f"Found not all of its four files in {' or '.join(f'`{place}`' for place in places)}. "
        f"Use `apt-get install dataset-fashion-mnist`, or set {ENVIRONMENT} to a folder with "
        "the four files."
    )


def _unpacked_or_packed(path: Path) -> Path:
    return path if path.is_file() else path.with_name(f"{path.name}.gz")


def _damaged(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be the file of Fashion-MNIST that its name promises. Found {found}. "
        "Install or download it again."
    )
