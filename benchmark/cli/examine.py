"""What `fusefront doctor` looks at."""

import importlib
import importlib.metadata
import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator, Sized
from functools import partial

from ...problems.vision.families import FAMILIES
from .. import provenance
from ..errors import FusefrontError

Finding = tuple[str, bool, str]


def examine() -> Iterator[Finding]:
    """What was looked at, whether it is as it must be, and what was found.

    A package that is missing or broken is a finding, not the end.
    """
    yield "python", True, platform.python_version()
    for package in provenance.PACKAGES:
        yield _try(package, partial(_package, package))
    yield "machine", True, provenance.machine()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "processors to use", True, f"{usable}; runs take one thread each, see `run -j`"
    yield _try("device", _device)
    methods = multiprocessing.get_all_start_methods()
    yield "workers", True, "forkserver" if "forkserver" in methods else "spawn, slower to start"
    for name, source in (("mnist digits", "mnist"), ("optdigits", "optdigits")):
        yield _try(name, partial(_images, source))
    for family in FAMILIES:
        yield _try(f"weights of {family}", partial(_weights, family))


def _package(name: str) -> str:
    importlib.import_module(name)
    return importlib.metadata.version(name)


def _device() -> str:
    import torch

    return "cuda is here but not used" if torch.cuda.is_available() else "cpu"


def _images(source: str) -> str:
    from ...problems.vision import images

    read: Callable[[], tuple[Sized, Sized]] = getattr(images, source)
    return f"{len(read()[1]):,} images"


def _weights(family: str) -> str:
    from ...problems.vision import weights

    return f"sha256 {weights.load(family).sha256[:12]}"


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return what, True, look()
    except (FusefrontError, ImportError) as error:
        return what, False, str(error)
