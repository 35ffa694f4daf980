"""What `fusefront doctor` looks at."""

import importlib
import importlib.metadata
import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator

from ...problems.vision import images, weights
from ...problems.vision.families import FAMILIES
from .. import provenance
from ..errors import FusefrontError

Finding = tuple[str, bool, str]


def examine() -> Iterator[Finding]:
    """What was looked at, whether it is as it must be, and what was found."""
    import torch

    yield "python", True, platform.python_version()
    for package in provenance.PACKAGES:
        yield package, True, importlib.metadata.version(package)
    yield "machine", True, provenance.machine()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "processors to use", True, f"{usable}; runs take one thread each, see `run -j`"
    yield "device", True, "cuda is here but not used" if torch.cuda.is_available() else "cpu"
    methods = multiprocessing.get_all_start_methods()
    yield "workers", True, "forkserver" if "forkserver" in methods else "spawn, slower to start"
    for name, read in (("mnist digits", images.mnist), ("optdigits", images.optdigits)):
        yield _try(name, lambda read=read: f"{len(read()[1]):,} images")  # type: ignore[misc]
    for family in FAMILIES:
        yield _try(
            f"weights of {family}",
            lambda family=family: f"sha256 {weights.load(family).sha256[:12]}",  # type: ignore[misc]
        )


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return what, True, look()
    except FusefrontError as error:
        return what, False, str(error)
