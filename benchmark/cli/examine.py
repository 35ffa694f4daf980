"""What `fusefront doctor` looks at."""

import importlib
import importlib.metadata
import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import Final

from ...errors import FusefrontError
from ...problems.base import Finding
from ...problems.vision.families import FAMILIES
from ..run import provenance
from ..study.problem_spec import ProblemSpec
from ..study.suites import SUITES

OPTIONAL: Final = ("garments", "dino", "minilm", "tiny-gpt2", "clip-vit-b32", "gpt2")
"""Suites that need more than pip installs with fusefront."""


def examine() -> Iterator[Finding]:
    """What was looked at, whether it is as it must be, and what was found.

    A package that is missing or broken is a finding, not the end.
    """
    yield Finding("python", True, platform.python_version())
    for package in provenance.PACKAGES:
        yield _try(package, partial(_package, package))
    yield Finding("machine", True, provenance.machine())
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    each = f"{usable}; runs take one thread each, see `run -j`"
    yield Finding("processors to use", True, each)
    yield _try("device", _device)
    methods = multiprocessing.get_all_start_methods()
    kind = "forkserver" if "forkserver" in methods else "spawn, slower to start"
    yield Finding("workers", True, kind)
    for name, source in (("mnist digits", "mnist"), ("optdigits", "optdigits")):
        yield _try(name, partial(_images, source))
    for family in FAMILIES:
        yield _try(f"weights of {family}", partial(_weights, family))
    for suite in OPTIONAL:
        yield Finding(f"suite {suite}", True, _readiness(suite))


def _readiness(suite: str) -> str:
    """Whether the first problem of a suite could run; what it lacks is no fault of the machine."""
    lacking = [found for _, ok, found in preflight([SUITES[suite].load().problems[0]]) if not ok]
    return f"optional, lacks: {lacking[0]}" if lacking else "ready"


def preflight(problems: list[str]) -> Iterator[Finding]:
    """What these problems, or those of a suite, need; what they share is told once."""
    names = [
        name
        for text in problems
        for name in (SUITES[text].load().problems if text in SUITES else (text,))
    ]
    told = set()
    for name in names:
        for finding in ProblemSpec.parse(name).load().preflight():
            if finding not in told:
                told.add(finding)
                yield finding


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
    from ...problems.vision.small_vit import load_shipped

    return f"sha256 {load_shipped(family).sha256[:12]}"


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except (FusefrontError, ImportError) as error:
        return Finding(what, False, str(error))
