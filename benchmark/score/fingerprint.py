"""The digest of the code that derives scores, by which stored scores are recognised as current."""

import os
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib import metadata
from inspect import getsourcefile
from pathlib import Path
from typing import Final

import fusefront

from ...metrics import METRICS
from ...sources import source_hash

_PACKAGE: Final = Path(fusefront.__file__).parent
_LIBRARIES: Final = ("moocore", "numpy", "pymoo", "scipy")
_READ: Final = (".py", ".parquet")
"""Endings of the files that are hashed: source code, and reference fronts."""


@cache
def fingerprint() -> str:
    """Return a digest of fusefront's code, reference fronts, metrics, and numerical libraries.

    All code is hashed, since a metric may use any of it. A plug-in metric adds its own file
    and those that it imports.
    """
    digest = sha256()
    for text in (*_versions(), *_metrics()):
        digest.update(text.encode() + b"\0")
    for path in sorted(_files()):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _versions() -> Iterator[str]:
    for name in _LIBRARIES:
        yield f"{name} {metadata.version(name)}"


def _metrics() -> Iterator[str]:
    """Yield the registered metrics, with the source of those from plug-ins."""
    for entry in METRICS:
        source = "" if isinstance(entry.target, str) else getsourcefile(entry.load()) or ""
        code = source_hash(Path(source)) if source else ""
        yield f"{entry.name} {sorted(entry.labels.items())} {code}"


def _files() -> Iterator[Path]:
    """Yield all files except the pre-run archives, which are data."""
    for folder, folders, names in os.walk(_PACKAGE, followlinks=True):
        folders[:] = [name for name in folders if name not in {"prerun", "__pycache__"}]
        yield from (Path(folder, name) for name in names if name.endswith(_READ))
